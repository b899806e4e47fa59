/* Compares a process with superd, by /proc: its privileges by its status and the link of its user namespace, its place
 * by its ancestors, which lead to superd, as superd is their reaper. The kernel holds all of it, so the process cannot
 * block the read. */
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

enum place { OUTSIDE, BELOW, UNKNOWN };

struct rights {
	uint64_t permitted;             /* bit CAP_x */
	uint64_t mode;                  /* 0: no filter of system calls; 2: filters */
	uint64_t filters;               /* how many, since Linux 5.9 */
	bool counts;                    /* filters is known */
	char users[LINK_MOST];          /* the link of its user namespace */
};

static bool find(const char *status, const char *name, int base, uint64_t *value)
{
	const char *at = strstr(status, name);

	if (!at)
		return false;
	*value = strtoull(at + strlen(name), NULL, base);
	return true;
}

/* who: a number, or "self". */
static bool read_rights(const char *who, struct rights *rights)
{
	char path[64], *status;
	size_t length;
	ssize_t got;
	bool good;

	*rights = (struct rights){ .permitted = 0 };
	snprintf(path, sizeof(path), "/proc/%s/ns/user", who);
	got = readlink(path, rights->users, sizeof(rights->users) - 1);
	snprintf(path, sizeof(path), "/proc/%s/status", who);
	status = got > 0 ? fd_read_file(path, STATUS_MOST, &length) : NULL;
	good = status && find(status, "\nCapPrm:", 16, &rights->permitted) &&
	       find(status, "\nSeccomp:", 10, &rights->mode);
	rights->counts = good && find(status, "\nSeccomp_filters:", 10, &rights->filters);
	free(status);
	return good;
}

static bool is_free(pid_t pid)
{
	struct rights own, its;
	char who[32];

	snprintf(who, sizeof(who), "%ld", (long)pid);
	if (!read_rights("self", &own) || !read_rights(who, &its))
		return false;
	if (strcmp(own.users, its.users) != 0 || own.permitted & ~its.permitted)
		return false;
	return own.counts && its.counts ? own.filters == its.filters : its.mode == 0;
}

static enum place place_of(pid_t pid)
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
	before = own_privileges_raise(); /* the link of a namespace is shown to who has all that the process has */
	sandboxed = !is_free(pid) && place_of(pid) != OUTSIDE;
	own_privileges_use(before);
	return sandboxed;
}
