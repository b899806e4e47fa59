/* The sockets of a service, opened and closed together. */
#pragma once

#include "engine/runtime/runtime.h"

/* Opens the listeners that are not open. false: a required one failed, which is logged with the pause. */
bool runtime_bind(struct service_runtime *runtime);
void runtime_close_listeners(struct service_runtime *runtime); /* all of them, and their twins */
