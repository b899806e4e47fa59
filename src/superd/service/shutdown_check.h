/* Finds listeners that a backend has shut down: shutdown(2) affects all copies of a socket, and makes it useless. */
#pragma once

#include "superd/runtime/runtime.h"

/* Called after the end of an instance: opens such listeners again. The clients in their queues are lost. */
void shutdown_check_replace(struct service_runtime *runtime);
