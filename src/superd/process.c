/* superd's own process: process 1 or subreaper, signals, limits, inherited descriptors, background, pid file.
 *
 * A container may lack any of this, so a step that fails only reduces what superd can see or do. Descriptors are never
 * visited one by one up to RLIMIT_NOFILE, which may be 2^30. */
#include "superd/main.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "os/netdiag/netdiag.h"

#define FIRST_SOCKET 3
#define SOCKETS_MOST 4096
/* A higher limit was not chosen for one program: it is a container runtime's "unlimited". */
#define NOFILE_CHOSEN 65536
#define NOFILE_USUAL 1024

/* Calls `visit` for each open descriptor above 2; without /proc for those that are likely to be open. */
static void visit_open_fds(void (*visit)(int fd, void *context), void *context)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!directory) {
		for (int fd = 3; fd < 1024; fd++)
			visit(fd, context);
		return;
	}
	while ((entry = readdir(directory))) {
		int64_t fd;

		if (!scan_count(entry->d_name, &fd) && fd > STDERR_FILENO && fd != dirfd(directory))
			visit((int)fd, context);
	}
	closedir(directory);
}

static void set_cloexec(int fd, void *context)
{
	int flags = fcntl(fd, F_GETFD);

	(void)context;
	if (flags >= 0)
		fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

static void on_broken_pipe(int signal)
{
	(void)signal;
}

bool pid1_is_first(void)
{
	return guard_first_pid() == 1;
}

/* Blocks signals that arrive while the table is still being read and would end superd. Signals to stop superd may end
 * it at this point; but for PID 1 the kernel would drop them, as they are neither handled nor blocked. */
static void block_orders(void)
{
	sigset_t orders;
	int signal;

	sigemptyset(&orders);
	sigaddset(&orders, SIGHUP);
	sigaddset(&orders, SIGUSR1);
	sigaddset(&orders, SIGUSR2);
	sigaddset(&orders, SIGALRM);
	for (size_t n = 0; (signal = signals_handled(n)); n++) {
		if (signal_is_stray(signal) || ((pid1_is_first() || guard->restarts) && signal_is_stop(signal)))
			sigaddset(&orders, signal);
	}
	sigprocmask(SIG_SETMASK, &orders, NULL);
}

/* SIGPIPE gets a handler, so that writing to a broken pipe fails with EPIPE. Not SIG_IGN, which a child would
 * inherit. */
static void reset_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL }, harmless = { .sa_handler = on_broken_pipe };
	static const char kernels_plain[64]; /* zeroes are SIG_DFL */

	for (int signal = 1; signal < NSIG; signal++) {
		if (signal != SIGKILL && signal != SIGSTOP)
			sigaction(signal, &plain, NULL);
	}
	/* libc's own may be inherited as ignored, too, and libc lets no program change them. */
	for (int signal = 32; signal < SIGRTMIN; signal++)
		syscall(SYS_rt_sigaction, signal, kernels_plain, NULL, (size_t)_NSIG / 8);
	sigaction(SIGPIPE, &harmless, NULL);
}

void pid1_enter(struct process_defaults *defaults)
{
	struct inherited_signals *found = &defaults->signals;
	struct sigaction action;
	struct rlimit limit;

	sigemptyset(&found->ignored);
	if (!guard->pid) /* else it has noted them */
		sigprocmask(SIG_SETMASK, NULL, &found->blocked);
	for (int signal = 1; signal < NSIG; signal++) {
		if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			sigaddset(&found->ignored, signal);
	}
	defaults->ignores_hangup = sigismember(&found->ignored, SIGHUP) == 1;
	fd_ensure_standard();
	if (syscall(__NR_close_range, 3, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) != 0)
		visit_open_fds(set_cloexec, NULL);
	defaults->ambient = own_privileges_clear_inheritable();
	own_privileges_leave_keyring();
	own_privileges_use_all();
	own_privileges_hide_process();
	reset_signals();
	block_orders();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		defaults->inherited_nofile = defaults->nofile = limit;
		/* Many programs close all descriptors up to their limit, one by one. */
		if (limit.rlim_cur > NOFILE_CHOSEN)
			defaults->nofile.rlim_cur = NOFILE_USUAL;
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	umask(022);
}

bool pid1_adopt_orphans(void)
{
	return getpid() == 1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static void add_other(int fd, void *context)
{
	struct listen_fds *listen_fds = context;
	int *larger;

	if (guard_owns_fd(fd) || fd == daemonize_channel() || fcntl(fd, F_GETFD) < 0)
		return;
	for (size_t n = 0; n < listen_fds->count; n++) {
		if (listen_fds->list[n].fd == fd)
			return;
	}
	larger = array_grow(listen_fds->others, &listen_fds->other_room, listen_fds->other_count, sizeof(*larger));
	if (!larger)
		return;
	listen_fds->others = larger;
	listen_fds->others[listen_fds->other_count++] = fd;
}

static bool add_listen_fd(struct listen_fds *listen_fds, struct listen_fd added)
{
	struct listen_fd *larger = array_grow(listen_fds->list, &listen_fds->room, listen_fds->count, sizeof(*larger));

	if (!larger)
		return false;
	listen_fds->list = larger;
	listen_fds->list[listen_fds->count++] = added;
	return true;
}

void listen_fds_take(struct listen_fds *listen_fds)
{
	const char *names = getenv("LISTEN_FDNAMES"), *pid_text = getenv("LISTEN_PID"), *text = getenv("LISTEN_FDS");
	int64_t count = 0, pid;

	*listen_fds = (struct listen_fds){ 0 };
	if (!pid_text || !text || scan_count(pid_text, &pid) || pid != getpid() || scan_count(text, &count) ||
	    count > SOCKETS_MOST)
		count = 0;
	for (int64_t n = 0; n < count; n++) {
		size_t length = names ? strcspn(names, ":") : 0;
		struct listen_fd added = { .fd = FIRST_SOCKET + (int)n, .name = names ? strndup(names, length) : NULL };

		if (fcntl(added.fd, F_GETFD) < 0)
			added.fd = -1;
		if (added.name && !strncmp(added.name, STORED_PREFIX, strlen(STORED_PREFIX)))
			added.from = OF_STORE;
		if (!add_listen_fd(listen_fds, added))
			free(added.name);
		if (names)
			names = names[length] ? names + length + 1 : NULL;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

bool listen_fds_add_own(struct listen_fds *listen_fds, int fd)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	int type = 0, accepts = 0;
	socklen_t size = sizeof(int);

	/* Only what can be a listener. */
	if (getsockname(fd, &address.any, &address.length) < 0 || address.length <= sizeof(sa_family_t) ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return false;
	if (type != SOCK_DGRAM && type != SOCK_RAW &&
	    (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) < 0 || !accepts))
		return false;
	return add_listen_fd(listen_fds, (struct listen_fd){ .fd = fd, .from = OF_SUPERD });
}

void listen_fds_note_others(struct listen_fds *listen_fds)
{
	visit_open_fds(add_other, listen_fds);
}

void listen_fds_close_others(struct listen_fds *listen_fds)
{
	for (size_t n = 0; n < listen_fds->other_count; n++)
		close(listen_fds->others[n]);
	listen_fds->other_count = 0;
}

void listen_fd_describe(const struct listen_fd *inherited, struct buf *out)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	char host[128] = "";

	if (inherited->name && *inherited->name)
		buf_addf(out, "%s, ", inherited->name);
	if (getsockname(inherited->fd, &address.any, &address.length) == 0)
		socket_address_host(&address, host, sizeof(host));
	buf_addf(out, address.any.sa_family == AF_INET6 ? "[%s]" : "%s", *host ? host : "without an address");
	if (socket_address_port(&address) > 0)
		buf_addf(out, ":%d", socket_address_port(&address));
}

/* ---- the background: the parent waits until the daemon is ready, so that its exit status reports a failed start, as
 * for a program in the foreground ---- */

/* The end that wakes the parent. With a guard, a superd may get it that was started when the one before had closed it;
 * a socket can be told from another. */
static struct {
	int fd;	     /* -1: there is no parent that waits */
	uint64_t id; /* its socket_id */
} ready = { .fd = -1 };

int daemonize_enter(void)
{
	int ends[2], status;
	pid_t pid;
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		fd_close(&ends[1]);
		if (read(ends[0], &byte, 1) == 1)
			_exit(0);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
	}
	fd_close(&ends[0]);
	ready.fd = ends[1];
	ready.id = socket_id(ends[1]);
	return setsid() < 0 ? -1 : 0; /* no chdir(2): a reload reads tables by relative paths, too */
}

int daemonize_channel(void)
{
	return ready.fd >= 0 && socket_id(ready.fd) == ready.id ? ready.fd : -1;
}

void daemonize_ready(bool keep_stderr)
{
	int null;

	if (daemonize_channel() < 0)
		return;
	send(ready.fd, "", 1, MSG_NOSIGNAL); /* unless the parent is gone */
	fd_close(&ready.fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC); /* the last descriptor may have been that one */
	for (int fd = 0; null >= 0 && fd <= (keep_stderr ? 1 : 2); fd++)
		dup2(null, fd);
	fd_close(&null);
}

/* ---- the pid file, which also ensures that only one superd runs with it ---- */

/* The owner may exit and unlink the file between our open(2) and flock(2); we would then lock a file without a name. So
 * superd compares the path with the open file once it holds the lock. A flock(2) lock belongs to the open file
 * description: the daemon inherits it over fork(2), and a backend closes its copy at exec. */

#define TRIES 100 /* attempts, if each time an owner unlinks the file before it is locked */

/* The first line of the file, as far as it fits. */
static void read_line(int fd, char *text, size_t size)
{
	ssize_t length = pread(fd, text, size - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* Whether the file holds more than a pid, as a table that was named by mistake and must not be overwritten. Blanks and
 * NUL bytes, which a crash may leave, do not count. */
static bool holds_text(int fd)
{
	char text[32];

	read_line(fd, text, sizeof(text));
	for (const char *at = text; *at; at++) {
		if (isgraph((unsigned char)*at) && !isdigit((unsigned char)*at))
			return true;
	}
	return false;
}

/* Whether the path still leads to this file. */
static bool is_at(const char *path, int fd)
{
	struct stat named, open;

	return lstat(path, &named) == 0 && fstat(fd, &open) == 0 && named.st_dev == open.st_dev &&
		named.st_ino == open.st_ino;
}

/* Opens and locks the file. -1: it failed, with the reason in `why`; without a reason the file was unlinked before it
 * was locked. */
static int open_locked(const char *path, struct buf *why, bool *is_taken)
{
	int fd = own_file_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644, why);
	struct stat status;
	char text[32];
	int64_t pid;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) < 0) {
		buf_text(why, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		buf_text(why, "it is no regular file");
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*is_taken = errno == EWOULDBLOCK;
		if (!*is_taken)
			buf_addf(why, "locking it: %s", strerror(errno));
		read_line(fd, text, sizeof(text));
		if (*is_taken && !scan_count(text, &pid) && pid > 0)
			buf_addf(why, "superd is running with it already, pid %s", text);
		else if (*is_taken)
			buf_text(why, "superd is starting with it already");
	} else if (holds_text(fd)) {
		buf_text(why, "it holds something else than a pid: name another file, or remove it");
	} else if (is_at(path, fd)) {
		return fd;
	}
	fd_close(&fd);
	return -1;
}

bool pid_file_claim(struct pid_file *file, const char *path, struct buf *why)
{
	*file = (struct pid_file){ .path = path, .fd = -1 };
	buf_clear(why);
	for (int n = 0; file->fd < 0 && !why->length && n < TRIES; n++)
		file->fd = open_locked(path, why, &file->is_taken);
	if (file->fd < 0 && !why->length)
		buf_text(why, "it is taken away again and again");
	file->fd = fd_raise(file->fd, FD_HIGH);
	return file->fd >= 0;
}

bool pid_file_write(struct pid_file *file)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)guard_first_pid());
	ssize_t written = pwrite(file->fd, text, (size_t)length, 0);

	if (written >= 0 && written < length)
		errno = ENOSPC;
	return written == length && ftruncate(file->fd, length) == 0;
}

void pid_file_remove(struct pid_file *file)
{
	struct path_finding finding;
	char text[32] = "";
	int64_t pid;

	if (file->fd >= 0)
		read_line(file->fd, text, sizeof(text));
	/* Another daemon may have written its pid there: the inetd that follows superd opens the same file, and asks
	 * for no lock. */
	if (file->fd >= 0 && is_at(file->path, file->fd) && !path_is_foreign(file->path, &finding) &&
	    (scan_count(text, &pid) || pid <= 0 || pid == guard_first_pid()))
		unlink(file->path);
	fd_close(&file->fd);
}
