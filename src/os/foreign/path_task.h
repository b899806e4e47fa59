/* Work on a path that others can lead elsewhere, as a text: superd writes it, and superd-exec --path reads it from its
 * standard input. */
#pragma once

#include "lib/record.h"
#include "table/service/service.h"

enum path_work {
	PATH_READ,                      /* the file's text */
	PATH_LOOK,                      /* whether it is a regular file that may be executed */
	PATH_INTERPRETERS,              /* what is wrong with the program's interpreters; ENOENT: nothing */
	PATH_RESOLVE,                   /* realpath(3) */
	PATH_GLOB,                      /* the names that match, each followed by a NUL */
	PATH_UNLINK,
	PATH_LIBRARIES,                 /* a library that the program's loader does not find; ENOENT: there is none */
	PATH_WORKS
};

struct path_task {
	enum path_work work;
	const char *path;
	size_t most;                    /* bytes of the file to read at most */
	const char *loader;             /* of the program, root's alone; NULL: it is not asked */
	struct account *account;        /* whom to act as; NULL: superd's own rights are no greater */
};

#define PATH_TASK_MOST (1 << 20)        /* bytes of the text; a user has at most 65536 groups */

void path_task_record(struct record *record, struct path_task *task);
void account_record(struct record *record, struct account *account);    /* without names */
