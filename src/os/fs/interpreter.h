/* The interpreter that the kernel opens together with a program: the one that a script names behind #!, or the loader
 * that an ELF file names in PT_INTERP. If it is missing, execve(2) fails with ENOENT although the program exists.
 *
 * These functions open and read files, which may block: the caller first makes sure that they may. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "lib/buf.h"

#define INTERPRETERS_MOST 5             /* interpreters of interpreters; with more, execve(2) fails with ELOOP */

enum interpreter_kind {
	INTERPRETER_NONE,               /* it needs none, or it is not a file that could be executed */
	INTERPRETER_FOUND,
	INTERPRETER_UNKNOWN,            /* it cannot be read */
	INTERPRETER_MISSING,            /* a text file that names none: execve(2) fails with ENOEXEC */
};

/* The result of interpreter_find. */
struct interpreter {
	enum interpreter_kind kind;
	bool is_split_wrong;            /* the arguments end with a \r, and the interpreter is one that fails on it */
	char path[PATH_MAX];            /* valid with INTERPRETER_FOUND; may be relative, or end with the \r of DOS line ends */
};

/* Looks below `root`, a root_directory; NULL: superd's own root. `program` may be found->path. */
void interpreter_find(const char *root, const char *program, struct interpreter *found);

/* Whether the kernel would refuse a program because of its interpreter, or of that one's interpreter. true with the
 * reason in why, such as "its interpreter '/bin/sh\r' is not there". If something cannot be read, the answer is false.
 * may_look: whether an interpreter may be read; NULL: always. */
bool interpreter_is_wrong(const char *root, const char *program,
			  bool (*may_look)(const void *context, const char *path), const void *context, struct buf *why);
