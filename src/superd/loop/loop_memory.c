/* A reserve of memory for libev. It must be available at the very moment of need: libc keeps small blocks when they
 * are freed, so the next call gets them, however little the kernel has. */
#include "superd/loop/loop_memory.h"

#include <ev.h>
#include <stddef.h>
#include <stdlib.h>

#define BLOCKS 8
#define BLOCK_SIZE (32 << 10)

static void *blocks[BLOCKS];

static bool fill_reserve(void)
{
	bool whole = true;

	for (size_t n = 0; n < BLOCKS; n++) {
		if (!blocks[n])
			blocks[n] = malloc(BLOCK_SIZE);
		whole &= blocks[n] != NULL;
	}
	return whole;
}

/* As many as it takes, as what is asked for may be of the size of several. */
static void *reallocate_by_reserve(void *at, size_t size)
{
	void *got = NULL;

	for (size_t n = 0; n < BLOCKS && !got; n++) {
		if (!blocks[n])
			continue;
		free(blocks[n]);
		blocks[n] = NULL;
		got = realloc(at, size);
	}
	return got;
}

/* For ev_set_allocator: size 0 frees. libev asks seldom, when what it watches grows. */
static void *allocate_for_libev(void *at, long size)
{
	void *got;

	if (size <= 0) {
		free(at);
		return NULL;
	}
	got = realloc(at, (size_t)size);
	if (!got)
		return reallocate_by_reserve(at, (size_t)size);
	fill_reserve();
	return got;
}

bool loop_memory_keep(void)
{
	ev_set_allocator(allocate_for_libev);
	return fill_reserve();
}
