/* Removes what a service leaves when none of its instances runs: folders, shared memory. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Removes what goes with its last instance. */
void cleanup_remove(struct service_runtime *runtime);

/* Also removes what stays only as long as a client may start it again. */
void cleanup_remove_last(struct service_runtime *runtime);
