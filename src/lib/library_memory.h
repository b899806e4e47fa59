/* Memory for libraries that do not survive an allocation that fails: flex's scanner in libconfuse ends the process, and
 * glibc's NSS dereferences NULL, as in getpwnam_r(3) by 2.36.
 *
 * superd first allocates the memory, and frees it at once. malloc(3) keeps such small blocks in the arena of the
 * calling thread, where the library finds them and no other thread can take them in between. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

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
