/* The rest of one socket: trigger_limit counts its clients, or with accept = no the starts that they cause, and a
 * socket that exceeds it rests for trigger_limit_pause. superd takes no client from it meanwhile; they wait in the
 * kernel's queue, unless trigger_limit_action closes the socket. The other sockets of the service go on. */
#pragma once

#include "superd/instance/runtime.h"

/* Makes the counts of all sockets, after accept_state_make. false: out of memory. */
bool socket_rest_make(struct service_runtime *runtime);

/* The service gets other sockets: forgets the counts and rests of those before. */
void socket_rest_forget(struct service_runtime *runtime);

void socket_rest_count(struct service_runtime *runtime, const struct listener *listener);

/* Whether one more client or start would exceed the limit of the socket. */
bool socket_rest_is_due(const struct service_runtime *runtime, const struct listener *listener);

/* accept = yes: whether superd refuses the clients beyond the limit and keeps the port open (trigger_limit_action). */
bool socket_rest_turns_away(const struct service_runtime *runtime, const struct listener *listener);

/* Begins the rest, and logs it. If the socket closes meanwhile, posts RESTS, whose handler closes it. */
void socket_rest_begin(struct service_runtime *runtime, struct listener *listener);

/* Seconds that the rest still lasts; 0: the socket does not rest. */
double socket_rest_left(const struct service_runtime *runtime, const struct listener *listener);

/* Whether the socket is closed while it rests. */
bool socket_rest_closes(const struct service_runtime *runtime, const struct listener *listener);

/* Seconds until the first socket has rested, if no socket of the service is left that does not rest; else 0. */
double socket_rest_of_all(const struct service_runtime *runtime);

/* Adds why it rests: "more than 5 starts in 2 s". */
void socket_rest_describe(const struct service_runtime *runtime, const struct listener *listener, struct buf *out);

/* Returns the length of the service's name in its inetd table, without the suffix that superd's reader of that table
 * adds to make names unique. For the log. */
size_t socket_rest_inetd_name(const char *name);
