/* Finds out what the kernel allows, before anything depends on it. Capabilities prove little: root in a container may
 * not be allowed to mount, and a seccomp filter may forbid namespaces to a process with every capability. So each means
 * is tried. */
#include <errno.h>
#include <sched.h>
#include <stddef.h>

#include "exec/child/sandbox.h"
#include "exec/stages/mount_tree.h"
#include "exec/stages/stages.h"

/* Tried one by one, as a failure must not hide the others. */
static const struct { int flag; unsigned need;
} namespaces[] = {
	{ CLONE_NEWNS, SANDBOX_NEEDS_MOUNTS },
	{ CLONE_NEWNET, SANDBOX_NEEDS_NETWORK },
	{ CLONE_NEWIPC, SANDBOX_NEEDS_QUEUES },
	{ CLONE_NEWUTS, SANDBOX_NEEDS_NAME },
};

/* Whether this kernel has the calls of mount_tree.c: then they fail with EBADF, as there is no such tree. */
static bool has_mount_calls(void)
{
	return mount_tree_set_attr(-1, MOUNT_TREE_READ_ONLY, 0) == 0 || errno != ENOSYS;
}

unsigned probe_missing(bool by_users)
{
	unsigned lacking = has_mount_calls() ? 0 : SANDBOX_NEEDS_MOUNTS;

	if (by_users && unshare(CLONE_NEWUSER) < 0)
		return SANDBOX_PROBED;
	for (size_t n = 0; n < sizeof(namespaces) / sizeof(namespaces[0]); n++) {
		if (unshare(namespaces[n].flag) < 0)
			lacking |= namespaces[n].need;
	}
	if (!by_users && unshare(CLONE_NEWUSER) < 0)
		lacking |= SANDBOX_NEEDS_USERS;
	return lacking;
}
