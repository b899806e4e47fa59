/* What superd shares with a worker, written to from outside: as a worker writes there that was taken over, or as one leaves it
 * that was killed between two counts. */
#pragma once

#include <inttypes.h>

#include "tests/unit/unit.h"

#define SHARED_MOST 64

struct shared_memory {
	struct shared_part {
		uintptr_t from, to;
	} parts[SHARED_MOST];
	size_t count;
};

/* All that this process shares with others. */
static inline struct shared_memory list_shared_memory(void)
{
	struct shared_memory shared = { .count = 0 };
	FILE *maps = fopen("/proc/self/maps", "re");
	struct shared_part part;
	char line[512], rights[5];

	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &part.from, &part.to, rights) != 3 || strcmp(rights, "rw-s"))
			continue;
		cr_assert_lt(shared.count, (size_t)SHARED_MOST);
		shared.parts[shared.count++] = part;
	}
	fclose(maps);
	return shared;
}

static inline bool has_part(const struct shared_memory *shared, const struct shared_part *part)
{
	for (size_t n = 0; n < shared->count; n++) {
		if (shared->parts[n].from <= part->from && shared->parts[n].to >= part->to)
			return true;
	}
	return false;
}

/* Fills with a byte what is shared now and was not before. */
static inline void fill_shared_since(const struct shared_memory *before, unsigned char byte)
{
	struct shared_memory now = list_shared_memory();
	size_t filled = 0;

	for (size_t n = 0; n < now.count; n++) {
		const struct shared_part *part = &now.parts[n];

		if (has_part(before, part))
			continue;
		memset((void *)part->from, byte, part->to - part->from);
		filled++;
	}
	cr_assert_eq(filled, 1);
}
