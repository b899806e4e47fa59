/* Removes what a service leaves when none of its instances runs: folders, shared memory. */
#pragma once

#include <stdbool.h>

#include "engine/runtime/runtime.h"

/* Removes what goes with its last instance. */
void leavings_remove(struct keeper *keeper);

/* Also removes what stays only as long as a client may start it again. */
void leavings_remove_last(struct keeper *keeper);
