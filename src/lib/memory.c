/* Whether the process ends when memory runs out. */
#include "lib/lib.h"

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif

#define LARGE (128 << 10)

static struct {
	int fd;
	const char *words;              /* NULL: the process goes on */
	size_t length;
} ending;

void memory_ends_process(int fd, const char *words, size_t length)
{
	ending.fd = fd;
	ending.words = words;
	ending.length = length;
}

void memory_keep_little(void)
{
#ifdef HAVE_MALLOC_TRIM
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void memory_give_back(void)
{
#ifdef HAVE_MALLOC_TRIM
	malloc_trim(0);
#endif
}

void *memory_ran_out(void)
{
	if (!ending.words)
		return NULL;
	write_all(ending.fd, ending.words, ending.length);
	_exit(MEMORY_EXIT);
}
