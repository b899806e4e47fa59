/* One start as a text (lib/record.h): superd writes it, and superd-exec reads it into the same structs, from
 * which both go through the same stages (exec/child). */
#pragma once

#include "exec/child/child.h"
#include "lib/record.h"
#include "table/type/condition.h"

#define START_RECORD_MOST (64 << 20)    /* bytes of a text */

/* Writes or reads the start. superd writes a job whose plan, command, descriptors and texts are complete; of the plan,
 * superd-exec gets what its stages read. For reading: job is zeroed. Its texts point into the record. */
void start_record(struct record *record, struct job *job);
