/* THE table: every option, once. Reading, --check, --print, --print=json, --explain, the reload's comparison,
 * superd.conf(5)'s list of options and the shells' completions are all driven by it.
 *
 * To add an option, add an entry and the code that acts on it (CONTRIBUTING.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "config/service/service.h"
#include "config/type/directive.h"
#include "config/type/type.h"

extern const struct directive directives[];
extern const size_t directive_count;

/* By its name in a dialect; the comparison is case-sensitive but for XINETD. NULL: unknown. */
const struct directive *directive_find(enum dialect dialect, const char *name);

/* The known name nearest to this one, for "did you mean"; NULL: none is near. */
const char *directive_suggest(enum dialect dialect, const char *name);

/* The name of the option for a limit of this resource, RLIMIT_x: "rlimit_nofile"; NULL: there is none. */
const char *limit_option(int resource);

/* Adds a hint for an unknown name: superd.conf's name for this word of another system, or the nearest known name. Adds
 * nothing if there is neither. */
void directive_hint(enum dialect dialect, const char *name, struct buf *out);

static inline size_t directive_index(const struct directive *directive)
{
	return (size_t)(directive - directives);
}

/* The field of a finished service; NULL for STRUCTURE. Of a sockets' option it is the service-wide value. */
const void *directive_field(const struct directive *directive, const struct service *service);

/* Fills a group's struct with every default; used by builders and tests. false: out of memory. */
bool directive_fill_defaults(enum option_group group, void *values, struct pool *pool);

/* Whether the value equals the default. */
bool directive_is_default(const struct directive *directive, const void *field, struct pool *scratch);

const char *chapter_title(enum chapter chapter);        /* "What to run", … */
