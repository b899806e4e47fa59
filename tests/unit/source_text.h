/* Loads a text as if a file of this name had it. */
#pragma once

#include <sys/mman.h>

#include "lib/lib.h"

static inline bool source_from_text(struct source_file *source, const char *file, const char *text, size_t length,
				    struct pool *into, struct diags *said)
{
	int memory = memfd_create("text", MFD_CLOEXEC);
	size_t first = said->count;
	char path[64];
	bool good;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	good = write_all(memory, text, length) && source_load(source, path, into, said);
	close(memory);
	source->file = pool_text(into, file);
	for (size_t n = first; n < said->count; n++) {
		free(said->list[n].file);
		said->list[n].file = strdup(file);
	}
	return good;
}
