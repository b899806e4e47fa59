/* superd's own programs, such as superd-builtin. superd opens them once, when it starts or is upgraded, and executes
 * these files until it is upgraded itself, whatever is installed at their paths meanwhile.
 *
 * A superd in SBINDIR takes them from PKGLIBEXECDIR. A superd elsewhere, in a tree that was moved or is not yet
 * installed, first looks in ../libexec/superd beside its own folder, if nobody else may write there, and in its own
 * folder. Then it looks in PKGLIBEXECDIR. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

enum program {
	PROGRAM_LOOKUP, PROGRAM_BIND, PROGRAM_BUILTIN, PROGRAM_EXEC, PROGRAM_FILTER, PROGRAM_OUTPUT, PROGRAM_READ,
	PROGRAM_RPC, PROGRAM_WEB, PROGRAMS
};

#define PROGRAM_OTHER_BUILD 99          /* exit status of a program that superd of another build has started */

struct own_program {
	const char *name;               /* superd-builtin */
	const char *path;               /* of the file that was opened; NULL: none was */
	int fd;                         /* to be executed (O_PATH); -1: it was not found, or for `error` */
	int error;                      /* the first error other than ENOENT; else ENOENT */
};

/* Opens all programs, the first time that it is called. kept: a descriptor for each that the superd before had open,
 * and that is executed in place of what is installed by now; -1: none. NULL: there are none. */
void programs_open(const int *kept);

/* The program; opens all if programs_open was not called before, and looks again for one that was not found. Any thread
 * may ask. */
const struct own_program *program_get(enum program which);

/* The same without looking again: the loop may ask, where a folder may not answer. */
const struct own_program *program_known(enum program which);

/* Appends a message: "superd's own program superd-builtin is missing; superd searched /usr/libexec/superd, …". */
void program_describe_missing(enum program which, struct buf *out);

/* Appends what PROGRAM_OTHER_BUILD means, and what to do. */
void program_describe_other(enum program which, struct buf *out);

/* The begin of each of superd's own programs. */

/* Names the process and takes the word alone, for a program that becomes another one. false: it is that of another
 * build, or of none. */
bool program_take_word(const char *name, int *argc, char **argv);

/* The first call of main: confines the process (self_sandbox_begin), names it, and takes the first word of its
 * arguments, that of superd's build (build_word), out of argv. Another first word is that of another build, or of none:
 * the process ends with PROGRAM_OTHER_BUILD and a message. by_hand: the program may be run without a word, too. */
void program_begin(const char *name, bool by_hand, int *argc, char **argv);

/* The program file that superd was started from, which is a new version once superd was upgraded, and its execution. */

/* Its absolute path, for the caller to free(). To be called at the start: the path that was executed counts if it leads
 * to the running file, else /proc/self/exe. NULL and errno. */
char *self_exe_path(void);

#define OWN_NAME_MOST 15                /* bytes of a process's name, without the NUL (TASK_COMM_LEN) */

/* Sets the name that ps(1) shows for this process (PR_SET_NAME, prctl(2)); an exec sets it again. */
void self_exe_set_name(const char *name);

/* Lets these descriptors stay open over an exec, or sets them close-on-exec. */
void self_exe_pass(const int *fds, size_t count, bool passed);

/* Finds a program named without a slash by a PATH, for commands of the command line only: the configuration names
 * programs by absolute paths. */

/* Writes the program's path: `name` itself if it has a slash, else the first executable file of that name in `path`
 * (NULL: a default). false if there is none; `out` is then `name`. */
bool path_search(const char *name, const char *path, struct buf *out);
