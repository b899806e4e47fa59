/* Finds out what the kernel allows, before anything depends on it. Capabilities prove little: a container's root may
 * not mount, and a seccomp filter may forbid namespaces to a process with every capability. So each ability is tried,
 * in a separate process. */
#include "exec/sandbox/confine_ability.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif

#include "base/fd.h"
#include "config/option/directive.h"
#include "exec/child/confine_tree.h"
#include "exec/spawn/spawn.h"
#include "os/rights/capability.h"

static const struct { const char *option; unsigned needs;
} needs[] = {
	{ "private_tmp", NEED_MOUNTS },
	{ "private_devices", NEED_MOUNTS | NEED_FILTER },
	{ "private_ipc", NEED_QUEUES | NEED_MOUNTS },
	{ "private_mounts", NEED_MOUNTS },
	{ "private_network", NEED_NETWORK },
	{ "network_namespace_path", NEED_ENTRY },
	{ "private_users", NEED_USERS },
	{ "protect_system", NEED_MOUNTS },
	{ "protect_home", NEED_MOUNTS },
	{ "protect_kernel_tunables", NEED_MOUNTS | NEED_FILTER },
	{ "protect_kernel_modules", NEED_MOUNTS | NEED_FILTER },
	{ "protect_kernel_logs", NEED_MOUNTS | NEED_FILTER },
	{ "protect_control_groups", NEED_MOUNTS },
	{ "protect_clock", NEED_FILTER },
	{ "protect_hostname", NEED_NAME | NEED_MOUNTS | NEED_FILTER },
	{ "protect_proc", NEED_MOUNTS | NEED_PROC },
	{ "proc_subset", NEED_MOUNTS | NEED_PROC },
	{ "mount_flags", NEED_MOUNTS },
	{ "read_only_paths", NEED_MOUNTS },
	{ "read_write_paths", NEED_MOUNTS },
	{ "inaccessible_paths", NEED_MOUNTS },
	{ "exec_paths", NEED_MOUNTS },
	{ "no_exec_paths", NEED_MOUNTS },
	{ "bind_paths", NEED_MOUNTS },
	{ "bind_read_only_paths", NEED_MOUNTS },
	{ "temporary_file_system", NEED_MOUNTS },
	{ "mount_api_vfs", NEED_MOUNTS | NEED_PROC },
	{ "system_call_filter", NEED_FILTER },
	{ "system_call_architectures", NEED_FILTER },
	{ "restrict_address_families", NEED_FILTER },
	{ "restrict_namespaces", NEED_FILTER },
	{ "restrict_realtime", NEED_FILTER },
	{ "restrict_suid_sgid", NEED_FILTER },
	{ "memory_deny_write_execute", NEED_FILTER },
	{ "lock_personality", NEED_FILTER },
	{ "apparmor_profile", NEED_PROFILE },
	{ "selinux_context", NEED_CONTEXT },
};

static const char *const reasons[] = {
	"superd may not make mounts of its own here (a mount namespace, and Linux 5.12 or later)",
	"superd may not make a network namespace here", "superd may not make an IPC namespace here",
	"superd may not make a namespace for the host's name here", "superd may not make a user namespace here",
#ifdef HAVE_LIBSECCOMP
	"this kernel does not filter system calls",
#else
	"this superd was built without libseccomp",
#endif
	"there is no AppArmor here", "superd sets no SELinux context",
	"only root or CAP_SETUID can map more than one user", "only root or CAP_SYS_ADMIN can enter a namespace",
	"only root or CAP_SYS_ADMIN can mount /proc anew",
};

/* Each by itself: one that fails must not hide the others. */
static const struct { int flag; unsigned need; } namespaces[] = {
	{ CLONE_NEWNS, NEED_MOUNTS }, { CLONE_NEWNET, NEED_NETWORK }, { CLONE_NEWIPC, NEED_QUEUES },
	{ CLONE_NEWUTS, NEED_NAME },
};

static int try_each(bool by_users)
{
	unsigned lacking = 0;

	if (by_users && unshare(CLONE_NEWUSER) < 0)
		return NEED_MOUNTS | NEED_NETWORK | NEED_QUEUES | NEED_NAME | NEED_USERS;
	for (size_t n = 0; n < sizeof(namespaces) / sizeof(namespaces[0]); n++) {
		if (unshare(namespaces[n].flag) < 0)
			lacking |= namespaces[n].need;
	}
	if (!by_users && unshare(CLONE_NEWUSER) < 0)
		lacking |= NEED_USERS;
	return (int)lacking;
}

static int try_privileged(void)
{
	return try_each(false);
}

static int try_by_users(void)
{
	return try_each(true);
}

static bool has_profiles(void)
{
	size_t length;
	char *text = fd_read_file("/sys/module/apparmor/parameters/enabled", 16, &length);
	bool enabled = text && *text == 'Y';

	free(text);
	return enabled;
}

/* Whether this kernel has the calls of exec/child/confine_tree: EBADF, as there is no such tree. */
static bool has_trees(void)
{
	return tree_change(-1, TREE_READ_ONLY, 0) == 0 || errno != ENOSYS;
}

static bool has_filter(void)
{
#if defined(HAVE_LIBSECCOMP) && defined(PR_GET_SECCOMP)
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
#else
	return false;
#endif
}

static void look(struct abilities *abilities)
{
	int lacking;

	abilities->looked = true;
	abilities->privileged = capability_held(CAP_SYS_ADMIN);    /* which a child apart raises */
	lacking = spawn_try(abilities->privileged ? try_privileged : try_by_users);
	if (lacking < 0)
		lacking = NEED_MOUNTS | NEED_NETWORK | NEED_QUEUES | NEED_NAME | NEED_USERS;
	abilities->lacking = (unsigned)lacking | NEED_CONTEXT;
	if (!has_trees())
		abilities->lacking |= NEED_MOUNTS;
	if (!has_filter())
		abilities->lacking |= NEED_FILTER;
	if (!has_profiles())
		abilities->lacking |= NEED_PROFILE;
	if (!capability_held(CAP_SETUID) || !capability_held(CAP_SETGID))
		abilities->lacking |= NEED_ALL_USERS;
	if (!abilities->privileged)
		abilities->lacking |= NEED_ENTRY | NEED_PROC;
}

unsigned abilities_lacking(struct abilities *abilities)
{
	if (!abilities->looked)
		look(abilities);
	return abilities->lacking;
}

bool abilities_privileged(struct abilities *abilities)
{
	if (!abilities->looked)
		look(abilities);
	return abilities->privileged;
}

/* "-" in front: where there is none, it is not needed. */
static bool can_do_without(const struct directive *directive, const void *field)
{
	const char *text = directive->type == &type_text ? *(const char *const *)field : NULL;

	return text && *text == '-';
}

static unsigned needs_of(size_t n, const struct service *service, struct pool *scratch)
{
	const struct directive *directive = directive_find(NATIVE, needs[n].option);
	const void *field = directive_field(directive, service);
	const struct hardening *hardening = service->terms->hardening;
	bool every_user = hardening->private_users == PRIVATE_USERS_IDENTITY ||
			  hardening->private_users == PRIVATE_USERS_FULL;

	if (directive_is_default(directive, field, scratch) || can_do_without(directive, field))
		return 0;
	return needs[n].needs | (needs[n].needs == NEED_USERS && every_user ? NEED_ALL_USERS : 0);
}

void abilities_compare(struct abilities *abilities, const struct service *service, struct pool *scratch,
		       ability_say *say, void *context)
{
	unsigned all = 0;

	if (service->terms == abilities->modest)
		return;
	for (size_t n = 0; n < sizeof(needs) / sizeof(needs[0]); n++) {
		unsigned wanted = needs_of(n, service, scratch);
		unsigned lacking = wanted ? wanted & abilities_lacking(abilities) : 0;

		all |= wanted;
		for (size_t bit = 0; lacking && bit < sizeof(reasons) / sizeof(reasons[0]); bit++) {
			if (!(lacking >> bit & 1))
				continue;
			say(context, service, needs[n].option, reasons[bit]);
			break;
		}
	}
	abilities->modest = all ? NULL : service->terms;
}
