/* Whether the process ends when memory runs out. */
#include "lib/memory.h"

#include <unistd.h>

#include "lib/write_all.h"

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

void *memory_ran_out(void)
{
	if (!ending.words)
		return NULL;
	write_all(ending.fd, ending.words, ending.length);
	_exit(MEMORY_EXIT);
}
