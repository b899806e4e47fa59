/* From a service to its sandbox.
 *
 * One option often needs several means, or the service finds a way around it: protect_kernel_modules takes away a
 * capability (here), system calls (filter/restrict.c) and the view of the modules (mount_list.c). */
#include "exec/child/sandbox.h"

#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/buf.h"
#include "os/rights/capability.h"
#include "superd/start/credentials.h"
#include "superd/start/directories.h"
#include "superd/start/mount_list.h"
#include "superd/start/sandbox_probe.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* A sandbox while it is made. */
struct sandbox_build {
	struct service *service;
	struct pool *pool;
	const char *control;            /* path of the control socket; NULL: the default */
	struct sandbox_support *support;
	unsigned without;               /* enum sandbox_need: means to leave out, as this machine lacks them */
	const struct sock_fprog *const *filters;        /* NULL: none */
	struct diags *diags;
	/* An option asks for mounts, even if none remain: then the backend has a mount namespace. */
	bool asks_for_mounts;
	struct sandbox_config result;
};

static bool add_memory_error(const struct sandbox_build *build)
{
	diag_error(build->diags, build->service->at, "%s: hardening: out of memory", build->service->name);
	return false;
}

/* Whether the service could leave a chroot(2), as root can by another one. Then its root is entered by mounts, if
 * superd may mount. For other users chroot(2) is as good, and needs no namespace. */
static bool may_leave_chroot(const struct service *service)
{
	const struct account *account = service->account;
	uid_t uid = account && account->switches ? account->uid : geteuid();

	return service_root(service) && (uid == 0 || service->groups->identity->ambient_capabilities & CAP(SYS_CHROOT));
}

static bool mounts_root(const struct service *service, struct sandbox_support *support)
{
	return may_leave_chroot(service) && !(sandbox_support_missing(support) & SANDBOX_NEEDS_MOUNTS);
}

bool sandbox_leaves_root(const struct service *service)
{
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;

	return may_leave_chroot(service) && !(sandbox && sandbox->root);
}

/* The option that gives it a network namespace other than superd's; NULL: none. */
static const char *network_option(const struct sandbox_build *build)
{
	const struct option_groups *groups = build->service->groups;

	if (groups->hardening->private_network && !(build->without & SANDBOX_NEEDS_NETWORK))
		return "private_network";
	return NULL;
}

static bool make_mounts(struct sandbox_build *build)
{
	struct mount_list places = { .pool = build->pool, .root = service_root(build->service),
				     .control = build->control };
	struct sandbox_mount *mounts;
	bool good;

	if (build->without & SANDBOX_NEEDS_MOUNTS)
		return true;
	places.no_proc = build->without & SANDBOX_NEEDS_PROC;
	if (!(sandbox_support_missing(build->support) & SANDBOX_NEEDS_MOUNTS))
		places.network = network_option(build);
	mount_list_fill(&places, build->service);
	build->asks_for_mounts = places.count;
	if (!places.failed)
		mount_list_finish(&places);
	if (places.overflowed)
		diag_error(build->diags, build->service->at,
			   "%s: it has %zu inaccessible paths, more than superd can handle",
			   build->service->name, places.count);
	good = !places.failed && !places.overflowed;
	mounts = good && places.count ? calloc(places.count, sizeof(*mounts)) : NULL;
	for (size_t n = 0; mounts && n < places.count; n++)
		memcpy(&mounts[n], &places.list[n].mount, sizeof(*mounts));
	if (mounts) {
		build->result.mounts = pool_keep(build->pool, mounts, places.count * sizeof(*mounts));
		build->result.mount_count = places.count;
	}
	good = good && (!places.count || build->result.mounts);
	free(mounts);
	free(places.list);
	return good || places.overflowed || add_memory_error(build);
}

/* Whether the service would lose its notify socket: by path because of another root, and by abstract name because of
 * another network namespace. */
static bool loses_notify(const struct service *service)
{
	return service->groups->environment->root_directory && service->groups->hardening->private_network &&
	       service_notify_access(service) != NOTIFY_NONE;
}

static void make_namespaces(struct sandbox_build *build)
{
	static const unsigned users[] = {
		[PRIVATE_USERS_NO] = USERS_SHARED, [PRIVATE_USERS_YES] = USERS_SELF, [PRIVATE_USERS_SELF] = USERS_SELF,
		[PRIVATE_USERS_IDENTITY] = USERS_IDENTITY, [PRIVATE_USERS_FULL] = USERS_FULL,
	};
	const struct hardening_options *hardening = build->service->groups->hardening;
	struct sandbox_config *result = &build->result;

	result->has_mounts = (build->asks_for_mounts || hardening->private_mounts ||
			      mounts_root(build->service, build->support) || loses_notify(build->service)) &&
			     !(build->without & SANDBOX_NEEDS_MOUNTS);
	if (result->has_mounts) {
		result->namespaces |= CLONE_NEWNS;
		result->root = service_root(build->service);
	}
	if (hardening->private_network && !(build->without & SANDBOX_NEEDS_NETWORK))
		result->namespaces |= CLONE_NEWNET;
	if (hardening->private_ipc && !(build->without & SANDBOX_NEEDS_QUEUES))
		result->namespaces |= CLONE_NEWIPC;
	if (hardening->protect_hostname && !(build->without & SANDBOX_NEEDS_NAME))
		result->namespaces |= CLONE_NEWUTS;
	if (!(build->without & SANDBOX_NEEDS_USERS))
		result->users = users[hardening->private_users];
	result->users_first = (result->namespaces || result->users) && !sandbox_support_privileged(build->support);
}

/* A superd without CAP_SETPCAP lacks these capabilities itself, so it is enough that no program gains them. */
static void make_capabilities(struct sandbox_build *build)
{
	const struct hardening_options *hardening = build->service->groups->hardening;
	struct sandbox_config *result = &build->result;

	if (hardening->protect_kernel_modules)
		result->dropped |= CAP(SYS_MODULE);
	if (hardening->protect_kernel_logs)
		result->dropped |= CAP(SYSLOG);
	if (hardening->protect_clock)
		result->dropped |= CAP(SYS_TIME) | CAP(WAKE_ALARM);
	if (hardening->private_devices)
		result->dropped |= CAP(MKNOD) | CAP(SYS_RAWIO);
	if (result->dropped && !result->users_first && !capability_held(CAP_SETPCAP)) {
		result->dropped = 0;
		result->no_new_privileges = true;
	}
}

static void make_profile(struct sandbox_build *build)
{
	const char *profile = build->service->groups->paths->apparmor_profile;
	bool can_go = profile && *profile == '-';

	if (!profile || build->without & SANDBOX_NEEDS_PROFILE)
		return;
	if (can_go && sandbox_support_missing(build->support) & SANDBOX_NEEDS_PROFILE)
		return;
	build->result.profile = profile + can_go;
}

static bool makes_private_tmp(const struct sandbox_config *sandbox)
{
	for (size_t n = 0; n < sandbox->mount_count; n++) {
		if (sandbox->mounts[n].content == CONTENT_PRIVATE_TMP)
			return true;
	}
	return false;
}

static bool is_zeroed(const void *group, size_t size)
{
	const unsigned char *bytes = group;

	while (size && !bytes[size - 1])
		size--;
	return !size;
}

/* For most services, which set none of these options. Groups are made of zeroed memory. */
static bool needs_no_sandbox(const struct service *service, struct sandbox_support *support)
{
	const struct option_groups *groups = service->groups;
	const struct syscall_options *calls = groups->syscalls;

	return is_zeroed(groups->paths, sizeof(*groups->paths)) &&
	       is_zeroed(groups->hardening, sizeof(*groups->hardening)) && !calls->system_call_filter &&
	       !calls->system_call_architectures && !calls->restrict_address_families &&
	       !mounts_root(service, support);
}

/* The number of the service's own folders, which stay accessible. Their paths are known at the start. */
static size_t count_open_paths(const struct service *service)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	size_t count = credentials_are_wanted(service);

	directories_of(service, &(struct process_defaults){ 0 }, kinds);
	for (size_t kind = 0; kind < DIRECTORY_KINDS; kind++)
		count += kinds[kind].is_owned ? words_count(kinds[kind].names) : 0;
	return count;
}

static bool has_room_for_open_paths(const struct sandbox_build *build)
{
	size_t count = build->result.has_mounts ? count_open_paths(build->service) : 0;

	if (count <= OPEN_PATHS_MOST)
		return true;
	diag_error(build->diags, build->service->at,
		   "%s: it has %zu directories of its own to keep open, more than the %d that superd can handle",
		   build->service->name, count, OPEN_PATHS_MOST);
	return false;
}

static void build_sandbox(struct sandbox_build *build)
{
	const struct hardening_options *hardening = build->service->groups->hardening;
	struct prepared prepared = *service_prepared(build->service);
	struct sandbox_config *result = &build->result;

	if (!make_mounts(build))
		return;
	make_namespaces(build);
	if (!has_room_for_open_paths(build))
		return;
	make_capabilities(build);
	/* The kernel accepts a filter from a process that cannot gain privileges, or has CAP_SYS_ADMIN. A child keeps
	 * that capability across the change of user (stage_ambient). */
	result->filters = build->filters;
	result->no_new_privileges |= build->filters && !sandbox_support_privileged(build->support);
	make_profile(build);
	result->refuses_executable_memory =
		hardening->memory_deny_write_execute && !(build->without & SANDBOX_NEEDS_FILTER);
	result->private_tmp = makes_private_tmp(result);
	if (is_zeroed(result, sizeof(*result)))
		return;
	prepared.sandbox = pool_keep(build->pool, result, sizeof(*result));
	if (!prepared.sandbox || !service_prepare(build->service, build->pool, prepared))
		add_memory_error(build);
}

void sandbox_make(struct service *service, const struct table *table, struct sandbox_support *support,
		  const struct sock_fprog *const *filters, struct diags *diags)
{
	struct sandbox_build build = { .service = service, .pool = table->pool, .control = table->control,
				       .support = support, .filters = filters, .diags = diags };

	if (needs_no_sandbox(service, support))
		return;
	memset(&build.result, 0, sizeof(build.result));         /* the padding, too: pools share equal bytes */
	if (table->warns_of_unsupported)
		build.without = sandbox_support_missing(support);
	build_sandbox(&build);
}

const char *sandbox_fault_path(const struct sandbox_config *sandbox, int number, const char **option)
{
	const struct sandbox_mount *mount;

	if (sandbox && number == SANDBOX_ROOT) {
		*option = "root_directory";
		return sandbox->root;
	}
	if (!sandbox || number < 0 || (size_t)number >= sandbox->mount_count)
		return NULL;
	mount = &sandbox->mounts[number];
	*option = mount->option;
	return mount->content == CONTENT_BIND ? mount->source : mount->path;
}

bool sandbox_covers(const struct sandbox_config *sandbox, const char *path)
{
	for (size_t n = 0; sandbox && n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];
		size_t length = strlen(mount->path);

		if (mount->content == CONTENT_AS_BEFORE || strncmp(path, mount->path, length) != 0)
			continue;
		if (length == 1 || !path[length] || path[length] == '/')
			return true;
	}
	return false;
}

static bool add_directories(char **paths, size_t *count, const char *base, words names)
{
	for (; names && *names; names++) {
		struct buf path = { 0 };

		buf_addf(&path, "%s/%.*s", base, (int)directory_name_length(*names), *names);
		paths[*count] = buf_take(&path);
		if (!paths[(*count)++])
			return false;
	}
	return true;
}

char **sandbox_list_open_paths(const struct service *service, const struct process_defaults *defaults)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	char **paths = calloc(count_open_paths(service) + 1, sizeof(*paths));
	struct buf folder = { 0 };
	size_t count = 0;
	bool good;

	directories_of(service, defaults, kinds);
	good = paths;
	if (good && credentials_are_wanted(service)) {
		credentials_folder(service, defaults, &folder);
		paths[count] = buf_take(&folder);
		good = paths[count++];
	}
	for (size_t kind = 0; good && kind < DIRECTORY_KINDS; kind++)
		good = !kinds[kind].is_owned || add_directories(paths, &count, kinds[kind].base, kinds[kind].names);
	if (good)
		return paths;
	for (size_t n = 0; paths && n < count; n++)
		free(paths[n]);
	free(paths);
	return NULL;
}
