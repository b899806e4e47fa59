/* The two files of hosts_access(5), which superd looks at for each client of a service with libwrap. */
#include "os/host/host.h"

#define TABLE_MOST (1 << 20)

static const char *const paths[] = { "/etc/hosts.allow", "/etc/hosts.deny" };

static bool has_rule(const char *path)
{
	size_t length;
	char *text = fd_read_file(path, TABLE_MOST, &length), *rest = text, *line;
	bool has = !text && errno != ENOENT && errno != ENOTDIR;

	while (!has && (line = strsep(&rest, "\n")))
		has = *line != '#' && line[strspn(line, " \t\r")];
	free(text);
	return has;
}

bool hosts_access_has_rules(void)
{
	return has_rule(paths[0]) || has_rule(paths[1]);
}

uint64_t hosts_access_version(void)
{
	uint64_t hash = HASH_START;
	struct stat status;

	for (size_t n = 0; n < sizeof(paths) / sizeof(*paths); n++) {
		if (stat(paths[n], &status) < 0)
			continue;
		hash = hash_add(hash_add(hash, status.st_ino), (uint64_t)status.st_size);
		hash = hash_bytes(hash, &status.st_ctim, sizeof(status.st_ctim));
	}
	return hash;
}
