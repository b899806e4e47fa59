/* Reads /proc/self/uid_map and gid_map. */
#include "os/rights/id_map.h"

#include <stdint.h>
#include <stdio.h>

static bool is_mapped(const char *path, uint64_t first, uint64_t count)
{
	FILE *file = fopen(path, "re");
	unsigned long inside, outside, length;
	bool mapped = !file;

	while (file && !mapped && fscanf(file, "%lu %lu %lu", &inside, &outside, &length) == 3)
		mapped = inside <= first && first + count <= (uint64_t)inside + length;
	if (file)
		fclose(file);
	return mapped;
}

bool id_map_has_uids(unsigned first, unsigned count)
{
	return is_mapped("/proc/self/uid_map", first, count);
}

bool id_map_has_gids(unsigned first, unsigned count)
{
	return is_mapped("/proc/self/gid_map", first, count);
}
