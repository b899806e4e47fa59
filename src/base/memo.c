/* A small hash of pointer pairs. Nothing is ever taken out, so open addressing needs no
 * tombstones; a zeroed struct is an empty memo. Losing an entry for want of memory is harmless
 * by design: what is not found is looked up again. */
#include "base/memo.h"

#include <stdint.h>
#include <stdlib.h>

struct memo_entry {
	const void *a, *b, *value;
	bool used;
};

static size_t slot_of(const struct memo_entry *entries, size_t capacity, const void *a, const void *b)
{
	uint64_t mixed = ((uint64_t)(uintptr_t)a ^ ((uint64_t)(uintptr_t)b << 17)) * 0x9e3779b97f4a7c15u;
	size_t slot = (size_t)(mixed >> 20) & (capacity - 1);

	while (entries[slot].used && (entries[slot].a != a || entries[slot].b != b))
		slot = (slot + 1) & (capacity - 1);
	return slot;
}

bool memo_get(const struct memo *memo, const void *a, const void *b, const void **value)
{
	size_t slot;

	if (!memo->capacity)
		return false;
	slot = slot_of(memo->entries, memo->capacity, a, b);
	if (!memo->entries[slot].used)
		return false;
	*value = memo->entries[slot].value;
	return true;
}

static bool memo_grow(struct memo *memo)
{
	size_t capacity = memo->capacity ? memo->capacity * 2 : 64;
	struct memo_entry *entries = calloc(capacity, sizeof(*entries));

	if (!entries)
		return false;
	for (size_t i = 0; i < memo->capacity; i++) {
		const struct memo_entry *old = &memo->entries[i];

		if (old->used)
			entries[slot_of(entries, capacity, old->a, old->b)] = *old;
	}
	free(memo->entries);
	memo->entries = entries;
	memo->capacity = capacity;
	return true;
}

void memo_put(struct memo *memo, const void *a, const void *b, const void *value)
{
	size_t slot;

	if (memo->count * 4 >= memo->capacity * 3 && !memo_grow(memo))
		return;
	slot = slot_of(memo->entries, memo->capacity, a, b);
	memo->count += !memo->entries[slot].used;
	memo->entries[slot] = (struct memo_entry){ a, b, value, true };
}

void memo_free(struct memo *memo)
{
	free(memo->entries);
	*memo = (struct memo){ 0 };
}
