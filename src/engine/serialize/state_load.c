/* Reads the values of an earlier superd, each within bounds. */
#include "engine/serialize/state_load.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

int load_fd(struct state_section *section, const char *key)
{
	int fd = (int)state_number(section, key, STDERR_FILENO + 1, INT_MAX, -1);

	return fd >= 0 && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

int load_fd_of(struct state_section *section, struct state_entry *entry)
{
	struct state_section one = { .kind = section->kind, .entries = entry, .count = 1, .stream = section->stream };

	return load_fd(&one, entry->key);
}
