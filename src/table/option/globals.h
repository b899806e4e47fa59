/* The settings of superd itself: the block superd { } of superd.conf. A table has at most one, in one of its files. The
 * command line has an option of the same name for each, which overrides it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/diag.h"
#include "table/option/type.h"

enum global {
	GLOBAL_LOG, GLOBAL_LOG_FORMAT, GLOBAL_LOG_LEVEL, GLOBAL_CONTROL, GLOBAL_PID_FILE,
	GLOBAL_FDSTORE, GLOBAL_MAX_STARTING, GLOBAL_STOP_DELAY, GLOBAL_STOP_TIMEOUT, GLOBALS
};

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct globals {
	const char *log;                /* destination (lib/log.h); NULL: not set */
	unsigned log_format;            /* enum log_format; UINT_MAX: not set */
	unsigned log_level;             /* enum level; UINT_MAX: not set */
	const char *control;            /* path, "@NAME" or "none"; NULL: the default path, or none with -l */
	const char *pid_file;           /* NULL: none */
	const char *fdstore;            /* "none", "notify" or a path; NULL: not set */
	int64_t max_starting;           /* starts under way at once; 0: any number; -1: not set */
	int64_t stop_delay;             /* microseconds; -1: not set */
	int64_t stop_timeout;           /* microseconds, SCAN_INFINITY: no limit; -1: not set */
};

/* Their rows, in the order of enum global, are the last of the table of options. Their fields are in struct globals. */
extern const struct option_def *const global_option_defs;

const struct option_def *global_find(const char *name); /* NULL: unknown */

void globals_init(struct globals *globals);     /* sets nothing */
bool global_is_set(const struct globals *globals, enum global global);

/* The settings that result if `first` overrides `second`, and `second` overrides the defaults. Texts are
 * borrowed. second NULL: nothing is set there. */
struct globals globals_join(const struct globals *first, const struct globals *second);

static inline void *global_field(struct globals *globals, enum global global)
{
	return (char *)globals + global_option_defs[global].offset;
}

static inline const void *global_value(const struct globals *globals, enum global global)
{
	return (const char *)globals + global_option_defs[global].offset;
}
