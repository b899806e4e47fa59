/* The internals of loading units: the search path and the lines of a unit's files. For this folder alone. Other code
 * includes read/systemd/unit.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/pool.h"
#include "lib/source_file.h"
#include "read/systemd/unit.h"

#define UNIT_NAME_MOST 255              /* bytes of a unit's name */
/* The most folders of a reading, files of a folder, drop-ins and names of a unit, links behind each other, and
 * assignments of a unit. */
#define UNIT_FOLDERS 64
#define UNIT_FOLDER_FILES 100000
#define UNIT_DROPINS 1000
#define UNIT_ALIASES 64
#define UNIT_ALIAS_DEPTH 8
#define UNIT_ASSIGNMENTS 100000

/* A file in a folder of units. */
struct unit_entry {
	const char *name;
	const char *target;             /* of a symbolic link, as readlink(2) gives it; NULL: no link */
};

/* A folder of units. It is read once. */
struct unit_folder {
	const char *path;
	dev_t device;
	ino_t inode;
	bool is_there, was_read;
	struct unit_entry *entries;     /* sorted by name */
	size_t count, capacity;
	struct unit_entry *aliases;     /* links to other units; their target is the name alone */
	size_t alias_count, alias_capacity;
	bool has_aliases;               /* `aliases` is filled */
};

/* A cached result of a search for a unit. It is valid for the whole reading. */
struct unit_known {
	struct unit_known *next;        /* in the same chain of the hash table */
	const char *first, *second;     /* the key, in the pool: a folder and a name, or a file and a name */
	const struct unit *unit;        /* NULL: there is none */
	bool is_searched;                /* the search is done */
	bool failed;                    /* the unit could not be read (reported) */
};

/* The state of a reading for units. */
struct units {
	struct pool *pool;              /* of all but names of files; lives until the reading ends */
	struct unit_folder *folders[UNIT_FOLDERS];      /* the search path first, path_count of them */
	size_t path_count, count;
	struct unit_known *known[1024]; /* hash table */
};

/* The folders where one unit is searched, in order. */
struct unit_places {
	struct unit_folder *list[UNIT_FOLDERS];
	size_t count;
	const struct unit_folder *named;                /* the folder that the unit was named in; NULL: none */
};

/* The assignments of a unit while its files are read. */
struct unit_text {
	struct pool *pool;
	struct diags *diags;
	struct unit_assignment *list;   /* owned */
	size_t count, capacity;
	bool failed;                    /* there are too many assignments (reported) */
};

/* text.c: adds the assignments of one file. Reports lines that are wrong. */
void unit_text_add(struct unit_text *text, const struct source_file *source);

/* name.c. These functions must get valid names. */
void unit_name_cut(struct pool *pool, const char *name, struct unit *unit);     /* sets the parts */
bool unit_name_is_template(const char *name);
bool unit_name_is_instance(const char *name);
const char *unit_name_suffix(const char *name);         /* "service" */

/* The name of an instance's template; and the name of a template's instance, with the instance of another name. */
const char *unit_name_template(struct pool *pool, const char *name);
const char *unit_name_instance(struct pool *pool, const char *template, const char *instance_of);

/* Adds an instance or prefix with its escapes "\x2d" and "-" undone. path: adds a slash in front. false: a wrong escape
 * was added literally. */
bool unit_unescape_add(struct buf *out, const char *text, bool path);

/* path.c: the state of the reading, made at first use. NULL: the search path is too long (reported). */
struct units *units_of(struct reading *reading);

/* Fills places with the folders where a unit is searched, and reads those that are not read yet. folder: where the unit
 * was named; NULL: in none. false: one could not be read (reported). */
bool unit_places_collect(struct reading *reading, const char *folder, struct unit_places *places);

const struct unit_entry *unit_folder_find(const struct unit_folder *folder, const char *name);

/* Whether the folder of path is one of these. path is absolute or relative to `folder`. */
bool unit_places_hold(const struct unit_places *places, const struct unit_folder *folder, const char *path);

/* alias.c: finds all names of a unit, its own first. Returns their number. */
size_t unit_aliases(struct units *units, const struct unit_places *places, const char *name,
		    const char *names[UNIT_ALIASES]);

/* file.c: UNIT_FILE_EMPTY: the file is a mask, that is empty or a link to /dev/null. UNIT_FILE_REFUSED: it must not be
 * read (reported). UNIT_FILE_FULL: all others, also files that cannot be read. */
enum unit_file { UNIT_FILE_FULL, UNIT_FILE_EMPTY, UNIT_FILE_REFUSED };
enum unit_file unit_file_look(struct reading *reading, const char *path);

/* Reads one file of a unit. false: it cannot be read (reported). */
bool unit_file_read(struct reading *reading, const char *path, struct unit *unit, struct unit_text *text);

/* dropin.c: reads every drop-in of a unit. false: one cannot be read (reported). */
bool unit_dropins_read(struct reading *reading, struct units *units, const struct unit_places *places,
		       struct unit *unit, struct unit_text *text);
