/* The saved state of a superd that has a guard (os/guard/guard): what an upgrade would write, written behind each
 * change, so that the superd that the guard starts after a crash goes on as after an upgrade.
 *
 * It is a file in memory of which records are appended, one a service; the last of a service counts. A service that
 * has changed is written at the end of the present turn of the loop. As counters and times change without an event,
 * all services that run are looked at in turn while anything happens. What a process needs that was started since the
 * last record is in the guard's notes (guard_note_start). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/core/engine.h"
#include "engine/upgrade/save.h"

/* Opens its files; call it before the services take all descriptors. Does nothing without a guard. */
void saved_state_prepare(struct engine *engine);

/* Writes all of it, and goes on with each change. A failure is logged, and tried again. */
void saved_state_begin(struct engine *engine, const struct save_source *source);

void saved_state_end(struct engine *engine);

/* Returns the saved state of the superd before as the text of a state stream, malloc'ed, with the processes that were
 * started since. NULL and errno: there is none. */
char *saved_state_read(size_t *length);
