/* Reads sources into a table: picks the reader of each source's language, reads all sources, applies the defaults to
 * every service and checks the whole. A further language is one more row of formats[] in format.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/diag.h"
#include "table/reading/reading.h"
#include "table/services/table.h"

/* Returns a table with all services that could be read, also after errors, for --keep-going; diags has the errors. The
 * caller frees it with table_free. NULL: out of memory. */
struct table *read_table(const struct read_request *request, struct diags *diags);

/* Reads what print_conf_saved wrote, without table_check. NULL: out of memory. */
struct table *read_saved(const char *text, struct diags *diags);

/* Reads a source with a reader of this program. from: the import; file NULL: the command line names it. */
void reading_source(struct reading *reading, const char *source, struct origin from);

/* Reads all imports, makes services of all builders in reading->table, frees the builders and runs table_check. */
void reading_finish(struct reading *reading);
