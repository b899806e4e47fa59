/* superd's own programs, such as superd-builtin. superd opens them once, when it starts or is upgraded, and executes
 * these files until it is upgraded itself, whatever is installed at their paths meanwhile.
 *
 * A superd in SBINDIR takes them from PKGLIBEXECDIR. A superd elsewhere, in a tree that was moved or is not yet
 * installed, first looks below the same DESTDIR, in ../libexec/superd beside itself, and in its own folder. It uses
 * such a folder only if no one may write there who could not also replace superd. Then it looks in PKGLIBEXECDIR. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

enum program {
	PROGRAM_ADVISE, PROGRAM_BIND, PROGRAM_BUILTIN, PROGRAM_EXEC, PROGRAM_FILTER, PROGRAM_HOLD, PROGRAM_OUTPUT, PROGRAM_READ,
	PROGRAM_RPC, PROGRAM_WEB, PROGRAM_WORKER, PROGRAMS
};

#define PROGRAM_OTHER_BUILD 99          /* exit status of a program that superd of another build has started */

struct own_program {
	const char *name;               /* superd-builtin */
	const char *path;               /* of the file that was opened; NULL: none was */
	int fd;                         /* to be executed (O_PATH); -1: it was not found, or for `error` */
	int error;                      /* the first error other than ENOENT; else ENOENT */
};

/* A file that is open, for a superd that is executed anew with it. */
struct kept_program {
	int32_t fd;
	uint64_t device, inode;
};

/* Opens all programs, the first time that it is called. kept: PROGRAMS entries: a file there that is still open is
 * taken over; they are filled in with what is open then. NULL: none. */
void programs_open(struct kept_program *kept);

/* The program; opens all if programs_open was not called before, and looks again for one that was not found. Any thread
 * may ask. */
const struct own_program *program_get(enum program which);

/* The same without looking again: the loop may ask, where a folder may not answer. */
const struct own_program *program_known(enum program which);

/* Whether the file, which superd can read, is of another build; false, too, where superd may not read it. */
bool program_is_other(enum program which);

bool program_owns_fd(int fd);           /* whether this is the descriptor of a program */
void programs_pass(bool passed);        /* lets them stay open over an exec, or sets them close-on-exec again */

/* Appends a message: "superd's own program superd-builtin is missing; superd searched /usr/libexec/superd, …". */
void program_describe_missing(enum program which, struct buf *out);

/* Appends what PROGRAM_OTHER_BUILD means, and what to do. */
void program_describe_other(enum program which, struct buf *out);
