/* Finds the client whose connection started a service with accept = no. superd asks the kernel
 * (engine/clients/conn_query) after the program runs, so no client waits for that. The kernel lists clients in no
 * order, so of several clients it may be any. */
#pragma once

#include "engine/runtime/runtime.h"

/* Called just after a start. Sets stats.last_peer: soon, if it was started for TCP clients (clients_wait); at once, if
 * an operator, or a service that wants it, ordered the start. */
void activator_ask(struct service_runtime *runtime, bool clients_wait);

/* Called just after a thaw for a client: notes that client in the history, soon, if it is one of TCP. */
void activator_ask_thawed(struct service_runtime *runtime);

void activator_forget(struct service_runtime *runtime); /* cancels the query */
