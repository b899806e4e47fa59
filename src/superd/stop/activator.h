/* Finds the client whose connection started a service with accept = no. superd asks the kernel
 * (superd/stop/conn_query) after the program runs, so no client waits for that. The kernel lists clients in no
 * order, so of several clients it may be any. */
#pragma once

#include "superd/instance/runtime.h"

/* Called just after a start. Sets stats.last_peer: soon, if it was started for TCP clients (clients_wait); at once, if
 * an operator, or a service that wants it, ordered the start. */
void activator_ask(struct service_runtime *runtime, bool clients_wait);

#define ACTIVATOR_PEER 64               /* bytes of a client's address, with its NUL */

/* Called just before a thaw, while its client stands in the queue: writes that client of TCP, if the kernel is known to
 * answer quickly, or the sender of the first datagram of UDP. false: it is unknown. */
bool activator_look(struct service_runtime *runtime, char peer[ACTIVATOR_PEER]);

/* Called just after that thaw: logs the peer, and notes it in the history. peer "": asks for it, if it is one of TCP,
 * and does so soon. */
void activator_ask_thawed(struct service_runtime *runtime, const char *peer);

void activator_forget(struct service_runtime *runtime); /* cancels the query */
