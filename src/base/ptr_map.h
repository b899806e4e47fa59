/* What was looked up once: two pointers -> one pointer, for the length of one pass over a table.
 * Values of a table are kept in its pool, equal ones at one address, so a pointer is as good a
 * key as what it points to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ptr_map {
	struct ptr_map_entry *entries;  /* open addressing */
	size_t count, capacity;
};

/* The value put under this key; false: there is none. */
bool ptr_map_get(const struct ptr_map *map, const void *a, const void *b, const void **value);

/* Remembers value, NULL too. Without memory for it the memo only forgets: the next pass asks again. */
void ptr_map_put(struct ptr_map *map, const void *a, const void *b, const void *value);

void ptr_map_free(struct ptr_map *map);
