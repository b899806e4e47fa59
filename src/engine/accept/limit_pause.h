/* Decides whether and for how long a service is paused. Its listeners are not watched meanwhile, so no client is
 * refused and all wait in the kernel's queue, unless trigger_limit_action closes the listeners. A function that
 * returns true has logged the pause and set its length; the caller posts LIMITED. */
#pragma once

#include "engine/runtime/runtime.h"

/* Whether the limit of cps or trigger_limit is reached. client: the client that exceeds it; NULL: unknown. */
bool limit_pause_is_due(struct service_runtime *runtime, const struct client *client);

/* Whether the next client or start would exceed a limit; logs nothing. */
bool limit_pause_is_near(const struct service_runtime *runtime);

/* accept = yes: whether superd refuses the clients beyond the limit and keeps the port open (trigger_limit_action). */
bool limit_pause_turns_away(const struct service_runtime *runtime);

/* accept = no, where superd never sees clients: pauses the service outside access_times, at max_load, or at the limit
 * of all instances. The caller has made the struct accept_state. */
bool limit_pause_for_moment(struct service_runtime *runtime);

/* The wall clock was set: ends a pause that waits for a time of day, so that the next client is checked again. */
void limit_pause_follow_clock(struct service_runtime *runtime);

double limit_pause_seconds(const struct service_runtime *runtime);      /* length of the last pause; 0: none was set */
bool limit_pause_closes(const struct service_runtime *runtime);         /* that pause closes the listeners */

/* Returns the length of the service's name in its inetd table, without the suffix that superd's reader of that table
 * adds to make names unique. For the log. */
size_t limit_pause_inetd_name(const char *name);
