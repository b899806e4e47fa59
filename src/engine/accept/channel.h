/* What superd-builtin tells superd, and is told, beside its connection: a redirect the bytes it moved, and is given its
 * next connection; tcpmux the name that a client said, of whose connection superd keeps a copy; health the name it was
 * asked for, and is given what superd says of that; the lists their text. One for each instance that needs it. */
#pragma once

#include "base/buf.h"
#include "engine/instance/instance.h"
#include "engine/launch/launch.h"
#include "engine/service/keeper.h"
#include "os/socket/client.h"

/* Opens the channel of a start where this service has one, and adds its end for the child to the wiring. false with the
 * reason in why. */
bool channel_open(struct keeper *keeper, struct instance *instance, struct wiring *wiring, const struct client *client,
		  struct buf *why);

/* Gives the connection to a process of this service that waits for one, and opens its channel. false: there is none. */
bool channel_reuse(struct keeper *keeper, struct instance *instance, const struct client *client, pid_t *pid);

/* The instance has ended: hears what it has still said, and closes. Does nothing where there is no channel. */
void channel_finish(struct instance *instance);

/* Its descriptor, and its copy of the connection; -1: it has none, or it was let go. */
int channel_descriptor(const struct instance *instance, int *client);

/* The channel of an instance that another superd started; takes both over. false: out of memory, they are the caller's. */
bool channel_resume(struct keeper *keeper, struct instance *instance, int fd, int client);
