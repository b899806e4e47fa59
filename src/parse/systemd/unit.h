/* Unit files, as they are found and read: a unit's own file, the drop-ins over it, its name and instance. What its
 * keys mean is for parse/systemd/service and parse/systemd/socket. Source: systemd.unit(5),
 * systemd.syntax(7).
 *
 * A unit's files are sought in the folder it was named in, then in request->unit_path, or where that is NULL in the
 * system's usual ones (/etc before /run before /usr/local/lib before /usr/lib, then /lib). A folder that is itself one
 * of these keeps its place among them: a mask or a copy in /etc holds for who names /usr/lib, too.
 *
 * What "kept" says here is kept until the reading ends; names of files are the table's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse/reading.h"

/* An assignment KEY=VALUE. Their order: the unit's file, then its drop-ins. */
struct unit_assignment {
	const char *section, *key;      /* kept */
	const char *today;              /* what systemd calls the key by now; static, or the key itself */
	const char *value;              /* lines that go on in the next are joined by a blank, blanks at both ends gone */
	struct origin at;               /* of the key */
	const struct unit_piece *pieces;                /* of value, in order: where each part of it stands */
	size_t piece_count;
};

/* The value from this byte on stands at this place of the file, up to the next piece. */
struct unit_piece {
	size_t offset;
	struct origin at;
};

struct unit {
	const char *name;               /* "foo@bar.service", as it was asked for, or behind an alias its own */
	const char *prefix;             /* "foo" */
	const char *instance;           /* "bar", still escaped; "" of a template; NULL: neither */
	const char *suffix;             /* "service" */
	const char *path;               /* of its file; NULL: masked */
	bool is_masked;                 /* an empty file, or a link to /dev/null */
	const struct unit_assignment *list;
	size_t count;
	size_t files;                   /* that were read for it */
};

/* Whether a text is a unit's, also of a kind that superd does not run: its first words are a section, and one of its
 * sections is [Unit], [Socket] or [Service]. */
bool unit_text_recognises(const struct source_file *source);

/* Finds and reads a unit: its file or its template's, through aliases, and every drop-in of NAME.d, of the template's,
 * of PREFIX-.SUFFIX.d and SUFFIX.d, and of its aliases. folder: sought first, NULL: none. A unit that is asked for
 * twice is one. NULL: there is none (not reported), or it could not be read (*failed is true; reported). */
const struct unit *unit_find(struct reading *reading, const char *folder, const char *name, bool *failed);

/* For tests and fuzzers: reads a text as the file of this unit, which unit_find then gives whatever the folder. NULL:
 * no unit's name, or why it could not be read was said. */
const struct unit *unit_from_source(struct reading *reading, const char *name, const struct source_file *source);

/* The last assignment of a key; NULL: none, or the last is empty. */
const struct unit_assignment *unit_last(const struct unit *unit, const char *section, const char *key);

/* Where a byte of its value stands. */
struct origin unit_place(const struct unit_assignment *assignment, size_t offset);

/* The texts of systemd's booleans and spans, where they are not superd's own; as base/scan. */
const char *unit_scan_timespan(const char *text, int64_t *microseconds); /* also us, ms, M for months, y; infinity */

/* Whether it can be a unit's name; and its parts, kept. */
bool unit_name_is_valid(const char *name);
bool unit_name_has_suffix(const char *name, const char *suffix);        /* ".service", and not that alone */

/* "\x2d" and "-" of an instance or prefix back to what was escaped; path: with a slash in front. NULL: out of
 * memory. */
const char *unit_unescape(struct pool *pool, const char *text, bool path);
