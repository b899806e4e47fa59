/* What the kernel opens along with a program: the interpreter that a script names behind #!, the loader that an ELF file
 * names in its PT_INTERP. Without it execve(2) gives ENOENT for a file that is there.
 *
 * Opens and reads files; a caller judges first whether that may keep it waiting. */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"

#define INTERPRETERS_MOST 5             /* interpreters of interpreters: more are ELOOP, says execve(2) */

enum interpreter_kind {
	INTERPRETER_NONE,               /* it needs none, or it is no file that could be executed */
	INTERPRETER_FOUND,
	INTERPRETER_UNKNOWN,            /* it can't be read */
	INTERPRETER_MISSING,            /* a text that names none: ENOEXEC */
};

struct interpreter {
	enum interpreter_kind kind;
	bool is_split_wrong;            /* a \r ends its arguments, and the interpreter is one that stumbles over it */
	char path[PATH_MAX];            /* with INTERPRETER_FOUND; may be relative, or end with the \r of DOS line ends */
};

/* Looks below root, as root_directory; NULL: superd's own. program may be found->path. */
void interpreter_find(const char *root, const char *program, struct interpreter *found);

/* Whether the kernel would refuse a program for its interpreter, or for that one's: true with the reason in why, as "its
 * interpreter '/bin/sh\r' is not there". may_look, NULL for always: whether an interpreter may be looked at; what
 * can't be known is no reason. */
bool interpreter_is_wrong(const char *root, const char *program,
			  bool (*may_look)(const void *context, const char *path), const void *context, struct buf *why);
