/* What was looked up once: two pointers -> one pointer, for the length of one pass over a table.
 * Values of a table are kept in its pool, equal ones at one address, so a pointer is as good a
 * key as what it points to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct memo {
	struct memo_entry *entries;     /* open addressing */
	size_t count, capacity;
};

/* The value put under this key; false: there is none. */
bool memo_get(const struct memo *memo, const void *a, const void *b, const void **value);

/* Remembers value, NULL too. Without memory for it the memo only forgets: the next pass asks again. */
void memo_put(struct memo *memo, const void *a, const void *b, const void *value);

void memo_free(struct memo *memo);
