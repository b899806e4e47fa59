/* Compares a process with superd, by /proc: its privileges by its status file and the link of its user namespace, its
 * place by its ancestors. A descendant's ancestors lead to superd, as superd is its reaper. The kernel answers all of
 * these itself, so the process cannot block the read. */
#include "os/proc/process_sandboxed.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "os/proc/process.h"
#include "os/rights/own_privileges.h"

#define STATUS_MOST 16384
#define LINK_MOST 64
#define ANCESTORS_MOST 1000

enum relation { OUTSIDE, BELOW, UNKNOWN };

struct rights {
	uint64_t permitted;             /* bit CAP_x */
	uint64_t mode;                  /* Seccomp field: 0: no filter; 2: filters */
	uint64_t filters;               /* number of filters, since Linux 5.9 */
	bool has_filter_count;          /* `filters` is valid */
	char user_namespace[LINK_MOST]; /* text of the link /proc/PID/ns/user */
};

static bool find_field(const char *status, const char *name, int base, uint64_t *value)
{
	const char *at = strstr(status, name);

	if (!at)
		return false;
	*value = strtoull(at + strlen(name), NULL, base);
	return true;
}

/* Reads the rights of a process, a pid or "self". */
static bool read_rights(const char *process, struct rights *rights)
{
	char path[64], *status;
	size_t length;
	ssize_t got;
	bool good;

	*rights = (struct rights){ .permitted = 0 };
	snprintf(path, sizeof(path), "/proc/%s/ns/user", process);
	got = readlink(path, rights->user_namespace, sizeof(rights->user_namespace) - 1);
	snprintf(path, sizeof(path), "/proc/%s/status", process);
	status = got > 0 ? fd_read_file(path, STATUS_MOST, &length) : NULL;
	good = status && find_field(status, "\nCapPrm:", 16, &rights->permitted) &&
	       find_field(status, "\nSeccomp:", 10, &rights->mode);
	rights->has_filter_count = good && find_field(status, "\nSeccomp_filters:", 10, &rights->filters);
	free(status);
	return good;
}

static bool has_superds_rights(pid_t pid)
{
	struct rights own, its;
	char process[32];

	snprintf(process, sizeof(process), "%ld", (long)pid);
	if (!read_rights("self", &own) || !read_rights(process, &its))
		return false;
	if (strcmp(own.user_namespace, its.user_namespace) != 0 || own.permitted & ~its.permitted)
		return false;
	return own.has_filter_count && its.has_filter_count ? own.filters == its.filters : its.mode == 0;
}

static enum relation find_relation(pid_t pid)
{
	struct process process;

	for (int n = 0; n < ANCESTORS_MOST; n++) {
		if (!process_read(pid, &process))
			return UNKNOWN;
		if (process.parent == getpid())
			return BELOW;
		if (process.parent <= 1)
			return OUTSIDE;
		pid = process.parent;
	}
	return UNKNOWN;
}

bool process_is_sandboxed(pid_t pid)
{
	uint64_t before;
	bool sandboxed;

	if (pid <= 0 || pid == getpid() || !process_list_is_possible())
		return false;
	/* The kernel shows a namespace's link only to a reader with all of the process's capabilities. */
	before = own_privileges_raise();
	sandboxed = !has_superds_rights(pid) && find_relation(pid) != OUTSIDE;
	own_privileges_use(before);
	return sandboxed;
}
