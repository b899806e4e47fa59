/* Reads the values of an earlier superd, each within bounds. */
#include "superd/saved/state_load.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/scan.h"
#include "os/netdiag/socket_id.h"

/* Whether the descriptor of this entry is still what it was, as far as the kernel tells. Its id is in the entry behind
 * it; a section may have several. */
static bool is_same(struct state_section *section, const struct state_entry *entry, int fd)
{
	struct state_entry *id = section->entries + (entry - section->entries) + 1;
	size_t length = strlen(entry->key);
	int64_t number;
	uint64_t now;

	if (id >= section->entries + section->count || strncmp(id->key, entry->key, length) ||
	    strcmp(id->key + length, STATE_FD_ID))
		return true;
	id->used = true;
	return !scan_count(id->value, &number) && (!socket_id_read(fd, &now) || (uint64_t)number == now);
}

int load_fd_of(struct state_section *section, struct state_entry *entry)
{
	struct state_section one = { .kind = section->kind, .entries = entry, .count = 1, .stream = section->stream };
	int fd = (int)state_number(&one, entry->key, STDERR_FILENO + 1, INT_MAX, -1);

	return fd >= 0 && is_same(section, entry, fd) && fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

int load_fd(struct state_section *section, const char *key)
{
	for (size_t n = 0; n < section->count; n++) {
		if (!strcmp(section->entries[n].key, key))
			return load_fd_of(section, &section->entries[n]);
	}
	return -1;
}

bool load_holds_descriptor(const char *key)
{
	static const char *const keys[] = {
		"fd", "read", "write", "channel", "channel_client", "client", "main_fd", "control",
		"pid_file", "relay_fd", "group_fd", "former_fd", "pipe", "notif",
	};

	for (size_t n = 0; n < sizeof(keys) / sizeof(*keys); n++) {
		if (!strcmp(keys[n], key))
			return true;
	}
	return false;
}
