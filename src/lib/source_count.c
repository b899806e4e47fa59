/* Counts by service and source, in a hash table with open addressing. When an entry goes, the entries behind it move
 * up, so no tombstones gather over years. */
#include "lib/source_count.h"

#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"

static size_t hash_source(const void *service, const unsigned char *source)
{
	uint64_t h = hash_bytes(HASH_START ^ (uintptr_t)service, source, SOURCE_SIZE);

	return (size_t)(h ^ h >> 29);
}

/* The slot of this source, or the empty one where it belongs. */
static struct source_count *find_slot(const struct source_counts *sources, const void *service,
				      const unsigned char *source)
{
	size_t at = hash_source(service, source) & (sources->size - 1);

	for (;; at = (at + 1) & (sources->size - 1)) {
		struct source_count *slot = &sources->slots[at];

		if (!slot->service || (slot->service == service && !memcmp(slot->source, source, SOURCE_SIZE)))
			return slot;
	}
}

static bool grow_table(struct source_counts *sources)
{
	struct source_counts bigger = { .size = sources->size ? 2 * sources->size : 64, .used = sources->used };

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t n = 0; n < sources->size; n++) {
		if (sources->slots[n].service)
			*find_slot(&bigger, sources->slots[n].service, sources->slots[n].source) = sources->slots[n];
	}
	free(sources->slots);
	*sources = bigger;
	return true;
}

bool source_count_enter(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE],
			int64_t limit)
{
	struct source_count *slot;

	if (2 * (sources->used + 1) > sources->size && !grow_table(sources))
		return false;
	slot = find_slot(sources, service, source);
	if (slot->count >= (uint64_t)limit)
		return false;
	if (!slot->service) {
		slot->service = service;
		memcpy(slot->source, source, SOURCE_SIZE);
		sources->used++;
	}
	slot->count++;
	return true;
}

static void close_hole(struct source_counts *sources, size_t hole)
{
	size_t mask = sources->size - 1;

	for (size_t at = (hole + 1) & mask; sources->slots[at].service; at = (at + 1) & mask) {
		size_t home = hash_source(sources->slots[at].service, sources->slots[at].source) & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		sources->slots[hole] = sources->slots[at];
		hole = at;
	}
	sources->slots[hole] = (struct source_count){ 0 };
}

void source_count_leave(struct source_counts *sources, const void *service, const unsigned char source[SOURCE_SIZE])
{
	struct source_count *slot;

	if (!sources->size)
		return;
	slot = find_slot(sources, service, source);
	if (!slot->service || --slot->count)
		return;
	sources->used--;
	close_hole(sources, (size_t)(slot - sources->slots));
}

unsigned source_count_count(const struct source_counts *sources, const void *service,
			    const unsigned char source[SOURCE_SIZE])
{
	return sources->size ? find_slot(sources, service, source)->count : 0;
}

void source_count_free(struct source_counts *sources)
{
	free(sources->slots);
	*sources = (struct source_counts){ 0 };
}
