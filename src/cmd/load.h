/* From the command line's sources to a table that can be run, at start and again at every reload. */
#pragma once

#include "base/diag.h"
#include "cmd/options.h"
#include "model/table.h"
#include "sys/plan.h"

/* Where runtime_directory and state_directory lie. */
void load_bases(struct heritage *heritage);

/* Called for each source that was read: its path, the usual file of the language it was taken for, how many entries. */
typedef void load_took(void *context, const char *path, const char *format, size_t entries);

/* Reads, checks and, unless options say otherwise, looks at this machine. Every diagnostic is in diags; NULL only
 * when memory ran out. With --keep-going services with errors are left out, and their errors become warnings. Diagnostics
 * stand in the order of their lines. took, which may be NULL, is told of each source. */
struct table *load_table(const struct options *options, load_took *took, void *context, struct diags *diags);

/* The same for a reload; refuses a table of standard input, and one of whose sources nothing is left. */
struct table *load_again(struct options *options, struct diags *diags);
