/* Everything that superd prints about tables and options: a table as superd.conf or JSON, and the explanation of an
 * option. The table of options (table/option/option_table.h) drives it all; tests/lint/docs-in-sync makes the
 * lists in the manuals of it.
 *
 * Every function returns false if memory ran out or `out` could not be written. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "lib/buf.h"
#include "table/services/table.h"

/* For this folder: writes the buffer to `out` and empties it. errno ENOMEM: out of memory. */
bool buf_flush(struct buf *buf, FILE *out);

/* Prints superd.conf with all that is set, in the words of who set it. It reads back as the same table, without what is left
 * out. With comments each value has the place where it was set. */
bool print_conf(const struct table *table, bool comments, FILE *out);

/* The same with a mark for each service (table/services/service_conf.h), which read_saved reads; and further rows, of
 * former tables. */
bool print_conf_saved(const struct table *table, const struct service *const *more, size_t count, FILE *out);

/* Prints {"services": [{"name": …, "listen": [{"endpoint": …, "name": …}], "exec": [words], …}]}. Durations are in
 * seconds, sizes in bytes; what has several values, as cps and limits, is in the words of superd.conf. A service has the
 * options that differ from the defaults, and always accept, pass, exec, user and disable. A socket has the options that
 * differ from its service. "superd": {…} stands before "services" if the table has superd { }; it has the settings that
 * are set. */
bool print_json(const struct table *table, FILE *out);

/* Explains one option to a person. Also false if there is no such option; option_hint then has a hint. */
bool print_explain(const char *option, FILE *out);

extern const char *const first_options[];       /* NULL-terminated, in the order of the crib sheet (contrib/doc/tutorial.md) */
bool print_first_options(FILE *out);    /* the options that people need first, with a sentence each */
bool print_options(FILE *out);          /* the names of all options, by chapter, and those that only say a unit */
bool print_options_json(FILE *out);     /* {"options": [{"name": …, "section": …, "text": …}]}: all that is known of each */

/* Lists the options whose name or text has all these words. Also false if there are none. */
bool print_search(const char *words, FILE *out);
