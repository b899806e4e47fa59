/* The saved state of a superd with a guard (os/guard/guard): the data of an upgrade, written after each change, so that
 * the superd that the guard starts after a crash continues as after an upgrade.
 *
 * It is a file in memory to which records are appended, one a service; the last of a service counts. A service that has
 * changed is written at the end of the present turn of the loop. Counters and times change without an event, so superd
 * checks all running services in turn while anything happens. The data of a process that was started since the last
 * record is in the guard's notes (guard_note_start). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "superd/loop/engine.h"
#include "superd/reload/save.h"

/* Opens its files; call it before the services take all descriptors, and before anything starts. superd writes all of
 * the state before the first start, or at the first call of save_changes, and then each change. It logs a failure and
 * tries again. Does nothing without a guard. */
void saved_state_begin(struct engine *engine, const struct save_source *source);

void saved_state_end(struct engine *engine);

/* Returns the saved state of the superd before as the text of a state stream, malloc'ed, with the processes that were
 * started since. NULL and errno: ENOENT if there is none, EBADMSG or EFBIG if it is damaged; else a call has failed
 * that may work in a moment. */
char *saved_state_read(size_t *length);
