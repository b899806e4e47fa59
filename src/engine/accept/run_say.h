/* What the log is told of instances, whoever starts them. */
#pragma once

#include "engine/service/keeper.h"

/* A start was left out, as a condition is not so: says it, with the pause before it is looked at again, which LIMITED
 * then makes. */
void run_skip(struct keeper *keeper, const char *why);

/* Nothing could be started: counts it, and logs it now or with the pause after it; why "": it was not in time; client: whom
 * it was for, NULL: anybody. The caller raises EXEC_ERROR. */
void run_say_failure(struct keeper *keeper, const struct client *client, const char *why);

/* It is ended though so many clients wait at its sockets, or are served by it: its patience is over (engine/drain/patience). */
void run_say_impatience(struct keeper *keeper, pid_t pid, unsigned left);

/* It ran, and has ended: judges it, says it, and keeps it for the status. Whether it has failed. */
bool run_note_end(struct keeper *keeper, const struct instance *instance, const struct ending *ending);

/* accept(2) has failed for want of descriptors or memory, as errno says: frees what can be spared, pauses. */
void run_say_exhausted(struct keeper *keeper);
