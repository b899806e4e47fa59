/* The table of all options. It drives reading, --check, --print, --print=json, --explain, the comparison at a reload,
 * the list of options in superd.conf(5) and the shells' completions.
 *
 * To add an option, add a row and the code that acts on it (CONTRIBUTING.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "table/option/globals.h"
#include "table/option/type.h"
#include "table/service/service.h"

/* Any option's field. */
union field_value {
	const void *pointer;
	int64_t number;
	struct limit limit;
	struct stream stream;
	struct rate rate;
	struct amount amount;
};

extern const struct option_def option_defs[];          /* those of services, and behind them those of superd itself */
extern const size_t option_count;                       /* of services */

/* Finds an option by its name in a dialect, case-sensitive except for XINETD. NULL: unknown. */
const struct option_def *option_find(enum dialect dialect, const char *name);

/* Returns the option of a resource limit RLIMIT_x: "rlimit_nofile"; NULL: there is none. */
const char *limit_option(int resource);

/* Returns the option for the commands of a phase: "exec_start_pre". */
const char *command_option(enum command_phase phase);

/* Adds a hint for a name that no option has, or no setting in superd { }: superd.conf's name for another system's word,
 * or the nearest known name. Adds nothing if there is neither. */
void option_hint(const char *name, bool is_global, struct buf *out);

/* Names in messages are those of the language of the service's source: LimitNOFILE for a unit, NumberOfFiles for a
 * property list, otherwise rlimit_nofile. */
extern const char *const dialect_systems[DIALECTS];    /* "superd", "xinetd", "systemd", "launchd" */

/* The name of an option in a language, and in the service's; its name in superd.conf if that language has none. Static. */
const char *option_name_in(enum dialect dialect, const struct option_def *option);
const char *option_name_of(const struct service *service, const char *option);

/* Adds an option with a value in the service's syntax: "nice = 5", "Nice=5". */
void option_name_add(const struct service *service, const char *option, const char *value, struct buf *out);

/* The n-th of all options, for lists by chapter; NULL: no more. */
const struct option_def *option_listed(size_t n);

static inline size_t option_index(const struct option_def *option)
{
	return (size_t)(option - option_defs);
}

/* Whether the option has a value in struct service. */
bool option_has_value(const struct option_def *option);

/* Returns the option's field in a service; NULL for STRUCTURE. For options of sockets, this is the service-wide
 * value. */
const void *option_field(const struct option_def *option, const struct service *service);

/* Fills a group's struct with the defaults. false: out of memory. */
bool option_fill_defaults(enum option_group group, void *values, struct pool *pool);

/* Whether the table's defaults can rule the option in such a row, which has superd's own default where it has no effect. */
bool option_takes_default(const struct option_def *option, const struct exec_options *exec);

/* Whether a field has the default value. The pool gets the texts of the default. */
bool option_is_default(const struct option_def *option, const void *field, struct pool *scratch);

const char *chapter_title(enum chapter chapter);        /* "What to run", … */
const char *chapter_page(enum chapter chapter);         /* the manual page with its list, of section 5 */
