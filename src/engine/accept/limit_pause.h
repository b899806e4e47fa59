/* Decides whether and for how long a service is paused. Its listeners are not watched meanwhile, so no client is
 * refused and all wait in the kernel's queue, unless trigger_limit_action closes the listeners. A function that
 * returns true has logged it and set the pause; the caller raises LIMITED. */
#pragma once

#include "engine/runtime/runtime.h"

/* The limit of cps or trigger_limit is reached. client: the one that is too many; NULL: unknown. */
bool limit_pause_is_due(struct service_runtime *runtime, const struct client *client);

/* Whether one more would be too many; logs nothing. */
bool limit_pause_is_near(const struct service_runtime *runtime);

/* accept = yes: one more would be too many, and is refused while the service goes on. */
bool limit_pause_turns_away(const struct service_runtime *runtime);

/* accept = no, whose clients superd never sees: it is no time of access_times, or the machine is as loaded as max_load.
 * Needs the struct accept_state. */
bool limit_pause_for_moment(struct service_runtime *runtime);

double limit_pause_seconds(const struct service_runtime *runtime);      /* of the last pause that was set; 0: none was */
bool limit_pause_closes(const struct service_runtime *runtime);         /* it closes the listeners for that time */

/* The name of a service as its inetd table has it: without what the reader puts behind to tell rows apart. Pure, for
 * the log; gives the length. */
size_t limit_pause_inetd_name(const char *name);
