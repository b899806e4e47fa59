/* Checks entries that --keep-going has left out: whether the program, the user or the host that a service lacked
 * exists now. superd's own program reads the table as a child, so that superd does not wait for a file system. When
 * the child finds a service valid, superd reads the table itself and adds only that service: a table that was
 * changed waits for a reload. superd only wakes for this while an entry is left out that may become valid. */
#pragma once

#include "base/diag.h"
#include "config/table/table.h"
#include "engine/supervisor/supervisor.h"

/* The first argument of the child, with the descriptor for its answer: one hexadecimal number a line, first that of the
 * sources (struct table), then the key of each entry that is left out (config/table/left_out). */
#define LEFT_OUT_CHECK "--left-out="

void left_out_check_init(struct left_out_check *check, struct supervisor *supervisor);

/* Called when there is a first table, or another one. */
void left_out_check_begin(struct left_out_check *check);

/* Called when a reload is ordered, because it needs the loader. */
void left_out_check_give_way(struct left_out_check *check);

/* Decides whether superd adopts a table that the loader has read for it, and owns that. Returns the table to adopt,
 * after logging the services that are added; NULL: the present table stays. */
struct table *left_out_check_accept(struct left_out_check *check, struct table *table, const struct diags *diags);

void left_out_check_end(struct left_out_check *check);         /* at the end of superd */
