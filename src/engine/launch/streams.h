/* The standard streams of a start. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "config/service/service.h"
#include "engine/core/engine.h"
#include "engine/launch/means.h"
#include "engine/launch/wiring.h"

/* Puts input, output and error in their places of the wiring, behind the sockets, which have theirs; socket is the
 * first of them, -1 without any. false with the reason in why and errno. */
bool streams_place(struct wiring *wiring, struct means *means, struct engine *engine, const struct service *service,
		   int socket, struct buf *why);

/* The same for a command beside the main program, which has no sockets. */
bool streams_place_beside(struct wiring *wiring, struct means *means, struct engine *engine,
			  const struct service *service, struct buf *why);
