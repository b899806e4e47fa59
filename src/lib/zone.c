/* The objects lie in chunks from mmap(2). Reading what was never written costs no memory: all of it is the kernel's
 * page of zeros. So an object that comes back is only cleared where it isn't zero. Large pages would undo all this. */
#include "lib/lib.h"

#include <sys/mman.h>

#ifdef SANITIZED

/* Each by itself, so that a use behind its bounds or its end is found. */
void *zone_take(struct zone *zone)
{
	return calloc(1, zone->size);
}

void zone_give(struct zone *zone, void *object)
{
	(void)zone;
	free(object);
}

#else

#define ALIGNMENT 16

struct chunk {
	struct list link;
	char *memory;
	uint64_t used;          /* a bit for each object */
};

enum { OBJECTS = 64 };          /* of a chunk */

static size_t place_of(const struct zone *zone)
{
	return (zone->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static struct chunk *add_chunk(struct zone *zone)
{
	size_t size = OBJECTS * place_of(zone);
	struct chunk *chunk = calloc(1, sizeof(*chunk));

	if (!chunk)
		return NULL;
	chunk->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (chunk->memory == MAP_FAILED) {
		free(chunk);
		return NULL;
	}
	madvise(chunk->memory, size, MADV_NOHUGEPAGE);
	list_add_first(&zone->chunks, &chunk->link);
	return chunk;
}

void *zone_take(struct zone *zone)
{
	struct chunk *chunk = NULL;
	int n;

	/* The chunks with room are the first ones. */
	if (!list_empty(&zone->chunks))
		chunk = container_of(zone->chunks.next, struct chunk, link);
	if ((!chunk || chunk->used == UINT64_MAX) && !(chunk = add_chunk(zone)))
		return NULL;
	n = __builtin_ctzll(~chunk->used);
	chunk->used |= UINT64_C(1) << n;
	if (chunk->used == UINT64_MAX) {
		list_remove(&chunk->link);
		list_add(&zone->chunks, &chunk->link);
	}
	return chunk->memory + (size_t)n * place_of(zone);
}

static void clear(char *object, size_t size)
{
	static const char zeros[ALIGNMENT];

	for (size_t at = 0; at < size; at += ALIGNMENT) {
		size_t part = size - at < ALIGNMENT ? size - at : ALIGNMENT;

		if (memcmp(object + at, zeros, part) != 0)
			memset(object + at, 0, part);
	}
}

void zone_give(struct zone *zone, void *object)
{
	char *memory = object;

	LIST_EACH(link, &zone->chunks) {
		struct chunk *chunk = container_of(link, struct chunk, link);
		size_t size = OBJECTS * place_of(zone);

		if (memory < chunk->memory || memory >= chunk->memory + size)
			continue;
		clear(memory, zone->size);
		chunk->used &= ~(UINT64_C(1) << (size_t)(memory - chunk->memory) / place_of(zone));
		list_remove(&chunk->link);
		if (chunk->used) {
			list_add_first(&zone->chunks, &chunk->link);
		} else {
			munmap(chunk->memory, size);
			free(chunk);
		}
		return;
	}
}

#endif
