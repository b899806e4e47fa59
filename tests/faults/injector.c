/* Counts the calls of superd's main process that can fail, and has one of them fail. A library for LD_PRELOAD.
 *
 * It shares a file with the program that runs it (FAULTS_FILE, struct shared): the sites that it has seen go there,
 * and the order which site fails comes from there. A site is a call with its three innermost callers within superd,
 * so that a failure of an allocator's wrapper is told apart by its user. Addresses are kept relative to the program,
 * as they differ from run to run.
 *
 * The first process with the program FAULTS_PROGRAM counts, and what takes its place by execve(2). If it is a guard,
 * so does the superd that it starts, and if that becomes a guard, both that and the next. A child that shares its
 * memory has another pid, so each call compares that first. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

enum { SITES = 16384, FRAMES = 8, HASHED = 3, NAMES = 160, NAME_SIZE = 24 };

/* tests/faults/shared.py reads and writes the same. */
struct site {
	uint64_t key; /* of the call and its callers; 0: none */
	uint32_t call, count;
	uint32_t phase;		/* the phase of the scenario when it was seen first */
	uint32_t is_library;	/* 1: a library that superd called makes the call */
	uint64_t frame[FRAMES]; /* callers within superd, the innermost first; 0: none */
};

struct shared {
	_Atomic int32_t pid;
	_Atomic uint32_t lock, phase, sites, turns,
		lost;			  /* turns: waits of the loop; lost: sites for which there was no room */
	_Atomic uint32_t nth, left, hits; /* the call of the site that fails; how many more do; how many have */
	int32_t error;
	uint64_t key;
	_Atomic int32_t guard; /* the guard of `pid`, which counts as well; 0: it has none */
	uint32_t unused;
	char name[NAMES][NAME_SIZE];
	struct site site[SITES];
};

static struct shared *shared;
static uintptr_t program_start, program_end;
static _Thread_local bool is_busy __attribute__((tls_model("initial-exec")));

#define CALLS(CALL) \
	CALL(malloc) \
	CALL(calloc) CALL(realloc) CALL(reallocarray) CALL(aligned_alloc) CALL(accept4) CALL(bind) CALL(chmod) CALL( \
		connect) CALL(dup3) CALL(epoll_create1) CALL(epoll_ctl) CALL(epoll_wait) CALL(eventfd) CALL(faccessat) \
		CALL(access) CALL(fchmod) CALL(fchown) CALL(fchownat) CALL(fcntl) CALL(fcntl_dup) CALL(flock) CALL( \
			fork) CALL(_Fork) CALL(clone) CALL(fstat) CALL(fstatat) CALL(ftruncate) CALL(getpeername) \
			CALL(getsockname) CALL(getsockopt) CALL(setsockopt) CALL(inotify_init1) CALL( \
				inotify_add_watch) CALL(kill) CALL(listen) CALL(link) CALL(lstat) CALL(stat) \
				CALL(statx) CALL(mkdir) CALL(mkdirat) CALL(memfd_create) CALL(mkostemp) CALL( \
					open) CALL(openat) CALL(pipe2) CALL(poll) CALL(prctl) CALL(prlimit) \
					CALL(pthread_create) CALL(read) CALL(pread) CALL(write) CALL(pwrite) CALL( \
						readlink) CALL(readlinkat) CALL(recv) CALL(recvfrom) CALL(recvmsg) \
						CALL(rename) CALL(renameat) CALL(rmdir) CALL(send) CALL(sendto) CALL( \
							sendmsg) CALL(setpgid) CALL(signalfd) CALL(socket) \
							CALL(socketpair) CALL(symlink) CALL(symlinkat) CALL( \
								timerfd_create) CALL(timerfd_settime) \
								CALL(timer_create) CALL(unlink) CALL(unlinkat) CALL( \
									waitid) CALL(waitpid) CALL(wait4) \
									CALL(getrandom) CALL(process_vm_readv) CALL( \
										opendir) CALL(fdopendir) CALL(fopen) \
										CALL(mmap) CALL(realpath) CALL(chdir) \
											CALL(lseek) CALL(fstatfs) \
												CALL(shutdown) \
												CALL(read_event) \
												CALL(write_event)

/* What is called by number. */
#define RAW_CALLS(CALL) \
	CALL(bpf) \
	CALL(capget) CALL(capset) CALL(clone) \
	CALL(clone3) CALL(close_range) CALL(epoll_ctl) CALL(fchownat) CALL(getdents64) \
		CALL(kcmp) CALL(mkdirat) CALL(openat2) CALL(pidfd_getfd) CALL(pidfd_open) CALL(pidfd_send_signal) \
			CALL(renameat2) CALL(seccomp) CALL(landlock_create_ruleset) CALL(waitid) CALL(statx) \
				CALL(name_to_handle_at)

enum call {
#define CALL(name) CALL_##name,
	CALLS(CALL)
#undef CALL
#define CALL(name) CALL_sys_##name,
		RAW_CALLS(CALL)
#undef CALL
			CALL_COUNT
};

static const char *const names[] = {
#define CALL(name) #name,
	CALLS(CALL)
#undef CALL
#define CALL(name) "sys_" #name,
		RAW_CALLS(CALL)
#undef CALL
};
_Static_assert(sizeof(names) / sizeof(*names) <= NAMES, "no room for the names");

static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size, (void)context;
	program_start = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > program_end)
			program_end = end;
	}
	return 1; /* the first is the program itself */
}

/* Whether this process is one that counts. A place for its pid is taken only once. */
static bool is_chosen(struct shared *at)
{
	int32_t none = 0, pid = (int32_t)getpid();

	return atomic_compare_exchange_strong(&at->pid, &none, pid) || none == pid || at->guard == pid;
}

static bool counts(int32_t pid)
{
	return shared && (shared->pid == pid || shared->guard == pid);
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("FAULTS_FILE"), *program = getenv("FAULTS_PROGRAM");
	char own[4096];
	ssize_t length = syscall(SYS_readlink, "/proc/self/exe", own, sizeof(own) - 1);
	struct shared *at;
	int fd;

	if (!path || !program || length < 0)
		return;
	own[length] = '\0';
	if (strcmp(own, program) != 0)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	at = (void *)syscall(SYS_mmap, NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	if (at == MAP_FAILED || !is_chosen(at))
		return;
	dl_iterate_phdr(find_program, NULL);
	for (size_t i = 0; i < CALL_COUNT; i++)
		strncpy(at->name[i], names[i], NAME_SIZE - 1);
	shared = at;
}

struct trace {
	uint64_t frame[FRAMES];
	int count, depth;
	bool is_library;
};

#define OWN_FRAMES 2 /* fails and the wrapper that calls it */

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *argument)
{
	struct trace *trace = argument;
	uintptr_t at = _Unwind_GetIP(context);

	if (at >= program_start && at < program_end) {
		trace->is_library |= trace->count == 0 && trace->depth > OWN_FRAMES;
		trace->frame[trace->count++] = at - program_start;
	}
	return trace->count == FRAMES || ++trace->depth == 64 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

static uint64_t key_of(enum call call, const struct trace *trace)
{
	uint64_t key = 14695981039346656037u ^ call;

	for (int i = 0; i < trace->count && i < HASHED; i++)
		key = (key ^ trace->frame[i]) * 1099511628211u;
	return key ? key : 1;
}

/* Adds one to the site's count. Returns it, 0 if there is no room. */
static uint32_t count_site(enum call call, uint64_t key, const struct trace *trace)
{
	for (size_t n = 0; n < SITES; n++) {
		struct site *site = &shared->site[(key + n) % SITES];

		if (site->key == key)
			return ++site->count;
		if (site->key)
			continue;
		site->call = call;
		site->count = 1;
		site->phase = shared->phase;
		site->is_library = trace->is_library;
		memcpy(site->frame, trace->frame, sizeof(site->frame));
		site->key = key;
		shared->sites++;
		return 1;
	}
	shared->lost++;
	return 0;
}

static bool takes_turn(enum call call, uint64_t key, uint32_t count)
{
	if (key != shared->key || count < shared->nth || shared->left == 0)
		return false;
	(void)call;
	shared->left--;
	shared->hits++;
	errno = shared->error;
	return true;
}

/* Whether this call is the one that is to fail; errno is set then, and as it was otherwise. */
static __attribute__((noinline)) bool fails(enum call call)
{
	struct trace trace = { .count = 0 };
	int error = errno;
	uint64_t key;
	bool result;

	if (!shared || is_busy || !counts((int32_t)syscall(SYS_getpid)))
		return false;
	is_busy = true;
	if (call == CALL_epoll_wait)
		shared->turns++;
	_Unwind_Backtrace(add_frame, &trace);
	errno = error;
	key = key_of(call, &trace);
	while (atomic_exchange(&shared->lock, 1))
		sched_yield();
	result = trace.count > 0 && takes_turn(call, key, count_site(call, key, &trace));
	atomic_store(&shared->lock, 0);
	is_busy = false;
	return result;
}

static void *find_next(const char *name)
{
	bool was = is_busy;
	void *found;

	is_busy = true;
	found = dlsym(RTLD_NEXT, name);
	is_busy = was;
	if (!found)
		abort();
	return found;
}

/* The function of libc behind a wrapper, found at its first call. */
#define NEXT(name) \
	({ \
		static __typeof__(&(name)) next; \
		if (!next) \
			next = (__typeof__(&(name)))find_next(#name); \
		next; \
	})

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return fails(CALL_malloc) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(CALL_calloc) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(CALL_realloc) ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	return fails(CALL_reallocarray) ? NULL : NEXT(reallocarray)(old, count, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(CALL_aligned_alloc) ? NULL : NEXT(aligned_alloc)(alignment, size);
}

#define WRAP(type, name, failed, parameters, arguments) \
	type name parameters \
	{ \
		return fails(CALL_##name) ? (failed) : NEXT(name) arguments; \
	}

WRAP(int, accept4, -1, (int fd, __SOCKADDR_ARG address, socklen_t *restrict size, int flags),
     (fd, address, size, flags))
WRAP(int, bind, -1, (int fd, __CONST_SOCKADDR_ARG address, socklen_t size), (fd, address, size))
WRAP(int, chmod, -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, connect, -1, (int fd, __CONST_SOCKADDR_ARG address, socklen_t size), (fd, address, size))
WRAP(int, dup3, -1, (int fd, int to, int flags), (fd, to, flags))
WRAP(int, epoll_create1, -1, (int flags), (flags))

/* The kernel takes no memory to end a watch. */
int epoll_ctl(int fd, int verb, int which, struct epoll_event *event)
{
	return verb != EPOLL_CTL_DEL && fails(CALL_epoll_ctl) ? -1 : NEXT(epoll_ctl)(fd, verb, which, event);
}

WRAP(int, epoll_wait, -1, (int fd, struct epoll_event *events, int most, int timeout), (fd, events, most, timeout))
WRAP(int, eventfd, -1, (unsigned value, int flags), (value, flags))
WRAP(int, faccessat, -1, (int fd, const char *path, int mode, int flags), (fd, path, mode, flags))
WRAP(int, access, -1, (const char *path, int mode), (path, mode))
WRAP(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchown, -1, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(int, fchownat, -1, (int fd, const char *path, uid_t uid, gid_t gid, int flags), (fd, path, uid, gid, flags))
WRAP(int, flock, -1, (int fd, int verb), (fd, verb))
WRAP(pid_t, fork, -1, (void), ())
WRAP(pid_t, _Fork, -1, (void), ())
WRAP(int, fstat, -1, (int fd, struct stat *status), (fd, status))
WRAP(int, fstatat, -1, (int fd, const char *restrict path, struct stat *restrict status, int flags),
     (fd, path, status, flags))
WRAP(int, fstatfs, -1, (int fd, struct statfs *status), (fd, status))
WRAP(int, ftruncate, -1, (int fd, off_t size), (fd, size))
WRAP(int, getpeername, -1, (int fd, __SOCKADDR_ARG address, socklen_t *restrict size), (fd, address, size))
WRAP(int, getsockname, -1, (int fd, __SOCKADDR_ARG address, socklen_t *restrict size), (fd, address, size))
WRAP(int, getsockopt, -1, (int fd, int level, int name, void *restrict value, socklen_t *restrict size),
     (fd, level, name, value, size))
WRAP(int, setsockopt, -1, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP(int, inotify_init1, -1, (int flags), (flags))
WRAP(int, inotify_add_watch, -1, (int fd, const char *path, uint32_t mask), (fd, path, mask))
WRAP(int, kill, -1, (pid_t pid, int signal), (pid, signal))
WRAP(int, link, -1, (const char *from, const char *to), (from, to))
WRAP(int, listen, -1, (int fd, int backlog), (fd, backlog))
WRAP(int, lstat, -1, (const char *restrict path, struct stat *restrict status), (path, status))
WRAP(int, stat, -1, (const char *restrict path, struct stat *restrict status), (path, status))
WRAP(int, statx, -1, (int fd, const char *restrict path, int flags, unsigned mask, struct statx *restrict status),
     (fd, path, flags, mask, status))
WRAP(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, mkdirat, -1, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(int, memfd_create, -1, (const char *name, unsigned flags), (name, flags))
WRAP(int, mkostemp, -1, (char *name, int flags), (name, flags))
WRAP(int, pipe2, -1, (int ends[2], int flags), (ends, flags))
WRAP(int, poll, -1, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
WRAP(int, prlimit, -1, (pid_t pid, enum __rlimit_resource what, const struct rlimit *new, struct rlimit *old),
     (pid, what, new, old))
WRAP(int, pthread_create, errno,
     (pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
      void *restrict context),
     (thread, attributes, run, context))
WRAP(ssize_t, pread, -1, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
WRAP(ssize_t, pwrite, -1, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
WRAP(ssize_t, readlink, -1, (const char *restrict path, char *restrict data, size_t size), (path, data, size))
WRAP(ssize_t, readlinkat, -1, (int fd, const char *restrict path, char *restrict data, size_t size),
     (fd, path, data, size))
WRAP(ssize_t, recv, -1, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))
WRAP(ssize_t, recvfrom, -1,
     (int fd, void *restrict data, size_t size, int flags, __SOCKADDR_ARG from, socklen_t *restrict length),
     (fd, data, size, flags, from, length))
WRAP(ssize_t, recvmsg, -1, (int fd, struct msghdr *message, int flags), (fd, message, flags))
WRAP(int, rename, -1, (const char *from, const char *to), (from, to))
WRAP(int, renameat, -1, (int fd, const char *from, int where, const char *to), (fd, from, where, to))
WRAP(int, rmdir, -1, (const char *path), (path))
WRAP(ssize_t, send, -1, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
WRAP(ssize_t, sendto, -1, (int fd, const void *data, size_t size, int flags, __CONST_SOCKADDR_ARG to, socklen_t length),
     (fd, data, size, flags, to, length))
WRAP(ssize_t, sendmsg, -1, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
WRAP(int, setpgid, -1, (pid_t pid, pid_t group), (pid, group))
WRAP(int, shutdown, -1, (int fd, int how), (fd, how))
WRAP(int, socket, -1, (int family, int type, int protocol), (family, type, protocol))
WRAP(int, socketpair, -1, (int family, int type, int protocol, int ends[2]), (family, type, protocol, ends))
WRAP(int, symlink, -1, (const char *to, const char *path), (to, path))
WRAP(int, symlinkat, -1, (const char *to, int fd, const char *path), (to, fd, path))
WRAP(int, timerfd_create, -1, (clockid_t clock, int flags), (clock, flags))
WRAP(int, timerfd_settime, -1, (int fd, int flags, const struct itimerspec *new, struct itimerspec *old),
     (fd, flags, new, old))
WRAP(int, timer_create, -1, (clockid_t clock, struct sigevent *restrict event, timer_t *restrict timer),
     (clock, event, timer))
WRAP(int, unlink, -1, (const char *path), (path))
WRAP(int, unlinkat, -1, (int fd, const char *path, int flags), (fd, path, flags))
WRAP(int, waitid, -1, (idtype_t type, id_t id, siginfo_t *info, int flags), (type, id, info, flags))
WRAP(pid_t, waitpid, -1, (pid_t pid, int *status, int flags), (pid, status, flags))
WRAP(pid_t, wait4, -1, (pid_t pid, int *status, int flags, struct rusage *usage), (pid, status, flags, usage))
WRAP(ssize_t, getrandom, -1, (void *data, size_t size, unsigned flags), (data, size, flags))
WRAP(ssize_t, process_vm_readv, -1,
     (pid_t pid, const struct iovec *own, unsigned long own_count, const struct iovec *other, unsigned long other_count,
      unsigned long flags),
     (pid, own, own_count, other, other_count, flags))
WRAP(DIR *, opendir, NULL, (const char *path), (path))
WRAP(DIR *, fdopendir, NULL, (int fd), (fd))
WRAP(FILE *, fopen, NULL, (const char *restrict path, const char *restrict mode), (path, mode))
WRAP(void *, mmap, MAP_FAILED, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
WRAP(char *, realpath, NULL, (const char *restrict path, char *restrict found), (path, found))
WRAP(int, chdir, -1, (const char *path), (path))
WRAP(off_t, lseek, -1, (int fd, off_t at, int from), (fd, at, from))

/* eventfd(2), timerfd_create(2) and signalfd(2) document fewer errors than files have. */
static bool is_event(int fd)
{
	static const char kind[] = "anon_inode:[";
	char path[32], found[sizeof(kind)];
	int error = errno;
	long length = -1;

	if (shared && !is_busy && counts((int32_t)NEXT(syscall)(SYS_getpid))) {
		is_busy = true;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = NEXT(syscall)(SYS_readlink, path, found, sizeof(found));
		is_busy = false;
	}
	errno = error;
	return length >= (long)sizeof(kind) - 1 && memcmp(found, kind, sizeof(kind) - 1) == 0;
}

ssize_t read(int fd, void *data, size_t size)
{
	return fails(is_event(fd) ? CALL_read_event : CALL_read) ? -1 : NEXT(read)(fd, data, size);
}

ssize_t write(int fd, const void *data, size_t size)
{
	return fails(is_event(fd) ? CALL_write_event : CALL_write) ? -1 : NEXT(write)(fd, data, size);
}

/* Only a new descriptor takes anything that may be short. */
int signalfd(int fd, const sigset_t *set, int flags)
{
	return fd < 0 && fails(CALL_signalfd) ? -1 : NEXT(signalfd)(fd, set, flags);
}

/* Those with a number of arguments that depends on the others. To pass on one more than was given is harmless. */
#define LAST_ARGUMENT(type, before) \
	({ \
		va_list list; \
		type last; \
		va_start(list, before); \
		last = va_arg(list, type); \
		va_end(list); \
		last; \
	})

int open(const char *path, int flags, ...)
{
	unsigned mode = LAST_ARGUMENT(unsigned, flags);

	return fails(CALL_open) ? -1 : NEXT(open)(path, flags, mode);
}

int openat(int fd, const char *path, int flags, ...)
{
	unsigned mode = LAST_ARGUMENT(unsigned, flags);

	return fails(CALL_openat) ? -1 : NEXT(openat)(fd, path, flags, mode);
}

int fcntl(int fd, int verb, ...)
{
	void *argument = LAST_ARGUMENT(void *, verb);

	if (fails(verb == F_DUPFD_CLOEXEC || verb == F_DUPFD ? CALL_fcntl_dup : CALL_fcntl))
		return -1;
	return NEXT(fcntl)(fd, verb, argument);
}

/* Whether no kernel since 3.4 reports an error for this use of prctl(2), with the arguments that superd passes. */
static bool never_fails(int verb)
{
	return verb == PR_SET_CHILD_SUBREAPER || verb == PR_SET_PDEATHSIG || verb == PR_GET_NAME ||
	       verb == PR_SET_NAME;
}

int prctl(int verb, ...)
{
	unsigned long word[4];
	va_list list;

	va_start(list, verb);
	for (int i = 0; i < 4; i++)
		word[i] = va_arg(list, unsigned long);
	va_end(list);
	if (!never_fails(verb) && fails(CALL_prctl))
		return -1;
	return (int)syscall(SYS_prctl, verb, word[0], word[1], word[2], word[3]);
}

int clone(int (*run)(void *), void *stack, int flags, void *argument, ...)
{
	void *word[3];
	va_list list;

	va_start(list, argument);
	for (int i = 0; i < 3; i++)
		word[i] = va_arg(list, void *);
	va_end(list);
	return fails(CALL_clone) ? -1 : NEXT(clone)(run, stack, flags, argument, word[0], word[1], word[2]);
}

/* What the compiler calls in the place of others with _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __openat_2(int fd, const char *path, int flags);
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *data, size_t size, off_t at, size_t room);
char *__realpath_chk(const char *path, char *found, size_t room);

int __open_2(const char *path, int flags)
{
	return fails(CALL_open) ? -1 : NEXT(__open_2)(path, flags);
}

int __openat_2(int fd, const char *path, int flags)
{
	return fails(CALL_openat) ? -1 : NEXT(__openat_2)(fd, path, flags);
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	return fails(is_event(fd) ? CALL_read_event : CALL_read) ? -1 : NEXT(__read_chk)(fd, data, size, room);
}

ssize_t __pread_chk(int fd, void *data, size_t size, off_t at, size_t room)
{
	return fails(CALL_pread) ? -1 : NEXT(__pread_chk)(fd, data, size, at, room);
}

char *__realpath_chk(const char *path, char *found, size_t room)
{
	return fails(CALL_realpath) ? NULL : NEXT(__realpath_chk)(path, found, room);
}

static int find_raw(long number)
{
	switch (number) {
#define CALL(name) \
	case SYS_##name: \
		return CALL_sys_##name;
		RAW_CALLS(CALL)
#undef CALL
	default:
		return -1;
	}
}

/* Only the guard makes a process of its own memory that shares its descriptors. */
static bool starts_superd(long number, const long *word)
{
	uint64_t flags = number == SYS_clone  ? (uint64_t)word[0]
			 : number == SYS_clone3 ? ((const struct clone_args *)(const void *)word[0])->flags
						: 0;

	return (flags & (CLONE_FILES | CLONE_VM)) == CLONE_FILES && counts((int32_t)NEXT(syscall)(SYS_getpid));
}

/* In the child. */
static void follow_superd(void)
{
	shared->guard = (int32_t)NEXT(syscall)(SYS_getppid);
	shared->pid = (int32_t)NEXT(syscall)(SYS_getpid);
}

long syscall(long number, ...)
{
	int call = shared ? find_raw(number) : -1;
	long word[6], result;
	bool is_guard;
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		word[i] = va_arg(list, long);
	va_end(list);
	if (call >= 0 && fails((enum call)call))
		return -1;
	is_guard = shared && starts_superd(number, word);
	result = NEXT(syscall)(number, word[0], word[1], word[2], word[3], word[4], word[5]);
	if (is_guard && result == 0)
		follow_superd();
	return result;
}
