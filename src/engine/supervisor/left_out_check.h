/* Looks again at entries that --keep-going has left out: whether the program, the user or the host that a service
 * lacked is there now. superd's own program reads the table again, as a child, so that superd does not wait for a
 * file system. Only when the child finds a service right, superd reads the table itself and takes the service in,
 * and nothing else: a table that was changed meanwhile waits for a reload. superd does not wake unless an entry is
 * left out that may come right. */
#pragma once

#include "base/diag.h"
#include "config/table/table.h"
#include "engine/supervisor/supervisor.h"

#define SECOND_LOOK "--left-out="       /* the first argument of the child, with the descriptor that it answers to: a number
					   a line, in hexadecimal: that of the sources (struct table), then the key of each
					   entry that is left out (config/table/left_out) */

void second_look_init(struct second_look *look, struct supervisor *supervisor);

/* Called when there is a first or another table. */
void second_look_begin(struct second_look *look);

/* A reload was ordered, and needs the loader. */
void second_look_give_way(struct second_look *look);

/* Judges, and owns, the table that the loader has read for it. Returns the table to go on with, after logging the
 * services that come in; NULL: the former one stays. */
struct table *second_look_judge(struct second_look *look, struct table *table, const struct diags *diags);

void second_look_end(struct second_look *look);         /* superd ends */
