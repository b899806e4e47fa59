/* The client whose connection started a service that accepts itself. superd asks once the program runs, by
 * engine/clients/conn_query, so no client waits for that. The kernel lists clients in no order, so of several it is
 * any. */
#pragma once

#include "engine/runtime/runtime.h"

/* An instance was just started for those who wait: last_peer of the stats is found in a moment, as far as they are of
 * TCP; at once where an operator wanted it. */
void activator_ask(struct service_runtime *runtime);

void activator_forget(struct service_runtime *runtime); /* nobody is to hear the answer any more */
