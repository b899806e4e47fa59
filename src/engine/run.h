/* The actions of a keeper that start and end instances. */
#pragma once

#include "engine/keeper.h"

/* accept = no: starts an instance with all listeners; raises READY or EXEC_ERROR, or nothing while it is still
 * starting. */
void run_spawn(struct keeper *keeper);

void run_note(struct keeper *keeper);           /* the current instance is ready: runtime_max begins */
void run_stop(struct keeper *keeper, enum happening cause);
void run_kill(struct keeper *keeper);           /* SIGKILL to every instance of the keeper */

/* Lets the current instance, and with accept = yes all, go on beside whatever comes; or stops them. Stopped while
 * the keeper closes, the current one stays current, so that its end is heard of. */
void run_retire(struct keeper *keeper, bool stop);

/* Forgets every instance without a signal: superd leaves. */
void run_abandon(struct keeper *keeper);

void run_say_end(struct keeper *keeper, pid_t pid, const struct ending *ending);         /* into the log */
