/* Listeners that a backend has shut down: shutdown(2) works on all copies of a socket, and leaves it useless. */
#pragma once

#include "engine/runtime/runtime.h"

/* The instance has ended: opens such listeners anew. The clients in their queues are lost. */
void shutdown_check_replace(struct service_runtime *runtime);
