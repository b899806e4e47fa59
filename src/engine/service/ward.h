/* Who is at a service's listeners while nothing of it runs, or it is frozen: whether that is somebody to start or wake it
 * for may have to be asked first (engine/queue/probes, engine/queue/doubt). */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"

bool ward_off(struct keeper *keeper);           /* true: it is; ACTIVITY follows where it is somebody */
void ward_forget(struct keeper *keeper);        /* nobody is to hear the answer any more */
