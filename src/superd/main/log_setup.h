/* superd's own log, at the destination of the settings in effect (superd/main/settings.h). */
#pragma once

#include <stdbool.h>

#include "lib/log/log.h"
#include "superd/main/options.h"

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

/* Moves the log to another destination. false with the reason in `why`: it stays where it is. */
bool log_setup_move(struct log *log, const char *destination, struct buf *why);
