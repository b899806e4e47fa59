/* THE table: every option, once. Reading, --check, --print, --print=json, --explain, the reload's comparison,
 * superd.conf(5)'s list of options and the shells' completions are all driven by it.
 *
 * To add an option, add an entry and the code that acts on it (CONTRIBUTING.md). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/service.h"
#include "model/type.h"

enum dialect { NATIVE, XINETD, UNIT, LAUNCHD, DIALECTS };

/* The sections of the manual's option list; the first GROUPS of them are the groups of struct service. */
enum chapter {
	CHAPTER_WHAT = GROUP_WHAT, CHAPTER_SOCKETS = GROUP_SOCKETS, CHAPTER_WHO = GROUP_WHO,
	CHAPTER_SURROUNDINGS = GROUP_SURROUNDINGS, CHAPTER_STREAMS = GROUP_STREAMS,
	CHAPTER_GATE = GROUP_GATE, CHAPTER_LIFE = GROUP_LIFE,
	CHAPTER_LOG = GROUP_LOG, CHAPTER_HARDENING, CHAPTER_RESOURCES, CHAPTERS
};

enum {
	IN_DEFAULTS = 1 << 0,           /* may stand in defaults { } */
	IN_SOCKET = 1 << 1,             /* may stand in socket { } */
	LATER = 1 << 2,                 /* known, not yet done: refused by name */
	STRUCTURE = 1 << 3,             /* `listen`, `socket`: kept by the draft, not in a field */
	ALWAYS_PRINTED = 1 << 4,        /* --print=json has it even at its default */
	OPTIONAL_PATH = 1 << 5,         /* "-" in front of a path: may be missing */
	NEEDS_LINUX = 1 << 6,
};

/* What a change means for a running service. */
enum change {
	CHANGE_LIVE,                    /* takes effect at once, nothing is touched */
	CHANGE_NEXT,                    /* the next activation */
	CHANGE_SOCKET,                  /* set again on the open socket */
	CHANGE_REBIND,                  /* the socket is made anew */
};

struct directive {
	const char *name[DIALECTS];     /* NULL: that dialect has no such word; unit: "Socket.KeepAlive" */
	const struct type *type;
	enum chapter chapter;
	size_t offset;                  /* into the group's struct */
	unsigned flags;
	unsigned translated;            /* bit DIALECT: its values mean something else there, so that dialect's reader
					   translates and hands them over under the native name */
	enum change change;
	const char *fallback;           /* the default as text; NULL: unset, as in `unset`; lists: NULL is empty */
	const void *unset;              /* the field of an unset option where no text means it; NULL: all bytes zero */
	const char *argument;           /* placeholder in the manual: "user", "duration" */
	const char *help;               /* a sentence or more; required */
	int64_t least, most;            /* bounds of counts, sizes, durations in the type's unit; both 0: the type's own */
	const char *const *words;       /* for type_word and friends, NULL-terminated, by value */
};

extern const struct directive directives[];
extern const size_t directive_count;

/* By its name in a dialect; the comparison is case-sensitive but for XINETD. NULL: unknown. */
const struct directive *directive_find(enum dialect dialect, const char *name);

/* The known name nearest to this one, for "did you mean"; NULL: none is near. */
const char *directive_suggest(enum dialect dialect, const char *name);

/* What to say of an unknown name: what superd.conf calls this word of another system, or else the nearest known
 * name. Adds nothing when there is nothing to say. */
void directive_hint(enum dialect dialect, const char *name, struct buf *out);

static inline size_t directive_index(const struct directive *directive)
{
	return (size_t)(directive - directives);
}

/* The field of a finished service; NULL for LATER and STRUCTURE. Of a sockets' option it is the service-wide value. */
const void *directive_field(const struct directive *directive, const struct service *service);

/* Fills a group's struct with every default; used by drafts and tests. false: out of memory. */
bool directive_fill_defaults(enum option_group group, void *values, struct pool *pool);

/* Whether the value equals the default. */
bool directive_is_default(const struct directive *directive, const void *field, struct pool *scratch);

const char *chapter_title(enum chapter chapter);        /* "What to run", … */
