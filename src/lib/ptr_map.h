/* A cache from a pair of pointers to a pointer, for one pass over a table. Equal values of a table have one address in
 * its pool, so a pointer is as good a key as the value. A zeroed struct is an empty map; the owner calls
 * ptr_map_free. */
#pragma once

#include <stdbool.h>

struct ptr_map {
	void *root;                     /* owned, of tsearch(3) */
};

/* Sets *value to the value of this key. false: there is none. */
bool ptr_map_get(const struct ptr_map *map, const void *a, const void *b, const void **value);

/* Stores a value, which may be NULL. If memory runs out, it stores nothing, and the caller computes the value again. */
void ptr_map_put(struct ptr_map *map, const void *a, const void *b, const void *value);

void ptr_map_free(struct ptr_map *map);
