/* The state of a program's files at its start ahead, so that no client gets an outdated program. superd checks only
 * files whose paths root alone can change: others might make superd wait. */
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

/* Whether all of its files are unchanged. */
bool program_stamp_holds(const struct program_stamp *stamp);
