/* --keep-going: what the errors of a table cost. Services that have errors are left out, and nothing else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "config/table/table.h"

/* Entries to read a table without. */
struct exclusions {
	struct origin *list;            /* owned, with the names of the files */
	size_t count;
	size_t rounds;                  /* how often it may still be read once more */
};

/* Leaves out of the table what has errors, which become warnings. false: an entry that is left out had taken the socket
 * of another. Then the table is to be read once more without it; diags are left with what was wrong with it. read: so many of
 * the diags were found by reading; the others tell what this machine lacks. */
bool keep_going(struct table *table, struct exclusions *exclusions, struct diags *diags, size_t read);

void exclusions_free(struct exclusions *exclusions);
