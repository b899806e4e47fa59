/* Takes the guard's page away from forked processes.
 *
 * madvise(2) with MADV_DONTFORK would do so for every fork, but a start writes its pid into that page first.
 * The calls are raw, as musl's munmap and mremap wait for a lock that another thread may have held during the fork. */
#include "os/foreign/fork_memory.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	void *memory;                   /* NULL: there is none */
	size_t length;
} shared;

void fork_memory_note(void *memory, size_t length)
{
	shared.memory = memory;
	shared.length = length;
}

void fork_memory_unshare(void)
{
	void *copy;

	if (!shared.memory)
		return;
	copy = mmap(NULL, shared.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy != MAP_FAILED) {
		memcpy(copy, shared.memory, shared.length);
		if (syscall(SYS_mremap, copy, shared.length, shared.length, MREMAP_MAYMOVE | MREMAP_FIXED,
			    shared.memory) != -1)
			return;
	}
	syscall(SYS_munmap, shared.memory, shared.length);
}
