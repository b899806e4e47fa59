/* Takes on a user's identity for a while. Source: capabilities(7), "Effect of user ID changes".
 *
 * If superd is not root but has capabilities, they survive a change of the user, so they are lowered explicitly. */
#include "os/foreign/act_as.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/rights/raw_syscall.h"

#define GROUPS_MOST 65536               /* NGROUPS_MAX */

static gid_t groups[GROUPS_MOST];       /* used in forked processes only: superd itself never touches these pages */

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
