/* Decides whether and for how long a service is paused. Its listeners are not watched meanwhile, so no client is
 * refused and all wait in the kernel's queue. A function that pauses the service has logged the pause and set its
 * length; the caller posts LIMITED. */
#pragma once

#include "superd/instance/runtime.h"

enum limit_pause {
	PAUSES_NOTHING,
	PAUSES_SOCKET,                  /* the socket rests alone (superd/service/socket_rest) */
	PAUSES_SERVICE,                 /* the service pauses: cps, or no socket is left that does not rest */
};

/* Begins the pause if cps is reached, or trigger_limit of this listener (NULL: none). client: the client that exceeds
 * it; NULL: unknown. */
enum limit_pause limit_pause_begin(struct service_runtime *runtime, struct listener *listener,
				   const struct client *client);

/* Whether the next client of the listener would exceed a limit; logs nothing. */
bool limit_pause_is_near(const struct service_runtime *runtime, const struct listener *listener);

/* Pauses the service until the first of its sockets may be used again, if all of them rest. */
bool limit_pause_for_rests(struct service_runtime *runtime);

/* accept = no, where superd never sees clients: pauses the service outside access_times, at max_load, or at the limit
 * of all instances. The caller has made the struct accept_state. */
bool limit_pause_for_moment(struct service_runtime *runtime);

/* The wall clock was set: ends a pause that waits for a time of day, so that the next client is checked again. */
void limit_pause_follow_clock(struct service_runtime *runtime);

double limit_pause_seconds(const struct service_runtime *runtime);      /* length of the last pause; 0: none was set */
