/* Leaves services with errors out of the table, and runs the rest. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "table/services/table.h"

/* Entries that the next reading of the table skips. */
struct exclusions {
	struct origin *list;            /* owned, with the file names */
	size_t count;
	size_t rounds;                  /* how many times the table may still be read again */
	bool all;                       /* --keep-going; false: only the services that table->alone has are left out */
	const struct table *before;     /* the table in effect, whose services may go on instead; NULL: this is no reload */
};

/* Marks the entries with errors as left out (table/services/left_out.h); their errors become warnings.
 *
 * false: an entry that is left out had taken the socket of another one. It is then in `exclusions`, and the caller must
 * read the table again; diags keeps the errors of the excluded entries. */
bool leave_out_faulty(struct table *table, struct exclusions *exclusions, struct diags *diags);

void exclusions_free(struct exclusions *exclusions);
