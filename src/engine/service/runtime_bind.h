/* Opens and closes the sockets of a service together. */
#pragma once

#include "engine/runtime/runtime.h"

/* Opens the listeners that are not open. false: a required one failed; the reason is logged with the pause that
 * follows. */
bool runtime_bind(struct service_runtime *runtime);
void runtime_close_listeners(struct service_runtime *runtime); /* also closes standby sockets */
