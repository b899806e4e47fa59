/* Finds and reads units: a unit's own file, its drop-ins, its name and instance. read/systemd/build.h is about what
 * its keys mean. Source: systemd.unit(5), systemd.syntax(7).
 *
 * superd searches a unit's files in the folder that the unit was named in, then in request->unit_path. If that is NULL,
 * the search path is systemd's: /etc before /run before /usr/local/lib before /usr/lib, then /lib. A folder that is
 * part of the search path keeps its place there: a mask or a copy in /etc also holds for units named in /usr/lib.
 *
 * Texts and units live until the reading ends, and names of files as long as the table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/reading/reading.h"

/* An assignment KEY=VALUE. The assignments of the unit's file come first, then those of its drop-ins. */
struct unit_assignment {
	const char *section, *key;
	const char *today;              /* the current name of the key */
	const char *value;              /* without blanks at both ends; a blank joins continued lines */
	struct origin at;               /* of the key */
	const struct unit_piece *pieces;                /* the places of the value's parts, in order */
	size_t piece_count;
};

/* The part of a value from this byte on, up to the next piece, is at this place. */
struct unit_piece {
	size_t offset;
	struct origin at;
};

struct unit {
	const char *name;               /* "foo@bar.service"; of an alias the name of the unit it leads to */
	const char *prefix;             /* "foo" */
	const char *instance;           /* "bar", still escaped; "" of a template; NULL: no instance and no template */
	const char *suffix;             /* "service" */
	const char *path;               /* of its file; NULL: masked */
	bool is_masked;                 /* an empty file, or a link to /dev/null */
	const struct unit_assignment *list;
	size_t count;
	size_t files;                   /* number of files that were read for it */
};

/* Whether a text is a unit file, also of a type that superd does not run: it begins with a section, and one of its
 * sections is [Unit], [Socket] or [Service]. */
bool unit_text_recognises(const struct source_file *source);

/* Finds and reads a unit: its file or its template's, through aliases; and every drop-in of NAME.d, of the template's,
 * of PREFIX-.SUFFIX.d and SUFFIX.d, and of its aliases. folder: where the search begins; NULL: in the search path. The
 * same unit has the same pointer. NULL: there is none (not reported), or it could not be read (reported; *failed is
 * true). */
const struct unit *unit_find(struct reading *reading, const char *folder, const char *name, bool *failed);

/* For tests and fuzzers: reads a text as the file of this unit. unit_find then finds it, in any folder. NULL: this is
 * not the name of a unit, or the text could not be read (reported). */
const struct unit *unit_from_source(struct reading *reading, const char *name, const struct source_file *source);

/* The last assignment of a key; NULL: none, or it is empty. */
const struct unit_assignment *unit_last(const struct unit *unit, const char *section, const char *key);

/* The place of a byte of the value. */
struct origin unit_place(const struct unit_assignment *assignment, size_t offset);

bool unit_name_is_valid(const char *name);
bool unit_name_has_suffix(const char *name, const char *suffix);        /* suffix: as ".service"; name has more than it */

