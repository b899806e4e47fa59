/* Looks again at entries that --keep-going has left out: whether the program, the user or the host that a service
 * lacked is there now. superd's own program reads the table again, as a child, so that superd does not wait for a
 * file system. Only when the child finds a service right, superd reads the table itself and takes the service in,
 * and nothing else: a table that was changed meanwhile waits for a reload. superd does not wake unless an entry is
 * left out that may come right. */
#pragma once

#include "base/diag.h"
#include "config/table/table.h"
#include "engine/supervisor/supervisor.h"

#define LEFT_OUT_CHECK "--left-out="       /* the first argument of the child, with the descriptor that it answers to: a number
					   a line, in hexadecimal: that of the sources (struct table), then the key of each
					   entry that is left out (config/table/left_out) */

void left_out_check_init(struct left_out_check *check, struct supervisor *supervisor);

/* Called when there is a first or another table. */
void left_out_check_begin(struct left_out_check *check);

/* A reload was ordered, and needs the loader. */
void left_out_check_give_way(struct left_out_check *check);

/* Judges, and owns, the table that the loader has read for it. Returns the table to go on with, after logging the
 * services that come in; NULL: the former one stays. */
struct table *left_out_check_accept(struct left_out_check *check, struct table *table, const struct diags *diags);

void left_out_check_end(struct left_out_check *check);         /* superd ends */
