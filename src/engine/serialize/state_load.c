/* Reads the values of an earlier superd, each within bounds. */
#include "engine/serialize/state_load.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/scan.h"
#include "os/netdiag/socket_id.h"

#define KEY_MOST 64                     /* bytes */

/* Whether the descriptor is still what it was. */
static bool is_same(struct state_section *section, const char *key, int fd)
{
	char name[KEY_MOST];
	const char *id;
	int64_t number;

	snprintf(name, sizeof(name), "%s" STATE_FD_ID, key);
	id = state_text(section, name);
	return !id || (!scan_count(id, &number) && (uint64_t)number == socket_id(fd));
}

static int open_fd(struct state_section *section, const char *key, int fd)
{
	return fd >= 0 && fcntl(fd, F_GETFD) >= 0 && is_same(section, key, fd) ? fd : -1;
}

int load_fd(struct state_section *section, const char *key)
{
	return open_fd(section, key, (int)state_number(section, key, STDERR_FILENO + 1, INT_MAX, -1));
}

int load_fd_of(struct state_section *section, struct state_entry *entry)
{
	struct state_section one = { .kind = section->kind, .entries = entry, .count = 1, .stream = section->stream };

	return open_fd(section, entry->key, (int)state_number(&one, entry->key, STDERR_FILENO + 1, INT_MAX, -1));
}

bool load_holds_descriptor(const char *key)
{
	static const char *const keys[] = {
		"fd", "read", "write", "channel", "channel_client", "client", "gone", "main_fd", "control",
		"pid_file", "relay_fd", "group_fd", "former_fd", "pipe", "notif",
	};

	for (size_t n = 0; n < sizeof(keys) / sizeof(*keys); n++) {
		if (!strcmp(keys[n], key))
			return true;
	}
	return false;
}
