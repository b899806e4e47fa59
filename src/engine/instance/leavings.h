/* What a service has left when none of its instances runs: folders, shared memory. */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"

/* Removes what its row has gone with its last instance. */
void leavings_remove(struct keeper *keeper);

/* And what stays only as long as the next client may start it again. */
void leavings_remove_last(struct keeper *keeper);
