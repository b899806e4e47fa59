/* What a program's files were when it was started ahead, so that superd starts no client's program of yesterday. Only
 * files whose paths root alone can change are looked at: others might have superd wait. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct plan;

#define STAMPS_MOST 4                   /* files: the program, and the first arguments that are paths */

struct program_stamp {
	char *paths[STAMPS_MOST];       /* owned */
	struct stat files[STAMPS_MOST]; /* st_ino 0: it is not there */
	size_t count;
};

/* Takes the stamp of a plan's main program, in place of an earlier one. */
void program_stamp_take(struct program_stamp *stamp, const struct plan *plan);
void program_stamp_free(struct program_stamp *stamp);

/* Whether all of its files are still what they were. */
bool program_stamp_holds(const struct program_stamp *stamp);
