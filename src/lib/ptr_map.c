/* A hash table of pointer pairs. Entries are never removed, so open addressing needs no tombstones. */
#include "lib/ptr_map.h"

#include <stdint.h>
#include <stdlib.h>

struct ptr_map_entry {
	const void *a, *b, *value;
	bool used;
};

static size_t find_slot(const struct ptr_map_entry *entries, size_t capacity, const void *a, const void *b)
{
	uint64_t mixed = ((uint64_t)(uintptr_t)a ^ ((uint64_t)(uintptr_t)b << 17)) * 0x9e3779b97f4a7c15u;
	size_t slot = (size_t)(mixed >> 20) & (capacity - 1);

	while (entries[slot].used && (entries[slot].a != a || entries[slot].b != b))
		slot = (slot + 1) & (capacity - 1);
	return slot;
}

bool ptr_map_get(const struct ptr_map *map, const void *a, const void *b, const void **value)
{
	size_t slot;

	if (!map->capacity)
		return false;
	slot = find_slot(map->entries, map->capacity, a, b);
	if (!map->entries[slot].used)
		return false;
	*value = map->entries[slot].value;
	return true;
}

static bool ptr_map_grow(struct ptr_map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : 64;
	struct ptr_map_entry *entries = calloc(capacity, sizeof(*entries));

	if (!entries)
		return false;
	for (size_t i = 0; i < map->capacity; i++) {
		const struct ptr_map_entry *old = &map->entries[i];

		if (old->used)
			entries[find_slot(entries, capacity, old->a, old->b)] = *old;
	}
	free(map->entries);
	map->entries = entries;
	map->capacity = capacity;
	return true;
}

void ptr_map_put(struct ptr_map *map, const void *a, const void *b, const void *value)
{
	size_t slot;

	if (map->count * 4 >= map->capacity * 3 && !ptr_map_grow(map))
		return;
	slot = find_slot(map->entries, map->capacity, a, b);
	map->count += !map->entries[slot].used;
	map->entries[slot] = (struct ptr_map_entry){ a, b, value, true };
}

void ptr_map_free(struct ptr_map *map)
{
	free(map->entries);
	*map = (struct ptr_map){ 0 };
}
