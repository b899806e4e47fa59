/* When memory runs out. A function that allocates says so to its caller, which goes on without what it wanted. A program
 * of one short job cannot go on: it ends, and the program that started it goes on without it. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define MEMORY_EXIT 98                  /* exit status of a program that has ended so */

/* From now on a pool, an array or a text that gets no memory ends the process, with these last words to fd. So the
 * functions of lib/pool, lib/array and lib/buf never fail, and their callers need not look. words: static. */
void memory_ends_process(int fd, const char *words, size_t length);

/* Whether a call failed for lack of memory, descriptors or processes: the same call may succeed later. */
static inline bool error_is_shortage(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE || error == EAGAIN;
}

/* For these functions: there is no memory. Returns NULL, which the caller returns, unless the process ends. */
void *memory_ran_out(void);

/* glibc's malloc(3) keeps what is free for later. Of musl's there is nothing to give back. */

/* From now on large blocks go back to the kernel once they are free, and threads have no memory of their own. */
void memory_keep_little(void);

void memory_give_back(void);    /* what is free among small blocks */

/* Memory for libraries that do not survive an allocation that fails: flex's scanner in libconfuse ends the process, and
 * glibc's NSS dereferences NULL, as in getpwnam_r(3) by 2.36.
 *
 * superd first allocates the memory, and frees it at once. malloc(3) keeps such small blocks in the arena of the
 * calling thread, where the library finds them and no other thread can take them in between. */

/* Bytes of one call of libc that asks NSS: a file's buffer takes 4 KiB, nsswitch.conf's database a few. */
#define NSS_MEMORY ((size_t)64 << 10)

/* Call it right before the library, with no allocation in between. false: refuse what would need the library, with
 * errno ENOMEM. */
static inline bool library_has_memory(size_t bytes)
{
	void *volatile room = malloc(bytes);    /* volatile, or the compiler drops both calls */
	bool good = room;

	free(room);
	return good;
}
