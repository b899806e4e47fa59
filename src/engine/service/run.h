/* The actions of a keeper that start and end instances: struct backend_actions but for serve. */
#pragma once

#include "engine/service/keeper.h"

void run_spawn(struct keeper *keeper);
void run_note(struct keeper *keeper);
void run_stop(struct keeper *keeper, enum happening cause);
void run_go_on(struct keeper *keeper);  /* goes on with a stop that another superd began */
void run_kill(struct keeper *keeper);

/* Lets the current instance, and with accept = yes all, go on beside its successor; or stops them. If they are stopped
 * while the keeper closes, the current one stays current, so that the keeper learns of its end. */
void run_retire(struct keeper *keeper, bool stop);
void run_dismiss(struct keeper *keeper);
void run_abandon(struct keeper *keeper);

/* Whether an instance got the listeners; and adds such an instance of another superd to the keeper's. */
bool run_owns(const struct instance *instance);
void run_own(struct keeper *keeper, struct instance *instance);
