/* Takes on a user's identity for a while. Source: capabilities(7), "Effect of user ID changes".
 *
 * If superd is not root but has capabilities, they survive a change of the user, so they are lowered explicitly. */
#include "os/foreign/act_as.h"

#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/rights/raw_syscall.h"

#define GROUPS_MOST 65536               /* NGROUPS_MAX */
#define NOBODY 65534u                   /* the group nogroup */
#define MAP_MOST (1 << 16)
#define GROUP_FILE_MOST (4 << 20)

static gid_t groups[GROUPS_MOST];       /* used in forked processes only: superd itself never touches these pages */

/* The last number, at most `most`, that this user namespace has (user_namespaces(7)) and `taken` does not name, or
 * 0. Without /proc it is taken for `most`: setresgid(2) and setresuid(2) then fail. */
static unsigned last_number(const char *map_path, unsigned most, const char *taken)
{
	size_t length;
	char *map = fd_read_file(map_path, MAP_MOST, &length), field[sizeof(":4294967295:")];
	unsigned first, count, number, last = map ? 0 : most;

	for (const char *line = map; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (sscanf(line, "%u %*u %u", &first, &count) != 2 || !count || first > most)
			continue;
		for (number = count - 1 < most - first ? first + count - 1 : most; number >= first && number > last;) {
			snprintf(field, sizeof(field), ":%u:", number);
			if (strstr(taken, field))
				number--;
			else
				last = number;
		}
	}
	free(map);
	return last;
}

/* nogroup; where it has no number, as in a container of 1,000 users, one that /etc/group does not know. Not superd's
 * own, which is root's. */
static gid_t find_no_group(void)
{
	size_t length;
	gid_t last = last_number("/proc/self/gid_map", NOBODY, "");
	char *known = last == NOBODY ? NULL : fd_read_file("/etc/group", GROUP_FILE_MOST, &length);

	if (known)
		last = last_number("/proc/self/gid_map", NOBODY, known);
	free(known);
	return last ? last : NOBODY;
}

struct account act_as_whom(uid_t user, const struct account *known)
{
	if (known && (known->uid == user || last_number("/proc/self/uid_map", user, "") != user))
		return *known;
	return (struct account){ .uid = user, .gid = find_no_group(), .switches = true };
}

/* Sets the effective capabilities to `now` and writes the present ones to `before`. Either may be NULL. */
static bool set_capabilities(const unsigned now[2], unsigned before[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	for (int n = 0; n < 2; n++) {
		if (before)
			before[n] = data[n].effective;
		if (now)
			data[n].effective = now[n];
	}
	return !now || syscall(SYS_capset, &header, data) == 0;
}

bool act_as_begin(struct act_as *before, const struct account *account)
{
	static const unsigned none[2];

	*before = (struct act_as){ .account = account };
	raw_raise_effective();          /* superd has lowered its own (os/rights/own_privileges) */
	if (!account)
		return true;
	before->uid = geteuid();
	before->gid = getegid();
	before->group_count = getgroups(GROUPS_MOST, groups);
	return before->group_count >= 0 && set_capabilities(NULL, before->capabilities) &&
	       (account->keeps_groups || raw_set_groups(account->group_count, account->groups) == 0) &&
	       raw_set_egid(account->gid) == 0 && raw_set_euid(account->uid) == 0 && set_capabilities(none, NULL);
}

bool act_as_end(const struct act_as *before)
{
	const struct account *account = before->account;

	if (!account)
		return true;
	return raw_set_euid(before->uid) == 0 && set_capabilities(before->capabilities, NULL) &&
	       raw_set_egid(before->gid) == 0 &&
	       (account->keeps_groups || raw_set_groups((size_t)before->group_count, groups) == 0);
}
