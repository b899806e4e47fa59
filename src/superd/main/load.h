/* Loads a table that can be run from the sources on the command line: at a start, and at every reload. */
#pragma once

#include "lib/diag.h"
#include "superd/main/options.h"
#include "superd/reload/save.h"
#include "superd/saved/state_stream.h"
#include "superd/start/plan.h"
#include "table/services/table.h"

/* Finds the folders that runtime_directory, state_directory and the like lie in. */
void load_bases(struct process_defaults *process_defaults, const struct globals *settings);

/* Called for each source that was read. format: the usual file of its language; entries: their number. */
typedef void load_on_source(void *context, const char *path, const char *format, size_t services);

/* Reads and checks the sources and, unless --no-preflight or --print forbid it, checks this machine. All diagnostics
 * are in diags, in the order of their lines. With --keep-going, services with errors are left out, and their errors
 * become warnings. on_source may be NULL. The caller frees the table (table_free). NULL: out of memory. */
struct table *load_table(const struct options *options, load_on_source *on_source, void *context, struct diags *diags);

/* Reads superd.conf and what it includes, but no source in another language. */
struct table *load_own(const struct options *options, struct diags *diags);

/* The same as load_table for a first table to run. It also notes in options->nonempty which files hold text. known: the
 * state of the superd before, whose answers of name services are taken where it has them; NULL: each is asked. */
struct table *load_to_run(struct options *options, struct state_stream *known, struct diags *diags);

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

/* Saves for an upgrade the present table, as superd.conf, and the notes about its files. `options` is a struct options.
 * It is a callback of superd/reload/save.h. */
void load_save_table(void *options, const struct service_list *service_list, struct state_saver *saver);

/* Whether the table was read from the files that the previous superd had read, unchanged since. */
bool load_is_saved_table(const struct table *table, struct state_stream *before);

/* Writes the text of rows that are left out and may return, a few from entry *next on, which becomes the next one; 0:
 * these were the last. false: out of memory. */
bool load_write_left_out(const struct table *table, size_t *next, struct buf *out);

/* Answers a running superd: reads that text from options->internal.fd, looks whether this machine has now what the rows
 * need, and writes in its place those that are good, with the answers of name services. Returns the exit status, 0 if
 * there is one. */
int load_look_at_left_out(struct options *options);

/* Reads this answer, which it owns. No name service is asked. before: the table in effect, with these rows as they were
 * read. NULL: it is damaged, or out of memory. */
struct table *load_returned(const struct options *options, char *answer, size_t length, const struct table *before,
			    struct diags *diags);

/* Restores the table of the previous superd; if that has died, with what name services had answered for it. As with
 * --keep-going, services that cannot run any more are left out, as one whose user is gone. NULL: there is no table in
 * the state, or out of memory. */
struct table *load_saved_table(struct options *options, struct state_stream *before, bool has_died, struct diags *diags);
