/* Parts of the loader of units: the folders it looks into, and the lines of a unit's files. For this folder
 * alone; everybody else has parse/systemd/unit.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/pool.h"
#include "base/source_file.h"
#include "parse/systemd/unit.h"

#define UNIT_NAME_MOST 255              /* bytes of a unit's name */
#define UNIT_FOLDERS 64
#define UNIT_FOLDER_FILES 100000
#define UNIT_DROPINS 1000               /* files of one unit */
#define UNIT_ALIASES 64                 /* names of one unit */
#define UNIT_ALIAS_DEPTH 8
#define UNIT_ASSIGNMENTS 100000         /* of one unit */

struct unit_entry {
	const char *name;
	const char *target;             /* where the link leads, as it is written; NULL: no link */
};

/* A folder of units, which is read once. */
struct unit_folder {
	const char *path;
	dev_t device;
	ino_t inode;
	bool is_there, was_read;
	struct unit_entry *entries;     /* sorted by name */
	size_t count, capacity;
	struct unit_entry *aliases;     /* links to another unit, the target's name alone */
	size_t alias_count, alias_capacity;
	bool has_aliases;               /* they were looked for */
};

/* The result of looking for a name; it holds for the whole reading. */
struct unit_known {
	struct unit_known *next;
	const char *first, *second;     /* kept: a folder and a name, or a file and a name */
	const struct unit *unit;        /* NULL: there is none */
	bool is_settled, failed;
};

struct units {
	struct pool *pool;              /* of everything but the names of files, until the reading ends */
	struct unit_folder *folders[UNIT_FOLDERS];      /* first those of the search path */
	size_t path_count, count;
	struct unit_known *known[1024];
};

/* Where one unit is sought, in order. */
struct unit_places {
	struct unit_folder *list[UNIT_FOLDERS];
	size_t count;
	const struct unit_folder *named;                /* the one a unit was named in; NULL: none */
};

/* The lines of a unit while its files are read. */
struct unit_text {
	struct pool *pool;
	struct diags *diags;
	struct unit_assignment *list;   /* owned */
	size_t count, capacity;
	bool failed;                    /* out of memory, or more than there may be (reported) */
};

/* text.c: adds the assignments of one file, saying what is wrong with its lines. */
void unit_text_add(struct unit_text *text, const struct source_file *source);

/* name.c. What follows takes valid names alone. */
bool unit_name_cut(struct pool *pool, const char *name, struct unit *unit);     /* sets the parts; false: no memory */
bool unit_name_is_template(const char *name);
bool unit_name_is_instance(const char *name);
const char *unit_name_suffix(const char *name);         /* "service" */

/* The name of the template of an instance; and of a template, the name it has with the instance of another name. NULL:
 * out of memory. */
const char *unit_name_template(struct pool *pool, const char *name);
const char *unit_name_instance(struct pool *pool, const char *template, const char *instance_of);

/* Undoes escaping. false: what follows a backslash is none, and it was kept as it stands. */
bool unit_unescape_add(struct buf *out, const char *text, bool path);

/* path.c: the state of the reading, made at first use; NULL: out of memory, or a search path that is too long,
 * which was said. */
struct units *units_of(struct reading *reading);

/* Where a unit is sought that was named in a folder (NULL: in none), and reads what is not read yet of these folders.
 * false after saying what is wrong. */
bool unit_places_collect(struct reading *reading, const char *folder, struct unit_places *places);

const struct unit_entry *unit_folder_find(const struct unit_folder *folder, const char *name);

/* Whether the folder that holds path is one of these; path is absolute or relative to folder. */
bool unit_places_hold(const struct unit_places *places, const struct unit_folder *folder, const char *path);

/* alias.c: all names of a unit, its own first; gives their number, 0: out of memory. */
size_t unit_aliases(struct units *units, const struct unit_places *places, const char *name,
		    const char *names[UNIT_ALIASES]);

/* file.c: whether a file masks what it stands for, as it is empty or leads to /dev/null, or is not to be read now,
 * which was said; what is wrong with it otherwise shows when it is read. */
enum unit_file { UNIT_FILE_FULL, UNIT_FILE_EMPTY, UNIT_FILE_REFUSED };
enum unit_file unit_file_look(struct reading *reading, const char *path);

/* Reads one file of a unit. false after saying what is wrong. */
bool unit_file_read(struct reading *reading, const char *path, struct unit *unit, struct unit_text *text);

/* dropin.c: reads every drop-in of a unit. false after saying what is wrong. */
bool unit_dropins_read(struct reading *reading, struct units *units, const struct unit_places *places,
		       struct unit *unit, struct unit_text *text);
