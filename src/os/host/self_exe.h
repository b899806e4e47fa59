/* The program that stands where superd was started from, which is another file once superd was upgraded, and
 * becoming it. */
#pragma once

#include <stddef.h>

/* Its path, to be asked for at the start, when it is sure: by argv[0] where that leads to the file that runs, else
 * the one the kernel knows. malloc'ed; NULL and errno. */
char *self_exe_path(const char *argv0);

#define OWN_NAME_MOST 15                /* bytes the kernel keeps of a process's name */

/* Sets the name of this process that others see (PR_SET_NAME); an exec sets it anew. */
void self_exe_set_name(const char *name);

/* Executes the program, with these descriptors open beside 0 to 2. Returns only on failure, with errno; nothing has
 * changed then. */
void self_exe_exec(const char *path, char *const *argv, char *const *environment, const int *fds, size_t count);
