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

/* Conditions as a text, and what superd-exec answers about those of sockets: superd-exec --check-conditions reads a
 * list for each socket from its standard input. */
struct condition_list {
	struct condition *list;
	size_t count;
};

/* The answer for one list. */
struct condition_verdict {
	uint16_t condition;             /* number of the first one that does not hold */
	uint8_t is_assert;
};

#define CONDITIONS_HOLD UINT16_MAX      /* all of a list do */
#define CONDITIONS_MOST (UINT16_MAX - 1) /* of a list */

/* The lists of several sockets. */
void condition_lists_record(struct record *record, struct condition_list **lists, size_t *count);
