/* When memory runs out. A function that allocates says so to its caller, which goes on without what it wanted. A program
 * of one short job cannot go on: it ends, and the program that started it goes on without it. */
#pragma once

#include <stddef.h>

#define MEMORY_EXIT 98                  /* exit status of a program that has ended so */

/* From now on a pool, an array or a text that gets no memory ends the process, with these last words to fd. So the
 * functions of lib/pool, lib/array and lib/buf never fail, and their callers need not look. words: static. */
void memory_ends_process(int fd, const char *words, size_t length);

/* For these functions: there is no memory. Returns NULL, which the caller returns, unless the process ends. */
void *memory_ran_out(void);
