/* Looks again at rows that are left out because this machine lacked something: a program, a user, an interface.
 * superd's own program looks at these rows alone, as a child, so that superd does not wait for a file system or a name
 * service. What is good comes in as it was read. superd wakes for this only while such a row is left out. */
#pragma once

#include "superd/supervisor/supervisor.h"
#include "table/services/table.h"

/* The first argument of the child, with a descriptor: of the text of the rows, in whose place it writes its answer. */
#define LEFT_OUT_CHECK "--left-out="

void left_out_check_init(struct left_out_check *check, struct supervisor *supervisor);

/* Called when there is a first table, or another one. */
void left_out_check_begin(struct left_out_check *check);

/* Puts rows of the child's answer, which this owns, into the table. NULL: there are none. Returns whether any came in;
 * the caller then makes their services. */
bool left_out_check_take(struct left_out_check *check, struct table *found);

void left_out_check_end(struct left_out_check *check);         /* at the end of superd */
