/* Starts and ends the instances that get the listeners. What comes of it is posted to the keeper. */
#pragma once

#include "engine/runtime/runtime.h"

void run_spawn(struct keeper *keeper);
void run_note(struct keeper *keeper);
void run_stop(struct keeper *keeper, enum happening cause);
void run_go_on(struct keeper *keeper);  /* goes on with a stop that another superd began */
void run_kill(struct keeper *keeper);

/* Lets the current instance, and with accept = yes all, go on beside its successor; or stops them. If they are stopped
 * while the keeper closes, the current one stays current, so that the keeper learns of its end. */
void run_retire(struct keeper *keeper, bool stop);
void run_dismiss(struct keeper *keeper);

/* Ends superd's own programs that answer datagrams: they know the rules of their row from their start, and would go
 * on as long as datagrams come. None of them has a session to lose. */
void run_end_answering(struct keeper *keeper);
void run_abandon(struct keeper *keeper);

/* Whether an instance got the listeners; and adds such an instance of another superd to the keeper's. */
bool run_owns(const struct instance *instance);
void run_own(struct keeper *keeper, struct instance *instance);
