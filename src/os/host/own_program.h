/* The program that stands where superd was started from, which is another file once superd was upgraded, and
 * becoming it. */
#pragma once

#include <stddef.h>

/* Its path, to be asked for at the start, when it is sure: by argv[0] where that leads to the file that runs, else
 * the one the kernel knows. malloc'ed; NULL and errno. */
char *own_program_path(const char *argv0);

#define OWN_NAME_MOST 15                /* bytes the kernel keeps of a process's name */

/* What others see as the name of this process; a program that is become has its own again. */
void own_program_name(const char *name);

/* Becomes it, with these descriptors open beside 0 to 2. Returns when it could not be, with errno, and nothing has
 * changed. */
void own_program_become(const char *path, char *const *argv, char *const *environment, const int *fds, size_t count);
