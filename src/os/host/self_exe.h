/* The program file that superd was started from, which is a new version once superd was upgraded, and its execution. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Its absolute path, for the caller to free(). To be called at the start: argv[0] counts if it leads to the running
 * file, else /proc/self/exe. NULL and errno. */
char *self_exe_path(const char *argv0);

/* The program that runs, also if another is at its path by now. NULL and errno: there is no /proc. */
const char *self_exe_running(void);

#define OWN_NAME_MOST 15                /* bytes of a process's name, without the NUL (TASK_COMM_LEN) */

/* Sets the name that ps(1) shows for this process (PR_SET_NAME, prctl(2)); an exec sets it again. */
void self_exe_set_name(const char *name);

/* Lets these descriptors stay open over an exec, or sets them close-on-exec. */
void self_exe_pass(const int *fds, size_t count, bool passed);

/* Executes the program with these descriptors open besides 0 to 2. Returns only on failure, with errno; nothing has
 * changed then. */
void self_exe_exec(const char *path, char *const *argv, char *const *environment, const int *fds, size_t count);
