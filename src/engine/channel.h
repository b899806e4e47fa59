/* What superd-builtin tells superd, and is told, beside its connection: a redirect the bytes it moved, tcpmux the name
 * that a client said, with the client's connection, the lists their text. One for each instance that needs it. */
#pragma once

#include "base/buf.h"
#include "engine/instance.h"
#include "engine/keeper.h"
#include "engine/launch.h"
#include "sys/client.h"

/* Opens the channel of a start where this service has one, and adds its end for the child to the wiring. false with the
 * reason in why. */
bool channel_open(struct keeper *keeper, struct instance *instance, struct wiring *wiring, const struct client *client,
		  struct buf *why);

/* The instance has ended: hears what it has still said, and closes. Does nothing where there is no channel. */
void channel_finish(struct instance *instance);
