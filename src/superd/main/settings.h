/* The settings of superd itself that are in force, options->settings: those of the command line, else those of the
 * table's superd { }, else the defaults. Until a table is in effect they are those of the command line alone. */
#pragma once

#include <stdbool.h>

#include "lib/log/log.h"
#include "superd/main/options.h"
#include "superd/saved/state_stream.h"
#include "table/services/table.h"

/* Notes settings of the table that the command line overrides, warns at a reload about those that wait for the next
 * start, and checks whether superd can log to the destination of the table. */
void settings_check(const struct options *options, const struct table *table, bool reloads, struct diags *diags);

/* Puts the settings of a first table in force, and moves the log. false: the log cannot go there, or memory ran out,
 * which is logged; the settings concerned stay. */
bool settings_start(struct options *options, const struct table *table, struct log *log);

/* The same for a table that comes while superd serves: settings that only a start can change stay. */
bool settings_apply(struct options *options, const struct table *table, struct log *log);

/* Logs, before settings_apply, which settings a reload changes. */
void settings_log_changes(const struct options *options, const struct table *table, struct log *log);

/* Save the settings that the next superd needs in an upgrade before it has read the table, and restore them. */
void settings_save(const struct options *options, struct buf *out);
void settings_restore(struct options *options, struct state_stream *before);

/* superd's own log, at the destination of the settings in effect. */
bool log_setup_is_stderr(const struct options *options);

/* Prints an error to stderr and, unless `log` is NULL or stderr itself, logs it. */
void log_setup_error(const struct options *options, struct log *log, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether the log could be opened, without opening or creating anything. Does not wait for a file system that may not
 * answer: such a log is refused. false with the reason in `why`. */
bool log_setup_check(const char *destination, struct buf *why);

/* Opens the log. takes_over: after an upgrade a log that cannot be opened must not end superd; it logs to stderr
 * instead. NULL: it failed, which is printed. */
struct log *log_setup_open(const struct options *options, bool takes_over);
