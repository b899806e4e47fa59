/* The sandbox of a service: what the machine allows, the list of mounts, and the configuration for superd-exec. */
#include "superd/start/start.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Finds out what the machine allows, before anything depends on it. Capabilities prove little: root in a container may
 * not be allowed to mount, and a seccomp filter may forbid namespaces to a process with every capability. So each means
 * is tried, by a process that ends with it. */

static const struct {
	const char *option;
	unsigned needs;
} needs[] = {
	{ "private_tmp", SANDBOX_NEEDS_MOUNTS },
	{ "private_devices", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "private_ipc", SANDBOX_NEEDS_QUEUES | SANDBOX_NEEDS_MOUNTS },
	{ "private_mounts", SANDBOX_NEEDS_MOUNTS },
	{ "private_network", SANDBOX_NEEDS_NETWORK },
	{ "private_users", SANDBOX_NEEDS_USERS },
	{ "protect_system", SANDBOX_NEEDS_MOUNTS },
	{ "protect_home", SANDBOX_NEEDS_MOUNTS },
	{ "protect_kernel_tunables", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_kernel_modules", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_kernel_logs", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_control_groups", SANDBOX_NEEDS_MOUNTS },
	{ "protect_clock", SANDBOX_NEEDS_FILTER },
	{ "protect_hostname", SANDBOX_NEEDS_NAME | SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_FILTER },
	{ "protect_proc", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_PROC },
	{ "proc_subset", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_PROC },
	{ "read_only_paths", SANDBOX_NEEDS_MOUNTS },
	{ "read_write_paths", SANDBOX_NEEDS_MOUNTS },
	{ "inaccessible_paths", SANDBOX_NEEDS_MOUNTS },
	{ "exec_paths", SANDBOX_NEEDS_MOUNTS },
	{ "no_exec_paths", SANDBOX_NEEDS_MOUNTS },
	{ "bind_paths", SANDBOX_NEEDS_MOUNTS },
	{ "bind_read_only_paths", SANDBOX_NEEDS_MOUNTS },
	{ "temporary_file_system", SANDBOX_NEEDS_MOUNTS },
	{ "mount_api_vfs", SANDBOX_NEEDS_MOUNTS | SANDBOX_NEEDS_PROC },
	{ "system_call_filter", SANDBOX_NEEDS_FILTER },
	{ "system_call_architectures", SANDBOX_NEEDS_FILTER },
	{ "restrict_address_families", SANDBOX_NEEDS_FILTER },
	{ "restrict_namespaces", SANDBOX_NEEDS_FILTER },
	{ "restrict_realtime", SANDBOX_NEEDS_FILTER },
	{ "restrict_suid_sgid", SANDBOX_NEEDS_FILTER },
	{ "memory_deny_write_execute", SANDBOX_NEEDS_FILTER },
	{ "lock_personality", SANDBOX_NEEDS_FILTER },
	{ "apparmor_profile", SANDBOX_NEEDS_PROFILE },
	{ "selinux_context", SANDBOX_NEEDS_CONTEXT },
};

static const char *const reasons[] = {
	"superd may not create mounts of its own here (a mount namespace, and Linux 5.12 or later)",
	"superd may not create a network namespace here",
	"superd may not create an IPC namespace here",
	"superd may not create a namespace for the host's name here",
	"superd may not create a user namespace here",
	"this kernel does not filter system calls",
	"there is no AppArmor here",
	"superd sets no SELinux context",
	"only root or CAP_SYS_ADMIN can mount a new /proc",
};

#define MOUNT_SETATTR 442 /* of Linux 5.12; headers may be older */

/* One by one, as a failure must not hide the others. */
static int try_namespaces(void)
{
	static const struct {
		int flag;
		unsigned need;
	} namespaces[] = {
		{ CLONE_NEWNS, SANDBOX_NEEDS_MOUNTS },	{ CLONE_NEWNET, SANDBOX_NEEDS_NETWORK },
		{ CLONE_NEWIPC, SANDBOX_NEEDS_QUEUES }, { CLONE_NEWUTS, SANDBOX_NEEDS_NAME },
		{ CLONE_NEWUSER, SANDBOX_NEEDS_USERS },
	};
	bool by_users = !capability_held(CAP_SYS_ADMIN);
	unsigned lacking = 0;

	if (syscall(MOUNT_SETATTR, -1, "", 0, NULL, 0) < 0 && errno == ENOSYS)
		lacking |= SANDBOX_NEEDS_MOUNTS;
	if (by_users && unshare(CLONE_NEWUSER) < 0)
		return SANDBOX_PROBED;
	for (size_t n = 0; n < sizeof(namespaces) / sizeof(*namespaces) - by_users; n++) {
		if (unshare(namespaces[n].flag) < 0)
			lacking |= namespaces[n].need;
	}
	return (int)lacking;
}

static void probe_machine(struct sandbox_support *support)
{
	struct buf flaw = { 0 };
	char *profiles;
	size_t length;
	int lacking = -1;

	if (program_get(PROGRAM_EXEC)->fd < 0)
		program_describe_missing(PROGRAM_EXEC, &flaw);
	else if ((lacking = spawn_probe(try_namespaces)) < 0 && errno)
		lacking = 0; /* nobody knows: no protection is left out for that, a start shows what is missing */
	text_copy(support->program_flaw, sizeof(support->program_flaw), buf_string(&flaw));
	buf_free(&flaw);
	support->lacking = (lacking < 0 ? SANDBOX_PROBED : (unsigned)lacking) | SANDBOX_NEEDS_CONTEXT;
	if (!build_has("libseccomp") || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 || lacking < 0)
		support->lacking |= SANDBOX_NEEDS_FILTER;
	profiles = fd_read_file("/sys/module/apparmor/parameters/enabled", 16, &length);
	if (!profiles || *profiles != 'Y' || lacking < 0)
		support->lacking |= SANDBOX_NEEDS_PROFILE;
	free(profiles);
	if (!capability_held(CAP_SYS_ADMIN)) /* superd-exec gets it */
		support->lacking |= SANDBOX_NEEDS_PROC;
}

unsigned sandbox_support_missing(struct sandbox_support *support)
{
	if (!support->lacking)
		probe_machine(support);
	return support->lacking;
}

/* It may create namespaces without a user namespace. */
static bool sandbox_support_privileged(struct sandbox_support *support)
{
	return !(sandbox_support_missing(support) & SANDBOX_NEEDS_PROC);
}

void sandbox_support_compare(struct sandbox_support *support, const struct service *service, struct pool *scratch,
			     support_say *say, void *context)
{
	unsigned all = 0;

	if (service->groups == support->plain_groups)
		return;
	for (size_t n = 0; n < sizeof(needs) / sizeof(needs[0]); n++) {
		const struct option_def *option = option_find(NATIVE, needs[n].option);
		const void *field = option_field(option, service);
		const char *text = option->type == &type_text ? *(const char *const *)field : NULL;
		static const union field_value no;
		unsigned lacking;
		size_t bit = 0;

		/* No needs nothing, and a value that begins with "-" may miss its means. */
		if (option_is_default(option, field, scratch) || !memcmp(field, &no, field_size(option->type)) ||
		    (text && *text == '-'))
			continue;
		all |= needs[n].needs;
		lacking = needs[n].needs & sandbox_support_missing(support);
		while (lacking && !(lacking >> bit & 1))
			bit++;
		if (lacking)
			say(context, service, needs[n].option, true,
			    *support->program_flaw ? support->program_flaw
				    : 1u << bit == SANDBOX_NEEDS_FILTER && !build_has("libseccomp")
				    ? "this superd was built without superd-filter (libseccomp)"
				    : reasons[bit]);
	}
	support->plain_groups = all ? NULL : service->groups;
}

/* From the mounts that options name to the list that the child works through.
 *
 * A mount affects those below it. Everything is decided here, before the start: for each mount whether it is writable
 * and executable, whether something above has replaced what was there, and whether it is needed at all. */

/* A right at a path: inherited from the mount above, taken away, or kept as it was before. */
enum mount_right { RIGHT_INHERITED, RIGHT_TAKEN, RIGHT_KEPT };

/* A mount with the rights that options ask for. */
struct listed_mount {
	struct sandbox_mount mount;
	unsigned write, execute; /* enum mount_right */
	size_t number;		 /* index in the order of mount_list_add, so that sorting is stable */
};

/* All mounts of a sandbox. The caller frees the list. */
struct mount_list {
	struct pool *pool;
	const char *root; /* root_directory; NULL: / */
	const struct account *account;
	struct listed_mount *list;
	size_t count, capacity;
	const char *control; /* path of superd's control socket; NULL: the default, or it has none */
	bool no_proc;	     /* /proc stays as it is, as superd cannot mount a new one */
	const char *network; /* the option that gives it another network, which /sys must show; NULL: none */
	bool failed;	     /* out of memory */
};

/* Without double slashes, single dots and a final slash. */
static const char *keep_simplified(struct mount_list *places, const char *path, size_t length)
{
	struct buf simple = { 0 };

	for (size_t n = 0, part; n < length; n += part + 1) {
		part = strcspn(path + n, "/");
		if (part > length - n)
			part = length - n;
		if (part && !(part == 1 && path[n] == '.')) {
			buf_char(&simple, '/');
			buf_add(&simple, path + n, part);
		}
	}
	if (!simple.length)
		buf_char(&simple, '/');
	return buf_keep(&simple, places->pool);
}

/* Adds a mount at a path inside the root. */
static void mount_list_add(struct mount_list *places, const char *path, size_t length, const struct listed_mount *place)
{
	struct listed_mount *list = array_grow(places->list, &places->capacity, places->count, sizeof(*list));
	const char *kept = list ? keep_simplified(places, path, length) : NULL;

	if (list)
		places->list = list;
	if (!kept) {
		places->failed = true;
		return;
	}
	list[places->count] = *place;
	list[places->count].mount.path = kept;
	list[places->count].number = places->count;
	places->count++;
}

/* Compares paths so that those below a path come right behind it: a slash sorts before any other character. */
static int compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	if (*a == *b)
		return 0;
	if (!*a || !*b)
		return *a ? 1 : -1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

static int compare_mounts(const void *left, const void *right)
{
	const struct listed_mount *a = left, *b = right;
	int order = compare_paths(a->mount.path, b->mount.path);

	if (order)
		return order;
	if (a->mount.content != b->mount.content)
		return a->mount.content < b->mount.content ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static bool is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	if (length == 1)
		return path[1];
	return !strncmp(path, above, length) && path[length] == '/';
}

/* Follows the symlinks of all mounts, so that two names of one path become one. A path that is missing now may exist
 * when the service starts. One that another user can lead elsewhere is followed only then, with his rights
 * (exec/stages/mounts.c). Below a path that another mount covers, the machine's links do not apply. */
static void follow_all_links(struct mount_list *places)
{
	const struct listed_mount *cover = NULL;
	const char *written = NULL; /* path of `cover` before links were followed */

	for (size_t n = 0; n < places->count; n++) {
		struct listed_mount *place = &places->list[n];
		const char *path = place->mount.path;
		bool is_covered = cover && is_below(path, written);
		struct path_finding finding;

		if (is_covered) {
			place->mount.path = pool_textf(places->pool, "%s%s", cover->mount.path,
						       path + (written[1] ? strlen(written) : 0));
		} else if (cover && !strcmp(path, written)) {
			place->mount.path = cover->mount.path;
		} else if (!places->root && !path_leads_to_foreign(path, &finding)) {
			char *real = realpath(path, NULL);

			place->mount.path = real ? pool_text(places->pool, real) : path;
			free(real);
		}
		if (!place->mount.path) {
			places->failed = true;
			return;
		}
		if (place->mount.content == CONTENT_AS_BEFORE || is_covered)
			continue;
		cover = place;
		written = path;
	}
}

static unsigned stricter_right(unsigned a, unsigned b)
{
	if (a == RIGHT_TAKEN || b == RIGHT_TAKEN)
		return RIGHT_TAKEN;
	return a == RIGHT_KEPT ? a : b;
}

/* Merges mounts with one path: the first decides the content, the strictest the rights. */
static void merge_mounts(struct mount_list *places)
{
	size_t count = 0;

	for (size_t n = 0; n < places->count; n++) {
		const struct listed_mount *place = &places->list[n];
		struct listed_mount *before = count ? &places->list[count - 1] : NULL;

		if (!before || strcmp(before->mount.path, place->mount.path) != 0) {
			places->list[count++] = *place;
			continue;
		}
		before->write = stricter_right(before->write, place->write);
		before->execute = stricter_right(before->execute, place->execute);
		if (place->mount.content == before->mount.content || place->mount.content == CONTENT_AS_BEFORE)
			before->mount.marks &= place->mount.marks | ~(unsigned)MOUNT_OPTIONAL;
	}
	places->count = count;
}

static unsigned resolve_right(unsigned right, bool inherits, unsigned above, unsigned attribute)
{
	if (right == RIGHT_TAKEN)
		return attribute;
	return right == RIGHT_INHERITED && inherits ? above & attribute : 0;
}

/* Resolves a mount's rights and flags. false: it has no effect, or is hidden. */
static bool resolve_mount(struct listed_mount *place, const struct listed_mount *above)
{
	struct sandbox_mount *mount = &place->mount;
	const struct sandbox_mount *on = above ? &above->mount : NULL;
	bool same = mount->content == CONTENT_AS_BEFORE;
	bool inherits = same || mount->content == CONTENT_SYS || mount->content == CONTENT_BIND;
	unsigned outer = on ? on->attributes : 0;

	/* A private /dev is read-only in any case, but what it keeps of the machine's is not. */
	if (on && on->marks & MOUNT_CLOSES)
		outer |= MOUNT_TREE_READ_ONLY;
	if (on && on->content == CONTENT_INACCESSIBLE)
		return mount->marks & MOUNT_OWN;
	if (mount->content == CONTENT_INACCESSIBLE)
		return true;
	mount->attributes = resolve_right(place->write, inherits, outer, MOUNT_TREE_READ_ONLY) |
		resolve_right(place->execute, true, outer, MOUNT_TREE_NO_EXEC);
	if (on && (on->marks & MOUNT_IN_NEW || on->content != CONTENT_AS_BEFORE))
		mount->marks |= MOUNT_IN_NEW;
	if (same && (place->write == RIGHT_KEPT || place->execute == RIGHT_KEPT)) {
		mount->marks |= MOUNT_KEEPS;
		mount->restored = outer & ~mount->attributes;
	}
	/* As in systemd, a path that keeps what it has must be there, too, unless another mount lies above it. */
	if (same && mount->attributes == outer && (above || mount->marks & MOUNT_OPTIONAL))
		return false;
	/* A new file system becomes read-only only when all mounts are in place. */
	if ((mount->content == CONTENT_DEVICES || mount->content == CONTENT_TEMPORARY) &&
	    mount->attributes & MOUNT_TREE_READ_ONLY) {
		mount->marks |= MOUNT_CLOSES;
		mount->attributes &= ~(unsigned)MOUNT_TREE_READ_ONLY;
	}
	return true;
}

static void sort_mounts(struct mount_list *places)
{
	if (places->count)
		qsort(places->list, places->count, sizeof(*places->list), compare_mounts);
}

static void mount_list_finish(struct mount_list *places)
{
	size_t count = 0;

	sort_mounts(places);
	follow_all_links(places);
	if (places->failed)
		return;
	sort_mounts(places); /* by their paths without links */
	merge_mounts(places);
	for (size_t n = 0; n < places->count; n++) {
		struct listed_mount place = places->list[n];
		size_t above = count;

		while (above && !is_below(place.mount.path, places->list[above - 1].mount.path))
			above--;
		if (resolve_mount(&place, above ? &places->list[above - 1] : NULL))
			places->list[count++] = place;
	}
	places->count = count;
}

/* The mounts that a service's options name. The switches stand for the lists of paths in systemd.exec(5), and for
 * folders of the kernel that a machine may lack. */

#define EMPTY_TMPFS "mode=755,size=4k,nr_inodes=128"
#define SMALL_TMPFS "mode=755,size=10%,nr_inodes=400k"
#define TMPFS_FLAGS (MOUNT_TREE_NO_SUID | MOUNT_TREE_NO_DEVICES | MOUNT_TREE_STRICT_ATIME)

/* The paths of the switches, with their rights. They need not exist. */
enum path_switch { ON_SYSTEM, ON_SYSTEM_FULL, ON_SYSTEM_STRICT, ON_TUNABLES, ON_MODULES, ON_LOGS, ON_GROUPS, ON_NAME };

static const struct {
	enum path_switch on;
	const char *option;
	enum mount_right write;
	enum mount_content content;
	const char *paths[16];
} switch_paths[] = {
	{ ON_SYSTEM, "protect_system", RIGHT_TAKEN, CONTENT_AS_BEFORE, { "/usr", "/boot", "/efi" } },
	{ ON_SYSTEM_FULL, "protect_system", RIGHT_TAKEN, CONTENT_AS_BEFORE, { "/etc" } },
	{ ON_SYSTEM_STRICT, "protect_system", RIGHT_TAKEN, CONTENT_AS_BEFORE, { "/" } },
	{ ON_SYSTEM_STRICT,
	  "protect_system",
	  RIGHT_KEPT,
	  CONTENT_AS_BEFORE,
	  { "/proc", "/sys", "/dev", "/home", "/run/user", "/root" } },
	{ ON_TUNABLES,
	  "protect_kernel_tunables",
	  RIGHT_TAKEN,
	  CONTENT_AS_BEFORE,
	  { "/proc/acpi", "/proc/apm", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/latency_stats",
	    "/proc/mtrr", "/proc/scsi", "/proc/sys", "/proc/sysrq-trigger", "/proc/timer_stats", "/sys" } },
	{ ON_TUNABLES,
	  "protect_kernel_tunables",
	  RIGHT_INHERITED,
	  CONTENT_INACCESSIBLE,
	  { "/proc/kallsyms", "/proc/kcore" } },
	{ ON_TUNABLES,
	  "protect_kernel_tunables",
	  RIGHT_KEPT,
	  CONTENT_AS_BEFORE,
	  { "/sys/fs/cgroup", "/sys/fs/selinux" } },
	{ ON_MODULES,
	  "protect_kernel_modules",
	  RIGHT_INHERITED,
	  CONTENT_INACCESSIBLE,
	  { "/usr/lib/modules", "/lib/modules" } },
	{ ON_LOGS, "protect_kernel_logs", RIGHT_INHERITED, CONTENT_INACCESSIBLE, { "/proc/kmsg", "/dev/kmsg" } },
	{ ON_GROUPS, "protect_control_groups", RIGHT_TAKEN, CONTENT_AS_BEFORE, { "/sys/fs/cgroup" } },
	{ ON_NAME,
	  "protect_hostname",
	  RIGHT_TAKEN,
	  CONTENT_AS_BEFORE,
	  { "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname" } },
};
static const char *const homes[] = { "/home", "/root", "/run/user", NULL };

static void add_mount(struct mount_list *places, const char *path, const struct listed_mount *place)
{
	mount_list_add(places, path, strlen(path), place);
}

static void add_homes(struct mount_list *places, unsigned protect_home)
{
	struct listed_mount place = {
		.mount = { .content = CONTENT_AS_BEFORE, .option = "protect_home", .marks = MOUNT_OPTIONAL },
	};

	if (protect_home == HOME_WRITABLE)
		return;
	if (protect_home == HOME_HIDDEN)
		place.mount.content = CONTENT_INACCESSIBLE;
	else
		place.write = RIGHT_TAKEN;
	if (protect_home == HOME_TEMPORARY) {
		place.mount.content = CONTENT_TEMPORARY;
		place.mount.data = EMPTY_TMPFS;
		place.mount.flags = TMPFS_FLAGS;
	}
	for (const char *const *home = homes; *home; home++)
		add_mount(places, *home, &place);
}

/* Adds the words of read_only_paths and similar options. With another root, a path is inside it if it is marked so
 * ("+"), or begins with the root. */
static void add_protected(struct mount_list *places, words list, const struct listed_mount *like)
{
	for (; list && *list; list++) {
		struct listed_mount place = *like;
		bool optional, inside;
		const char *path = protected_path(*list, &optional, &inside);

		place.mount.marks = optional ? MOUNT_OPTIONAL : 0;
		if (!inside)
			path = path_below_root(path, places->root);
		if (path)
			add_mount(places, path, &place);
	}
}

static void add_bindings(struct mount_list *places, words list, bool read_only)
{
	for (; list && *list; list++) {
		struct bind_path binding;
		struct listed_mount place = { .mount = { .content = CONTENT_BIND } };

		place.mount.option = read_only ? "bind_read_only_paths" : "bind_paths";
		if (!bind_path_read(*list, &binding))
			continue;
		place.mount.source = pool_text_n(places->pool, binding.source, binding.source_length);
		place.mount.marks = (binding.optional ? MOUNT_OPTIONAL : 0) | (binding.recursive ? MOUNT_RECURSIVE : 0);
		place.write = read_only ? RIGHT_TAKEN : RIGHT_KEPT;
		if (place.mount.source)
			mount_list_add(places, binding.target, binding.target_length, &place);
		else
			places->failed = true;
	}
}

/* Mount options that are attributes of a mount; all others go to the file system as text. */
static const struct {
	const char *name;
	unsigned set, clear;
} mount_words[] = {
	{ "rw", 0, MOUNT_TREE_READ_ONLY },
	{ "ro", MOUNT_TREE_READ_ONLY, 0 },
	{ "exec", 0, MOUNT_TREE_NO_EXEC },
	{ "noexec", MOUNT_TREE_NO_EXEC, 0 },
	{ "suid", 0, MOUNT_TREE_NO_SUID },
	{ "nosuid", MOUNT_TREE_NO_SUID, 0 },
	{ "dev", 0, MOUNT_TREE_NO_DEVICES },
	{ "nodev", MOUNT_TREE_NO_DEVICES, 0 },
	{ "noatime", MOUNT_TREE_NO_ATIME, MOUNT_TREE_STRICT_ATIME },
	{ "strictatime", MOUNT_TREE_STRICT_ATIME, MOUNT_TREE_NO_ATIME },
	{ "relatime", 0, MOUNT_TREE_STRICT_ATIME },
	{ "nostrictatime", 0, MOUNT_TREE_STRICT_ATIME },
	{ "norelatime", 0, 0 },
	{ "nodiratime", MOUNT_TREE_NO_DIR_ATIME, 0 },
	{ "diratime", 0, MOUNT_TREE_NO_DIR_ATIME },
};

static void add_temporary(struct mount_list *places, const char *word)
{
	struct listed_mount place = { .mount = { .content = CONTENT_TEMPORARY,
						 .option = "temporary_file_system",
						 .flags = MOUNT_TREE_NO_DEVICES | MOUNT_TREE_STRICT_ATIME } };
	const size_t most = sizeof(mount_words) / sizeof(mount_words[0]);
	size_t path = strcspn(word, ":"), length, n;
	const char *option = word + path + (word[path] == ':');
	struct buf data = { 0 };

	buf_text(&data, SMALL_TMPFS);
	for (; *option; option += length + (option[length] == ',')) {
		length = strcspn(option, ",");
		for (n = 0; n < most; n++) {
			if (strlen(mount_words[n].name) == length && !memcmp(option, mount_words[n].name, length))
				break;
		}
		if (n < most)
			place.mount.flags = (place.mount.flags & ~mount_words[n].clear) | mount_words[n].set;
		else
			buf_addf(&data, ",%.*s", (int)length, option);
	}
	if (place.mount.flags & MOUNT_TREE_READ_ONLY)
		place.write = RIGHT_TAKEN;
	place.mount.flags &= ~(unsigned)MOUNT_TREE_READ_ONLY;
	place.mount.data = buf_keep(&data, places->pool);
	if (place.mount.data)
		mount_list_add(places, word, path, &place);
	else
		places->failed = true;
}

static void add_path_options(struct mount_list *places, const struct path_options *paths)
{
	const struct {
		const char *option;
		words list;
		enum mount_right write, execute;
		enum mount_content content;
	} lists[] = {
		{ "read_only_paths", paths->read_only_paths, RIGHT_TAKEN, RIGHT_INHERITED, CONTENT_AS_BEFORE },
		{ "read_write_paths", paths->read_write_paths, RIGHT_KEPT, RIGHT_INHERITED, CONTENT_AS_BEFORE },
		{ "inaccessible_paths", paths->inaccessible_paths, RIGHT_INHERITED, RIGHT_INHERITED,
		  CONTENT_INACCESSIBLE },
		{ "exec_paths", paths->exec_paths, RIGHT_INHERITED, RIGHT_KEPT, CONTENT_AS_BEFORE },
		{ "no_exec_paths", paths->no_exec_paths, RIGHT_INHERITED, RIGHT_TAKEN, CONTENT_AS_BEFORE },
	};

	for (size_t n = 0; n < sizeof(lists) / sizeof(*lists); n++) {
		const struct listed_mount like = {
			.mount = { .content = lists[n].content, .option = lists[n].option },
			.write = lists[n].write,
			.execute = lists[n].execute,
		};

		add_protected(places, lists[n].list, &like);
	}
	add_bindings(places, paths->bind_paths, false);
	add_bindings(places, paths->bind_read_only_paths, true);
	for (words word = paths->temporary_file_system; word && *word; word++)
		add_temporary(places, *word);
}

static void add_private_tmp(struct mount_list *places, const char *name, unsigned kind)
{
	static const char *const folders[] = { "/tmp", "/var/tmp" };

	for (size_t n = 0; n < 2 && kind != TMP_SHARED; n++) {
		struct listed_mount place = {
			.mount = { .content = CONTENT_PRIVATE_TMP, .option = "private_tmp" },
			.write = RIGHT_KEPT,
		};
		struct buf prefix = { 0 };

		if (kind == TMP_DISCONNECTED) {
			place.mount.content = CONTENT_TEMPORARY;
			place.mount.data = "mode=1777,size=10%,nr_inodes=1m";
			place.mount.flags = TMPFS_FLAGS;
		} else {
			private_tmp_prefix(folders[n], name, &prefix);
			place.mount.source = buf_keep(&prefix, places->pool);
			places->failed |= !place.mount.source;
		}
		add_mount(places, folders[n], &place);
	}
}

static const char *const proc_data[][2] = {
	[PROC_DEFAULT] = { NULL, "subset=pid" },
	[PROC_NO_ACCESS] = { "hidepid=noaccess", "hidepid=noaccess,subset=pid" },
	[PROC_INVISIBLE] = { "hidepid=invisible", "hidepid=invisible,subset=pid" },
	[PROC_TRACEABLE] = { "hidepid=ptraceable", "hidepid=ptraceable,subset=pid" },
};

/* The kernel's file systems: those that options change, and in another root all of them. */
static void add_kernel(struct mount_list *places, const struct hardening_options *hardening)
{
	bool all = places->root && hardening->mount_api_vfs;
	struct listed_mount proc = {
		.mount = { .content = CONTENT_PROC,
			   .option = "protect_proc",
			   .data = proc_data[hardening->protect_proc][hardening->proc_subset == SUBSET_PID] }
	};
	struct listed_mount devices = { .mount = { .content = CONTENT_DEVICES, .option = "private_devices" },
					.execute = RIGHT_TAKEN };
	struct listed_mount queues = {
		.mount = { .content = CONTENT_QUEUES, .option = "private_ipc", .marks = MOUNT_OPTIONAL }
	};
	struct listed_mount run = { .mount = { .content = CONTENT_TEMPORARY,
					       .option = "mount_api_vfs",
					       .data = SMALL_TMPFS,
					       .flags = TMPFS_FLAGS } };
	struct listed_mount bound = {
		.mount = { .content = CONTENT_BIND, .option = "mount_api_vfs", .marks = MOUNT_RECURSIVE },
		.write = RIGHT_KEPT,
	};

	if ((proc.mount.data || all) && !places->no_proc)
		add_mount(places, "/proc", &proc);
	if (hardening->private_devices)
		add_mount(places, "/dev", &devices);
	if (hardening->private_ipc)
		add_mount(places, "/dev/mqueue", &queues);
	if (!all)
		return;
	add_mount(places, "/run", &run);
	bound.mount.source = "/sys";
	if (!places->network)
		add_mount(places, "/sys", &bound);
	bound.mount.source = "/dev";
	if (!hardening->private_devices)
		add_mount(places, "/dev", &bound);
}

/* The machine's /sys shows the interfaces of its network namespace. A service in another network namespace sees that
 * one's, unless it refuses mounts of its own. What other parts of the kernel have there is kept. */
static void add_sys(struct mount_list *places, const struct service *service)
{
	static const char *const kept[] = { "/sys/fs/cgroup", "/sys/fs/selinux" };
	const struct hardening_options *hardening = service->groups->hardening;
	bool others = places->count || places->root;
	bool refuses = hardening->private_mounts == MOUNTS_SHARED && !others;
	struct listed_mount sys = { .mount = { .content = CONTENT_SYS, .option = places->network } };
	struct listed_mount bound = { .mount = { .content = CONTENT_BIND,
						 .option = places->network,
						 .marks = MOUNT_RECURSIVE | MOUNT_OPTIONAL } };

	if (!places->network || (places->root && !hardening->mount_api_vfs) || refuses)
		return;
	add_mount(places, "/sys", &sys);
	for (size_t n = 0; n < sizeof(kept) / sizeof(kept[0]); n++) {
		bound.mount.source = kept[n];
		add_mount(places, kept[n], &bound);
	}
}

static void add_switch_mounts(struct mount_list *places, const struct hardening_options *hardening)
{
	const bool is_on[] = {
		[ON_SYSTEM] = hardening->protect_system >= SYSTEM_PROTECTED,
		[ON_SYSTEM_FULL] = hardening->protect_system >= SYSTEM_FULL,
		[ON_SYSTEM_STRICT] = hardening->protect_system == SYSTEM_STRICT,
		[ON_TUNABLES] = hardening->protect_kernel_tunables,
		[ON_MODULES] = hardening->protect_kernel_modules,
		[ON_LOGS] = hardening->protect_kernel_logs,
		[ON_GROUPS] = hardening->protect_control_groups,
		[ON_NAME] = hardening->protect_hostname,
	};

	for (size_t n = 0; n < sizeof(switch_paths) / sizeof(*switch_paths); n++) {
		const struct listed_mount place = {
			.mount = { .content = switch_paths[n].content,
				   .option = switch_paths[n].option,
				   .marks = MOUNT_OPTIONAL },
			.write = switch_paths[n].write,
		};

		for (const char *const *path = switch_paths[n].paths; is_on[switch_paths[n].on] && *path; path++)
			add_mount(places, *path, &place);
	}
}

/* Hides a control socket at this path from services with mounts of their own. In another root there is the one below
 * it. */
static void hide_control(struct mount_list *places, const char *path)
{
	struct listed_mount place = {
		.mount = { .content = CONTENT_INACCESSIBLE, .option = "inaccessible_paths", .marks = MOUNT_OPTIONAL }
	};

	path = path && *path == '/' ? path_below_root(path, places->root) : NULL;
	if (path && path[1])
		add_mount(places, path, &place);
}

/* path: in the pool; NULL: out of memory. */
static void add_own(struct mount_list *places, const char *option, const char *path)
{
	struct listed_mount place = {
		.mount = { .content = CONTENT_BIND,
			   .option = option,
			   .source = path,
			   .marks = MOUNT_RECURSIVE | MOUNT_OWN },
		.write = RIGHT_KEPT,
	};

	places->failed |= !path;
	if (path)
		add_mount(places, path, &place);
}

/* The service's own folders stay writable, and are there whatever covers the folders above, also in another root. What
 * other options say of them, and of what is in them, holds. */
static void add_own_folders(struct mount_list *places, const struct service *service)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	struct process_defaults defaults;
	struct buf folder = { 0 };

	directories_find_bases(&defaults);
	directories_of(service, &defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++) {
		for (words name = kinds[n].names; kinds[n].is_owned && name && *name; name++)
			add_own(places, kinds[n].option,
				pool_textf(places->pool, "%s/%.*s", kinds[n].base, (int)directory_name_length(*name),
					   *name));
	}
	if (!credentials_are_wanted(service))
		return;
	credentials_folder(service, &defaults, &folder);
	add_own(places, service->groups->credentials->load_credential ? "load_credential" : "set_credential",
		buf_keep(&folder, places->pool));
}

static void mount_list_fill(struct mount_list *places, const struct service *service)
{
	const struct hardening_options *hardening = service->groups->hardening;
	struct buf path = { 0 };

	add_path_options(places, service->groups->paths);
	add_private_tmp(places, service->name, hardening->private_tmp);
	add_homes(places, hardening->protect_home);
	add_kernel(places, hardening);
	add_switch_mounts(places, hardening);
	add_sys(places, service);
	if (!places->count)
		return;
	/* The path of --control, and the one that a superd without that option has. */
	buf_addf(&path, "%s/superd/control", runtime_dir());
	places->failed |= path.failed;
	hide_control(places, buf_string(&path));
	hide_control(places, places->control);
	buf_free(&path);
}

/* From a service to its sandbox.
 *
 * One option often needs several means, or the service finds a way around it: protect_kernel_modules takes away a
 * capability (here), system calls (filter/restrict.c) and the view of the modules (add_switch_mounts). */

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* A sandbox while it is made. */
struct sandbox_build {
	struct service *service;
	struct pool *pool;
	const char *control; /* path of the control socket; NULL: the default */
	struct sandbox_support *support;
	unsigned without; /* enum sandbox_need: means to leave out, as this machine lacks them */
	struct diags *diags;
	struct sandbox_config result;
};

static bool add_memory_error(const struct sandbox_build *build)
{
	diag_error(build->diags, build->service->at, "%s: hardening: out of memory", build->service->name);
	return false;
}

/* A root is entered by mounts if superd may mount, else by chroot(2). */
static bool mounts_root(const struct service *service, struct sandbox_support *support)
{
	return service_root(service) && !(sandbox_support_missing(support) & SANDBOX_NEEDS_MOUNTS);
}

/* Root can leave a chroot(2) by another one. */
bool sandbox_leaves_root(const struct service *service)
{
	const struct account *account = service->account;
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;
	uid_t uid = account && account->switches ? account->uid : geteuid();

	return service_root(service) && !(sandbox && sandbox->root) &&
		(uid == 0 || service->groups->identity->ambient_capabilities & CAP(SYS_CHROOT));
}

static bool make_mounts(struct sandbox_build *build)
{
	struct mount_list places = { .pool = build->pool,
				     .root = service_root(build->service),
				     .account = build->service->account,
				     .control = build->control };
	struct sandbox_mount *mounts;
	bool good;

	if (build->without & SANDBOX_NEEDS_MOUNTS)
		return true;
	places.no_proc = build->without & SANDBOX_NEEDS_PROC;
	if (!(sandbox_support_missing(build->support) & SANDBOX_NEEDS_MOUNTS) &&
	    build->service->groups->hardening->private_network && !(build->without & SANDBOX_NEEDS_NETWORK))
		places.network = "private_network";
	mount_list_fill(&places, build->service);
	if (places.count || mounts_root(build->service, build->support))
		add_own_folders(&places, build->service);
	if (places.count) /* then the backend has a mount namespace, even if none remain */
		build->result.namespaces |= CLONE_NEWNS;
	if (!places.failed)
		mount_list_finish(&places);
	mounts = places.failed ? NULL : calloc(places.count + 1, sizeof(*mounts));
	for (size_t n = 0; mounts && n < places.count; n++)
		memcpy(&mounts[n], &places.list[n].mount, sizeof(*mounts));
	build->result.mount_count = mounts ? places.count : 0;
	if (build->result.mount_count)
		build->result.mounts = pool_keep(build->pool, mounts, places.count * sizeof(*mounts));
	good = mounts && (!places.count || build->result.mounts);
	free(mounts);
	free(places.list);
	return good || add_memory_error(build);
}

static void make_namespaces(struct sandbox_build *build)
{
	const struct hardening_options *hardening = build->service->groups->hardening;
	struct sandbox_config *result = &build->result;

	if ((result->namespaces & CLONE_NEWNS || hardening->private_mounts == MOUNTS_PRIVATE ||
	     mounts_root(build->service, build->support)) &&
	    !(build->without & SANDBOX_NEEDS_MOUNTS)) {
		result->namespaces |= CLONE_NEWNS;
		result->root = service_root(build->service);
	}
	if (hardening->private_network && !(build->without & SANDBOX_NEEDS_NETWORK))
		result->namespaces |= CLONE_NEWNET;
	if (hardening->private_ipc && !(build->without & SANDBOX_NEEDS_QUEUES))
		result->namespaces |= CLONE_NEWIPC;
	if (hardening->protect_hostname && !(build->without & SANDBOX_NEEDS_NAME))
		result->namespaces |= CLONE_NEWUTS;
	result->users = hardening->private_users && !(build->without & SANDBOX_NEEDS_USERS);
	if ((result->namespaces || result->users) && !sandbox_support_privileged(build->support))
		result->flags |= PLAN_USERS_FIRST;
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
	const struct hardening_options *hardening = groups->hardening;
	const struct syscall_options *calls = groups->syscalls;
	size_t rest = offsetof(struct hardening_options, private_tmp); /* in front is private_mounts, unset or no */

	return is_zeroed(groups->paths, sizeof(*groups->paths)) && hardening->private_mounts != MOUNTS_PRIVATE &&
		is_zeroed((const char *)hardening + rest, sizeof(*hardening) - rest) && !calls->system_call_filter &&
		!calls->system_call_architectures && !calls->restrict_address_families &&
		!mounts_root(service, support);
}

void sandbox_make(struct service *service, const struct table *table, struct sandbox_support *support,
		  const struct sock_fprog *const *filters, struct diags *diags)
{
	const struct hardening_options *hardening = service->groups->hardening;
	struct prepared prepared = *service_prepared(service);
	const char *profile = service->groups->paths->apparmor_profile;
	struct sandbox_build build = {
		.service = service, .pool = table->pool, .control = table->control, .support = support, .diags = diags
	};
	struct sandbox_config *result = &build.result;

	if (needs_no_sandbox(service, support))
		return;
	memset(result, 0, sizeof(*result)); /* the padding, too: pools share equal bytes */
	if (table->warns_of_unsupported)
		build.without = sandbox_support_missing(support);
	if (!make_mounts(&build))
		return;
	make_namespaces(&build);
	if (hardening->protect_kernel_modules)
		result->dropped |= CAP(SYS_MODULE);
	if (hardening->protect_kernel_logs)
		result->dropped |= CAP(SYSLOG);
	if (hardening->protect_clock)
		result->dropped |= CAP(SYS_TIME) | CAP(WAKE_ALARM);
	if (hardening->private_devices)
		result->dropped |= CAP(MKNOD) | CAP(SYS_RAWIO);
	/* A superd without CAP_SETPCAP cannot drop them, so no program may gain them (stage_bounding). */
	if (result->dropped && !(result->flags & PLAN_USERS_FIRST) && !capability_held(CAP_SETPCAP))
		result->flags |= PLAN_NO_NEW_PRIVILEGES;
	/* The kernel accepts a filter from a process that cannot gain privileges, or has CAP_SYS_ADMIN. A child keeps
	 * that capability across the change of user (stage_ambient). */
	result->filters = filters;
	if (filters && !sandbox_support_privileged(support))
		result->flags |= PLAN_NO_NEW_PRIVILEGES;
	if (profile && !(build.without & SANDBOX_NEEDS_PROFILE) &&
	    (*profile != '-' || !(sandbox_support_missing(support) & SANDBOX_NEEDS_PROFILE)))
		result->profile = profile + (*profile == '-');
	if (hardening->memory_deny_write_execute && !(build.without & SANDBOX_NEEDS_FILTER))
		result->flags |= PLAN_REFUSES_EXECUTABLE_MEMORY;
	if (is_zeroed(result, sizeof(*result)))
		return;
	prepared.sandbox = pool_keep(table->pool, result, sizeof(*result));
	if (!prepared.sandbox || !service_prepare(service, table->pool, prepared))
		add_memory_error(&build);
}

const char *sandbox_fault_path(const struct service *service, int number, const char **option)
{
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;
	const struct sandbox_mount *mount;

	if (sandbox && number == SANDBOX_ROOT) {
		*option = "root_directory";
		return sandbox->root;
	}
	if (!sandbox || number < 0)
		return NULL;
	if ((size_t)number >= sandbox->mount_count)
		return "its notify socket";
	mount = &sandbox->mounts[number];
	*option = mount->option;
	return mount->content == CONTENT_BIND ? mount->source : mount->path;
}

bool sandbox_covers(const struct sandbox_config *sandbox, const char *path)
{
	for (size_t n = 0; sandbox && n < sandbox->mount_count; n++) {
		const struct sandbox_mount *mount = &sandbox->mounts[n];
		size_t length = strlen(mount->path);

		if (mount->content == CONTENT_AS_BEFORE || (mount->marks & MOUNT_OWN && !sandbox->root) ||
		    strncmp(path, mount->path, length) != 0)
			continue;
		if (length == 1 || !path[length] || path[length] == '/')
			return true;
	}
	return false;
}
