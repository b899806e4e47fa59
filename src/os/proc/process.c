/* Reads /proc. A process may end, and its number may be reused, between two reads. So no read relies on another, and
 * whatever cannot be read counts as missing. Root in a container may not see the files of other users' processes
 * (CAP_SYS_PTRACE); superd then reads as that user, by setfsuid(2).
 *
 * The loop must not wait for the process. In fs/proc, stat, status, statm, schedstat, comm, children and cgroup take
 * counters and spinlocks at most, and readlink(2) below fd/ reads the open file (d_path). But environ, cmdline, maps
 * and smaps take mmap_lock, which a thread of the process may hold for as long as its own file system likes; and
 * following a link below fd/ asks that file's system. So no descriptor is followed here, and none
 * of these files is read. */
#include "os/proc/proc.h"

#include <dirent.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define FILE_MOST 16384                 /* bytes of a file that is read */
#define PIDS_MOST (1 << 20)             /* the same of one that lists pids */

int64_t process_now(void)
{
	const long grain = sysconf(_SC_CLK_TCK);
	struct timespec now;

	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return 0;
	return (int64_t)now.tv_sec * grain + now.tv_nsec / (1000000000L / grain);
}

/* The path of a process's file; pid 0: of superd itself. */
static const char *proc_path(char path[64], pid_t pid, const char *what)
{
	if (pid)
		snprintf(path, 64, "/proc/%ld/%s", (long)pid, what);
	else
		snprintf(path, 64, "/proc/self/%s", what);
	return path;
}

char *process_file(pid_t pid, const char *what)
{
	char path[64];
	size_t length;

	return fd_read_file(proc_path(path, pid, what), FILE_MOST, &length);
}

static bool find_field(const char *status, const char *name, int base, uint64_t *value)
{
	const char *at = strstr(status, name);

	*value = at ? strtoull(at + strlen(name), NULL, base) : 0;
	return at;
}

/* The name may contain blanks and brackets, so the last bracket ends it. */
static bool read_stat(const char *path, struct process *process)
{
	size_t length;
	char *text = fd_read_file(path, FILE_MOST, &length), *name_end = text ? strrchr(text, ')') : NULL;
	bool good = name_end && sscanf(name_end, ") %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %" SCNd64 " %" SCNd64
				       " %" SCNd64 " %" SCNd64 " %*d %*d %*d %*d %" SCNd64, &process->state,
				       &process->parent, &process->group, &process->session, &process->user_time,
				       &process->system_time, &process->reaped_user_time, &process->reaped_system_time,
				       &process->start_time) == 9;

	process->ended = good && strchr("ZXx", process->state);
	free(text);
	return good;
}

bool process_read(pid_t pid, struct process *process)
{
	char path[64];

	process->pid = pid;
	return read_stat(proc_path(path, pid, "stat"), process);
}

bool pids_add(struct pids *pids, pid_t pid)
{
	pid_t *larger = array_grow(pids->list, &pids->capacity, pids->count, sizeof(*larger));

	if (!larger)
		return false;
	pids->list = larger;
	larger[pids->count++] = pid;
	return true;
}

bool pids_read(struct pids *pids, const char *path)
{
	size_t length;
	char *text = fd_read_file(path, PIDS_MOST, &length), *rest = text, *word;
	bool good = text;

	while (good && (word = strsep(&rest, " \n")))
		good = !*word || pids_add(pids, (pid_t)strtol(word, NULL, 10));
	free(text);
	return good;
}

/* Ends the list. */
static pid_t *end_pids(struct pids *pids, bool good)
{
	int saved;

	if (good && pids_add(pids, 0))
		return pids->list;
	saved = errno;
	free(pids->list);
	errno = saved;
	return NULL;
}

bool process_list_is_possible(void)
{
	return access("/proc/self/stat", F_OK) == 0;
}

pid_t *process_list_all(void)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	struct pids pids = { 0 };
	bool good = directory;
	int64_t pid;

	while (good && (entry = readdir(directory))) {
		if (!scan_count(entry->d_name, &pid) && pid > 1)
			good = pids_add(&pids, (pid_t)pid);
	}
	if (directory)
		closedir(directory);
	return end_pids(&pids, good);
}

/* By each of its threads. A kernel may have no such files (CONFIG_PROC_CHILDREN). */
static bool add_children(struct pids *pids, pid_t pid)
{
	struct dirent *entry;
	DIR *directory;
	char path[320];
	bool good;
	int saved;

	directory = opendir(proc_path(path, pid, "task"));
	good = directory || !error_is_shortage(errno); /* it has ended */
	while (directory && good && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "/proc/%ld/task/%s/children", (long)pid, entry->d_name);
		good = *entry->d_name == '.' || pids_read(pids, path) || !error_is_shortage(errno);
	}
	saved = errno;
	if (directory)
		closedir(directory);
	errno = saved;
	return good;
}

pid_t *process_list_children_of(pid_t pid)
{
	struct pids pids = { 0 };
	bool good = add_children(&pids, pid);

	return end_pids(&pids, good);
}

bool pids_add_below(struct pids *pids)
{
	bool good = true;

	for (size_t n = 0; n < pids->count && good; n++)
		good = add_children(pids, pids->list[n]);
	return good;
}

pid_t *process_list_children(pid_t guard)
{
	struct pids pids = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
	return end_pids(&pids, access(path, F_OK) == 0 && add_children(&pids, getpid()) &&
				       (!guard || add_children(&pids, guard)));
}

bool process_find_socket(int folder, const char *number, ino_t *node)
{
	/* A path cannot look like this, as it begins with a slash or a bracket. */
	static const char socket[] = "socket:[";
	char text[64];
	ssize_t length = readlinkat(folder, number, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	*node = strncmp(text, socket, sizeof(socket) - 1) ? 0 : (ino_t)strtoull(text + sizeof(socket) - 1, NULL, 10);
	return length >= 0;
}

static enum holding search_descriptors(pid_t pid, process_socket *each, void *context)
{
	enum holding holding = HOLDS_NONE;
	struct dirent *entry;
	char path[64];
	DIR *directory;
	ino_t node;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	directory = opendir(path);
	if (!directory)
		return HOLDING_HIDDEN;
	while (holding != HOLDS && (entry = readdir(directory))) {
		if (*entry->d_name == '.')
			continue;
		if (!process_find_socket(dirfd(directory), entry->d_name, &node))
			holding = errno == EACCES || errno == EPERM ? HOLDING_HIDDEN : holding;
		else if (node && each(node, context))
			holding = HOLDS;
	}
	closedir(directory);
	return holding;
}

/* The kernel does not hide a process from its own user. setfsuid(2) and setfsgid(2) change only this thread's access to
 * files. */
enum holding process_each_socket(pid_t pid, process_socket *each, void *context)
{
	enum holding holding = search_descriptors(pid, each, context);
	struct stat owner;
	char path[64];
	int uid, gid;

	snprintf(path, sizeof(path), "/proc/%ld", (long)pid);
	if (holding != HOLDING_HIDDEN || geteuid() != 0 || stat(path, &owner) < 0 || owner.st_uid == 0)
		return holding;
	gid = setfsgid(owner.st_gid);
	uid = setfsuid(owner.st_uid);
	holding = search_descriptors(pid, each, context);
	setfsuid((uid_t)uid);
	setfsgid((gid_t)gid);
	return holding;
}

static bool is_sought(ino_t node, void *context)
{
	return node == *(const ino_t *)context;
}

enum holding process_holds(pid_t pid, ino_t node)
{
	return process_each_socket(pid, is_sought, &node);
}

bool process_survives(pid_t pid, int signal)
{
	char *status = process_file(pid, "status");
	uint64_t caught = 0, ignored = 0, blocked = 0;
	bool survives = !status || !find_field(status, "\nSigCgt:", 16, &caught) ||
			!find_field(status, "\nSigIgn:", 16, &ignored) ||
			!find_field(status, "\nSigBlk:", 16, &blocked) ||
			(caught | ignored | blocked) >> (signal - 1) & 1;

	free(status);
	return survives;
}

bool process_read_users(pid_t thread, pid_t *process, uid_t users[3])
{
	char *text = process_file(thread, "status"), *line = text ? strstr(text, "\nUid:") : NULL;
	uint64_t first;
	bool good = line && find_field(text, "\nTgid:", 10, &first) &&
		    sscanf(line, " Uid: %u %u %u", &users[0], &users[1], &users[2]) == 3;

	if (good)
		*process = (pid_t)first;
	free(text);
	return good;
}

const char *process_name(pid_t pid, char name[PROCESS_NAME])
{
	char *text = process_file(pid, "comm");

	snprintf(name, PROCESS_NAME, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	free(text);
	return name;
}

bool process_is_named(pid_t pid, const char *program)
{
	char name[PROCESS_NAME];

	return *process_name(pid, name) && !strncmp(name, scan_base_name(program), PROCESS_NAME - 1);
}

/* The kernel reports a state for each thread: the first thread may have ended while others run on, or be stopped while
 * others are not yet. */
enum process_state process_state(pid_t pid)
{
	enum process_state most = PROCESS_GONE;
	struct dirent *entry;
	DIR *directory;
	char path[320];

	directory = opendir(proc_path(path, pid, "task"));
	while (directory && most != PROCESS_RUNS && (entry = readdir(directory))) {
		enum process_state state = PROCESS_RUNS;
		struct process thread;

		snprintf(path, sizeof(path), "/proc/%ld/task/%s/stat", (long)pid, entry->d_name);
		if (*entry->d_name == '.' || !read_stat(path, &thread) || thread.ended)
			continue;
		if (strchr("Tt", thread.state))
			state = PROCESS_STOPPED;
		else if (thread.state == 'D')
			state = PROCESS_BLOCKED;
		most = state > most ? state : most;
	}
	if (directory)
		closedir(directory);
	return most;
}

/* Compares a process with superd, by /proc. The kernel answers itself, so the process cannot block the read. */

#define LINK_MOST 64

struct rights {
	uint64_t permitted;             /* bit CAP_x */
	uint64_t filters;               /* number of seccomp filters */
};

/* A kernel without the field Seccomp_filters has no filters. */
static bool read_rights(pid_t pid, struct rights *rights)
{
	char *status = process_file(pid, "status");
	bool good = status && find_field(status, "\nCapPrm:", 16, &rights->permitted);

	if (good)
		find_field(status, "\nSeccomp_filters:", 10, &rights->filters);
	free(status);
	return good;
}

static bool read_link(pid_t pid, char text[LINK_MOST])
{
	char path[64];
	ssize_t length = readlink(proc_path(path, pid, "ns/user"), text, LINK_MOST - 1);

	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* The kernel shows a process's link only to a reader with all of its capabilities, so root's not to a superd without
 * rights. It shows the map of its users to everybody. */
static bool is_in_own_user_namespace(pid_t pid)
{
	char link[LINK_MOST], own_link[LINK_MOST], *map, *own_map;
	bool same;

	if (read_link(pid, link) && read_link(0, own_link))
		return !strcmp(link, own_link);
	map = process_file(pid, "uid_map");
	own_map = process_file(0, "uid_map");
	same = map && own_map && !strcmp(map, own_map);
	free(map);
	free(own_map);
	return same;
}

/* As many filters as superd has are taken for the same ones: a process that inherits them cannot drop one. */
bool process_has_superds_rights(pid_t pid)
{
	struct rights own, its;
	uint64_t before;
	bool good;

	errno = 0;
	if (pid <= 0)
		return false;
	before = own_privileges_raise();
	good = is_in_own_user_namespace(pid) && read_rights(0, &own) && read_rights(pid, &its);
	errno = good ? 0 : errno;
	own_privileges_use(before);
	return good && !(own.permitted & ~its.permitted) && (!its.filters || its.filters == own.filters);
}

/* pidfds by raw system calls, as libc may lack them: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). */

int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0); /* born close-on-exec */
}

/* The first members of struct pidfd_info (linux/pidfd.h, Linux 6.13), which a C library may not have yet. */
struct pidfd_facts {
	uint64_t mask, cgroup;
	uint32_t others[12];
};
#define PIDFD_FACTS _IOWR(0xff, 11, struct pidfd_facts)
#define PIDFD_FACTS_CGROUP (1 << 2)
#define PIDFD_FACTS_EXIT (1 << 3)

uint64_t pidfd_cgroup(int fd)
{
	struct pidfd_facts facts = { .mask = PIDFD_FACTS_CGROUP | PIDFD_FACTS_EXIT };

	return ioctl(fd, PIDFD_FACTS, &facts) == 0 && facts.mask & PIDFD_FACTS_CGROUP ? facts.cgroup : 0;
}

bool pidfd_signal(int fd, int signal)
{
	return syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) == 0;
}

int pidfd_copy(int pidfd, int fd)
{
	return (int)syscall(__NR_pidfd_getfd, pidfd, fd, 0);     /* born close-on-exec */
}

/* clone3(2) with CLONE_INTO_CGROUP, which libc does not wrap.
 *
 * The child returns from the system call with another stack, where none of this function's variables are. So everything
 * the child needs is in registers, and its next steps are assembly, written for x86-64 only. On other processors the
 * child joins its group by itself (exec/child/child.c). */

#define TRIAL_STACK (16 << 10)
#define REAP_MOST 1000                  /* milliseconds */

#ifdef SPAWN_FORK
#define STARTS_BY_FORK true
#else
#define STARTS_BY_FORK false
#endif

#if defined(SYS_clone3) && defined(__x86_64__) && !defined(__ILP32__)

/* A kernel that may be asked reports EBADF for a descriptor that is not open; a container may deny the call. */
static bool probe_clone3(void)
{
	struct clone_args arguments = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = INT_MAX };

	return syscall(SYS_clone3, &arguments, sizeof(arguments)) < 0 && errno == EBADF;
}

pid_t clone_into_cgroup(int (*run)(void *), char *stack, size_t size, unsigned flags, void *argument, int group)
{
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP | flags,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = size,
		.cgroup = (uint64_t)group,
	};
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "mov %[argument], %%rdi\n\t"
			 "call *%[run]\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)SYS_clone3), "D"(&arguments),
			   "S"(sizeof(arguments)), [run] "r"(run), [argument] "r"(argument)
			 : "rcx", "r11", "memory", "cc");
	if (result >= 0)
		return (pid_t)result;
	errno = (int)-result;
	return -1;
}
#else
static bool probe_clone3(void)
{
	return false;
}

pid_t clone_into_cgroup(int (*run)(void *), char *stack, size_t size, unsigned flags, void *argument, int group)
{
	(void)run, (void)stack, (void)size, (void)flags, (void)argument, (void)group;
	errno = ENOSYS;
	return -1;
}
#endif

static int exit_child(void *unused)
{
	(void)unused;
	_exit(0);
}

bool clone_into_cgroup_survives(int group)
{
	static char stack[TRIAL_STACK] __attribute__((aligned(64)));
	sigset_t before;
	int status = -1, error;
	pid_t pid;

	thread_block_signals(&before);
	pid = clone_into_cgroup(exit_child, stack, sizeof(stack), CLONE_VM | CLONE_VFORK, NULL, group);
	error = pid < 0 ? errno : 0;
	if (pid > 0 && !waitpid_timeout(pid, REAP_MOST, &status))
		pid = -1;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool clone_into_cgroup_is_possible(void)
{
	static atomic_int answer; /* 1: no, 2: yes */
	bool is;

	errno = 0;
	if (answer)
		return answer == 2;
	is = !STARTS_BY_FORK && probe_clone3();
	if (is || !error_is_shortage(errno))
		answer = is ? 2 : 1;
	return is;
}
