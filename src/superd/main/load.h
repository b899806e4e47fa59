/* Loads a table that can be run from the sources on the command line: at a start, and at every reload. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "superd/main/options.h"
#include "superd/reload/save.h"
#include "superd/saved/state_stream.h"
#include "superd/start/plan.h"
#include "table/services/lookup_cache.h"
#include "table/services/table.h"

/* Finds the folders that runtime_directory, state_directory and the like lie in. */
void load_bases(struct process_defaults *process_defaults, const struct globals *settings);

/* Called for each source that was read. format: the usual file of its language; entries: their number. */
typedef void load_on_source(void *context, const char *path, const char *format, size_t services);

/* Reads and checks the sources and, unless --no-preflight or --print forbid it, checks this machine. All diagnostics
 * are in diags, in the order of their lines. With --keep-going, services with errors are left out, and their errors
 * become warnings. on_source may be NULL. The caller frees the table (table_free). NULL: out of memory. */
struct table *load_table(const struct options *options, load_on_source *on_source, void *context, struct diags *diags);

/* The same as load_table for a first table to run. It also notes in options->nonempty which files hold text. */
struct table *load_to_run(struct options *options, struct diags *diags);

/* What a table to run is read in place of. */
struct load_before {
	const struct table *table;
	bool allows_empty;              /* the operator wants what would take away all services */
};

/* The same for a reload. A table from standard input is refused. A file that has become empty is an error, because an
 * editor may be rewriting it; a file that has been removed is not. It is an error, unless that is allowed, if the
 * folder of an include has gone, or all files with services. */
struct table *load_again(struct options *options, const struct load_before *before, struct diags *diags);

/* Called when the table of a reload is in effect: so are the notes about its files. A reload reads in a thread of its
 * own, while the loop may save those of the table before. */
void load_take_noted(struct options *options);

/* The same without noting anything in options, for a comparison with the table that runs. */
struct table *load_to_compare(const struct options *options, const struct load_before *before, struct diags *diags);

/* The two halves of load_save_table: the rows as superd.conf, which a thread may print; the caller frees it; NULL: out of
 * memory. And what goes beside it. */
char *load_print_table(const struct service_list *service_list);
void load_save_printed(const struct options *options, const struct table *table, const char *text,
		       struct state_saver *saver);

/* Saves for an upgrade the present table, as superd.conf, and the notes about its files. `options` is a struct options.
 * It is a callback of superd/reload/save.h. */
void load_save_table(void *options, const struct service_list *service_list, struct state_saver *saver);

/* Writes the text of rows that are left out and may return, a few from entry *next on, which becomes the next one; 0:
 * these were the last. false: out of memory. */
bool load_write_left_out(const struct table *table, size_t *next, struct buf *out);

/* Answers a running superd: reads that text from options->internal.fd, looks whether this machine has now what the rows
 * need, and writes in its place those that are good, with the answers of name services. Returns the exit status, 0 if
 * there is one. */
int load_look_at_left_out(struct options *options);

/* The same in this process, of all rows: a table with those that are good. before: as for load_returned. NULL: out of
 * memory. */
struct table *load_left_out(const struct options *options, const struct table *before, struct diags *diags);

/* Reads this answer, which it owns. No name service is asked. before: the table in effect, with these rows as they were
 * read. NULL: it is damaged, or out of memory. */
struct table *load_returned(const struct options *options, char *answer, size_t length, const struct table *before,
			    struct diags *diags);

/* Restores the table of the previous superd, with what name services had answered for it, and the places of its sources,
 * which are not read. As with --keep-going, a service that this superd refuses is left out, which diags says. NULL: there
 * is no table in the state, or out of memory. */
struct table *load_previous(struct options *options, struct state_stream *before, struct diags *diags);

/* Leaves services with errors out of the table, and runs the rest. */

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

/* The table of the one service that -l describes. */

/* Makes the table; the service is named after its program. If the program is not found, the table is empty, and diags
 * has the error. NULL: out of memory. */
struct table *socket_activate_table(const struct options *options, struct diags *diags);

/* The answers of name services (table/services/lookup_cache.h) on their way to the next superd: a section "lookup" for
 * each. */
void lookup_cache_save(const struct lookup_cache *lookups, struct buf *out);      /* lookups NULL: writes nothing */

/* Returns the answers in the stream, which the caller owns. NULL: out of memory. */
struct lookup_cache *lookup_cache_restore(struct state_stream *stream);
