/* Compares a process with superd, by /proc. The kernel answers itself, so the process cannot block the read. */
#include "os/proc/process_rights.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/rights/own_privileges.h"

#define FILE_MOST 16384
#define LINK_MOST 64

struct rights {
	uint64_t permitted;             /* bit CAP_x */
	uint64_t filters;               /* number of seccomp filters */
};

static char *read_file_of(const char *process, const char *name)
{
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%s/%s", process, name);
	return fd_read_file(path, FILE_MOST, &length);
}

static bool find_field(const char *status, const char *name, int base, uint64_t *value)
{
	const char *at = strstr(status, name);

	if (!at)
		return false;
	*value = strtoull(at + strlen(name), NULL, base);
	return true;
}

/* A kernel without the field Seccomp_filters has no filters. */
static bool read_rights(const char *process, struct rights *rights)
{
	char *status = read_file_of(process, "status");
	bool good = status && find_field(status, "\nCapPrm:", 16, &rights->permitted);

	rights->filters = 0;
	if (good)
		find_field(status, "\nSeccomp_filters:", 10, &rights->filters);
	free(status);
	return good;
}

static bool read_link(const char *process, char text[LINK_MOST])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%s/ns/user", process);
	length = readlink(path, text, LINK_MOST - 1);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* The kernel shows a process's link only to a reader with all of its capabilities, so root's not to a superd without
 * rights. It shows the map of its users to everybody. */
static bool is_in_own_user_namespace(const char *process)
{
	char link[LINK_MOST], own_link[LINK_MOST], *map, *own_map;
	bool same;

	if (read_link(process, link) && read_link("self", own_link))
		return !strcmp(link, own_link);
	map = read_file_of(process, "uid_map");
	own_map = read_file_of("self", "uid_map");
	same = map && own_map && !strcmp(map, own_map);
	free(map);
	free(own_map);
	return same;
}

/* As many filters as superd has are taken for the same ones: a process that inherits them cannot drop one. */
bool process_has_superds_rights(pid_t pid)
{
	struct rights own, its;
	char process[24];
	uint64_t before;
	bool good;

	if (pid <= 0)
		return false;
	snprintf(process, sizeof(process), "%ld", (long)pid);
	before = own_privileges_raise();
	good = is_in_own_user_namespace(process) && read_rights("self", &own) && read_rights(process, &its);
	own_privileges_use(before);
	return good && !(own.permitted & ~its.permitted) && (!its.filters || its.filters == own.filters);
}
