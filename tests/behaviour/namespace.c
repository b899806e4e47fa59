/* Namespaces for superd under test. The hard thing is that it must work for root and, by a user namespace, for
 * anybody, and that superd itself stays the direct child of the test: so clone(2) makes it PID 1 at once, and each
 * step behind it that fails ends the child with a status and a line on stderr, never with a superd that runs half
 * way in. */
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "harness.h"

enum { STATUS_SETUP_FAILED = 95 };

static void need(bool worked, const char *step)
{
	if (worked)
		return;
	dprintf(STDERR_FILENO, "test setup: %s: %s\n", step, strerror(errno));
	_exit(STATUS_SETUP_FAILED);
}

static bool write_once(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* Root inside for whoever this is outside. */
static void map_user(uid_t uid, gid_t gid)
{
	char map[64];

	need(write_once("/proc/self/setgroups", "deny"), "setgroups");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	need(write_once("/proc/self/uid_map", map), "uid_map");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	need(write_once("/proc/self/gid_map", map), "gid_map");
}

static void bind_below(const char *root, const char *path)
{
	char target[PATH_MAX];
	struct stat status;

	if (lstat(path, &status) < 0)
		return;
	snprintf(target, sizeof(target), "%s%s", root, path);
	for (char *slash = strchr(target + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		need(mkdir(target, 0755) == 0 || errno == EEXIST, target);
		*slash = '/';
	}
	if (S_ISLNK(status.st_mode)) {
		char link[PATH_MAX];
		ssize_t length = readlink(path, link, sizeof(link) - 1);

		need(length > 0, path);
		link[length] = '\0';
		need(symlink(link, target) == 0 || errno == EEXIST, target);
	} else {
		if (S_ISDIR(status.st_mode))
			need(mkdir(target, 0755) == 0 || errno == EEXIST, target);
		else
			close(open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
		need(mount(path, target, NULL, MS_BIND | MS_REC, NULL) == 0, target);
	}
}

static void bind_folder_of(const char *root, const char *path)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", path);
	if (strrchr(folder, '/'))
		*strrchr(folder, '/') = '\0';
	bind_below(root, folder);
}

/* Nothing but what a program needs to run, read-only: no /proc, no /run, no /etc. */
static void enter_bare_root(const char *root)
{
	static const char *const parts[] = { "/usr", "/lib", "/lib64", "/bin", "/dev/null" };

	need(mkdir(root, 0755) == 0 || errno == EEXIST, root);
	need(mount("tmpfs", root, "tmpfs", 0, "mode=0755") == 0, "tmpfs");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		bind_below(root, parts[i]);
	bind_folder_of(root, superd_path());
	bind_below(root, getenv("SUPERD_LIBEXEC"));
	bind_below(root, getenv("SUPERD_TESTDIR"));
	bind_folder_of(root, path_in("superd.conf"));
	need(mount(NULL, root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0, "read-only root");
	need(chroot(root) == 0 && chdir("/") == 0, "chroot");
}

/* A /dev with a log of the test's own. */
static void enter_own_dev(const char *aside)
{
	static const char *const devices[] = { "null", "zero", "urandom" };
	const char *to;

	need(mkdir(aside, 0755) == 0 || errno == EEXIST, aside);
	need(mount("tmpfs", aside, "tmpfs", 0, "mode=0755") == 0, "tmpfs");
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		to = text_of("%s/%s", aside, devices[i]);
		close(open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
		need(mount(text_of("/dev/%s", devices[i]), to, NULL, MS_BIND, NULL) == 0, to);
	}
	to = text_of("%s/log", aside);
	need(symlink(path_in("dev-log"), to) == 0, to);
	need(mount(aside, "/dev", NULL, MS_BIND | MS_REC, NULL) == 0, "/dev");
}

static void become(uid_t uid, gid_t gid)
{
	need(setgroups(0, NULL) == 0, "setgroups");
	need(setresgid(gid, gid, gid) == 0, "setresgid");
	need(setresuid(uid, uid, uid) == 0, "setresuid");
}

static int clone_flags(const struct setup *setup)
{
	int flags = 0;

	if (setup->pid1)
		flags |= CLONE_NEWPID | CLONE_NEWNS;
	if (setup->bare || setup->own_dev)
		flags |= CLONE_NEWNS;
	if (flags && geteuid() != 0)
		flags |= CLONE_NEWUSER;
	return flags;
}

/* Who and where this test is, found out before the clone: in the child it can no longer be seen. */
struct outside {
	uid_t uid;
	gid_t gid;
	const char *dev, *root;         /* where the child mounts what becomes its /dev and its / */
};

static void enter(const struct setup *setup, int flags, const struct outside *outside)
{
	struct rlimit descriptors = { setup->descriptors, setup->descriptors };
	struct rlimit processes = { setup->processes, setup->processes };

	if (flags & CLONE_NEWUSER)
		map_user(outside->uid, outside->gid);
	if (flags & CLONE_NEWNS)
		need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
	if (setup->pid1 && !setup->bare)
		need(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0, "/proc");
	if (setup->own_dev)
		enter_own_dev(outside->dev);
	if (setup->bare)
		enter_bare_root(outside->root);
	if (setup->descriptors)
		need(setrlimit(RLIMIT_NOFILE, &descriptors) == 0, "RLIMIT_NOFILE");
	if (setup->processes)
		need(setrlimit(RLIMIT_NPROC, &processes) == 0, "RLIMIT_NPROC");
	if (setup->uid)
		become(setup->uid, setup->group_root ? 0 : setup->uid);
	/* Should the test be killed, its superd goes too; a PID 1 takes its namespace with it. */
	need(prctl(PR_SET_PDEATHSIG, setup->pid1 ? SIGKILL : SIGTERM) == 0, "death signal");
}

pid_t namespace_fork(const struct setup *setup)
{
	int flags = clone_flags(setup);
	struct outside outside = { .uid = geteuid(), .gid = getegid(), .dev = path_in("dev"), .root = path_in("root") };
	pid_t child = flags ? (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0) : fork();

	if (child == 0)
		enter(setup, flags, &outside);
	return child;
}

static bool child_succeeds(const struct setup *setup, const char *program)
{
	pid_t child = namespace_fork(setup);
	int status;

	if (child == 0)
		_exit(program ? access(program, X_OK) != 0 : 0);
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool namespace_works(const struct setup *setup)
{
	return child_succeeds(setup, NULL);
}

bool namespace_allowed(void)
{
	return namespace_works(&(struct setup){ .pid1 = true });
}

bool namespace_users(void)
{
	return geteuid() == 0 && child_succeeds(&(struct setup){ .uid = 65534 }, superd_path()) &&
	       child_succeeds(&(struct setup){ .uid = 65534 }, text_of("%s/backend", getenv("SUPERD_TESTDIR")));
}

int bind_dev_log(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_in("dev-log"));
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	chmod(address.sun_path, 0666);
	return fd;
}
