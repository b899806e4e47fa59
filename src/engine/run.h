/* The actions of a keeper that start and end instances: struct backend_actions but for serve. */
#pragma once

#include "engine/keeper.h"

void run_spawn(struct keeper *keeper);
void run_note(struct keeper *keeper);
void run_stop(struct keeper *keeper, enum happening cause);
void run_kill(struct keeper *keeper);

/* Lets the current instance, and with accept = yes all, go on beside whatever comes; or stops them. Stopped while the
 * keeper closes, the current one stays current, so that its end is heard of. */
void run_retire(struct keeper *keeper, bool stop);
void run_abandon(struct keeper *keeper);
