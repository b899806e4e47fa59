/* From the command line's sources to a table that can be run, at start and again at every reload. */
#pragma once

#include "base/diag.h"
#include "base/state_stream.h"
#include "cli/superd/options.h"
#include "config/table/table.h"
#include "engine/upgrade/save.h"
#include "exec/plan/plan.h"

/* Where runtime_directory and state_directory lie. */
void load_bases(struct process_defaults *process_defaults, const struct options *options);

/* Called for each source that was read: its path, the usual file of the language it was taken for, how many entries. */
typedef void load_took(void *context, const char *path, const char *format, size_t entries);

/* Reads, checks and, unless options say otherwise, looks at this machine. Every diagnostic is in diags; NULL only
 * when memory ran out. With --keep-going services with errors are left out, and their errors become warnings.
 * Diagnostics stand in the order of their lines. took, which may be NULL, is told of each source. */
struct table *load_table(const struct options *options, load_took *took, void *context, struct diags *diags);

/* The same for a first table that is to run. */
struct table *load_to_run(struct options *options, struct diags *diags);

/* For an upgrade: the table that runs, as superd.conf, and what is known of its files (sections of
 * engine/upgrade/save). */
void load_carry(void *options, const struct table *table, struct state_saver *carry);

/* That of the superd before, to run as it was; what can't be had of it any more, as a user who is gone, is left out, as
 * with --keep-going. NULL: none came over, or there is no memory for it. */
struct table *load_carried(struct options *options, struct state_stream *before, struct diags *diags);

bool load_reads_standard_input(const struct options *options);

/* And for a reload. It refuses a table of standard input. A file of no bytes that held something is an error, as an
 * editor may be about to write it; a file that is gone is none. */
struct table *load_again(struct options *options, struct diags *diags);
