/* The client whose connection started a service that accepts itself. superd asks once the program runs, by
 * engine/clients/conn_query, so no client waits for that. The kernel lists clients in no order, so of several it is
 * any. */
#pragma once

#include "engine/runtime/runtime.h"

/* An instance was just started: last_peer of the stats is found in a moment, if it was started for clients of TCP; at
 * once if an operator ordered it. clients_wait: clients waited for it. */
void activator_ask(struct service_runtime *runtime, bool clients_wait);

void activator_forget(struct service_runtime *runtime); /* nobody is to hear the answer any more */
