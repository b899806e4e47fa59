/* superd's own process at its start: PID 1 or subreaper, signals, limits, inherited descriptors.
 *
 * A container may lack any of this, so a step that fails only reduces what superd can see or do. Descriptors are never
 * visited one by one up to RLIMIT_NOFILE, which may be 2^30. */
#include "superd/process/pid1.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/cgroup/oom_score.h"
#include "os/guard/guard_link.h"
#include "os/host/signals.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"
#include "os/rights/own_privileges.h"

#define FIRST_SOCKET 3
#define SOCKETS_MOST 4096
/* A higher limit was not chosen for one program: it is a container runtime's "unlimited". */
#define NOFILE_CHOSEN 65536
#define NOFILE_USUAL 1024

static void set_cloexec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags >= 0)
		fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

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

static void set_cloexec_of(int fd, void *context)
{
	(void)context;
	set_cloexec(fd);
}

static void set_cloexec_inherited(void)
{
	if (syscall(__NR_close_range, 3, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
	visit_open_fds(set_cloexec_of, NULL);
}

static void on_broken_pipe(int signal)
{
	(void)signal;
}

/* libc's own signals may be inherited as ignored, too, and libc lets no program change them. Zeroes are the kernel's
 * SIG_DFL. */
static void reset_reserved_signals(void)
{
	static const char plain[64];

	for (int signal = 32; signal < SIGRTMIN; signal++)
		syscall(SYS_rt_sigaction, signal, plain, NULL, (size_t)_NSIG / 8);
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
		if (signal_is_stray(signal) ||
		    ((pid1_is_first() || guard_cause() != GUARD_FRESH) && signal_is_stop(signal)))
			sigaddset(&orders, signal);
	}
	sigprocmask(SIG_SETMASK, &orders, NULL);
}

/* SIGPIPE gets a handler, so that writing to a broken pipe fails with EPIPE. Not SIG_IGN, which a child would
 * inherit. */
static void reset_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL }, harmless = { .sa_handler = on_broken_pipe };

	for (int signal = 1; signal < NSIG; signal++) {
		if (signal != SIGKILL && signal != SIGSTOP)
			sigaction(signal, &plain, NULL);
	}
	reset_reserved_signals();
	sigaction(SIGPIPE, &harmless, NULL);
}

/* Many programs close all descriptors up to their limit, one by one. */
rlim_t pid1_sane_nofile(rlim_t soft)
{
	return soft > NOFILE_CHOSEN ? NOFILE_USUAL : soft;
}

static void raise_limit(struct process_defaults *defaults)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	defaults->inherited_nofile = defaults->nofile = limit;
	defaults->nofile.rlim_cur = pid1_sane_nofile(limit.rlim_cur);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void save_signals(struct inherited_signals *found)
{
	struct sigaction action;

	sigemptyset(&found->ignored);
	if (guard_pid())
		guard_found_blocked(&found->blocked);
	else
		sigprocmask(SIG_SETMASK, NULL, &found->blocked);
	for (int signal = 1; signal < NSIG; signal++) {
		if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			sigaddset(&found->ignored, signal);
	}
}

static void enter_process(struct process_defaults *defaults, bool blocks)
{
	fd_ensure_standard();
	set_cloexec_inherited();
	defaults->ambient = own_privileges_clear_inheritable();
	own_privileges_leave_keyring();
	own_privileges_use_all();
	own_privileges_hide_process();
	reset_signals();
	if (blocks)
		block_orders();
	raise_limit(defaults);
	oom_score_above_own(defaults->oom_score, pid1_is_first());
	umask(022);
}

void pid1_enter(struct process_defaults *defaults)
{
	save_signals(&defaults->signals);
	defaults->ignores_hangup = sigismember(&defaults->signals.ignored, SIGHUP) == 1;
	enter_process(defaults, true);
}

void pid1_enter_again(struct process_defaults *defaults)
{
	enter_process(defaults, guard_pid());
}

bool pid1_adopt_orphans(void)
{
	return getpid() == 1 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static bool has_listen_fds(int64_t *count)
{
	const char *pid_text = getenv("LISTEN_PID"), *fds_text = getenv("LISTEN_FDS");
	int64_t pid;

	if (!pid_text || !fds_text || scan_count(pid_text, &pid) || scan_count(fds_text, count))
		return false;
	return pid == getpid() && *count > 0 && *count <= SOCKETS_MOST;
}

static void add_other(int fd, void *context)
{
	struct listen_fds *listen_fds = context;
	int *larger;

	if (guard_owns_fd(fd) || fcntl(fd, F_GETFD) < 0)
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

static void add_listen_fd(struct listen_fds *listen_fds, int fd, char *name)
{
	struct listen_fd *larger = array_grow(listen_fds->list, &listen_fds->room, listen_fds->count, sizeof(*larger));
	bool is_stored = name && !strncmp(name, STORED_PREFIX, strlen(STORED_PREFIX));

	if (!larger) {
		free(name);
		return;
	}
	listen_fds->list = larger;
	listen_fds->list[listen_fds->count++] = (struct listen_fd){
		.fd = fcntl(fd, F_GETFD) < 0 ? -1 : fd, .name = name, .is_own = is_stored, .is_stored = is_stored,
	};
}

static void take_systemd_fds(struct listen_fds *listen_fds)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int64_t count = 0;

	if (!has_listen_fds(&count))
		count = 0;
	for (int64_t n = 0; n < count; n++) {
		size_t length = names ? strcspn(names, ":") : 0;

		add_listen_fd(listen_fds, FIRST_SOCKET + (int)n, names ? strndup(names, length) : NULL);
		if (names)
			names = names[length] ? names + length + 1 : NULL;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

void listen_fds_take(struct listen_fds *listen_fds)
{
	*listen_fds = (struct listen_fds){ 0 };
	take_systemd_fds(listen_fds);
}

static bool can_be_listener(int fd)
{
	struct socket_address address = { .length = sizeof(address.storage) };
	int value = 0;
	socklen_t size = sizeof(value);

	if (getsockname(fd, &address.any, &address.length) < 0 || address.length <= sizeof(sa_family_t) ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size) < 0)
		return false;
	return value == SOCK_DGRAM || value == SOCK_RAW ||
	       (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value);
}

bool listen_fds_add_own(struct listen_fds *listen_fds, int fd)
{
	struct listen_fd *larger;

	if (!can_be_listener(fd))
		return false;
	larger = array_grow(listen_fds->list, &listen_fds->room, listen_fds->count, sizeof(*larger));
	if (!larger)
		return false;
	listen_fds->list = larger;
	listen_fds->list[listen_fds->count++] = (struct listen_fd){ .fd = fd, .is_own = true };
	return true;
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
	if (foreign_socket_name(inherited->fd, &address))
		socket_address_host(&address, host, sizeof(host));
	buf_addf(out, address.any.sa_family == AF_INET6 ? "[%s]" : "%s", *host ? host : "without an address");
	if (socket_address_port(&address) > 0)
		buf_addf(out, ":%d", socket_address_port(&address));
}

void listen_fds_close(struct listen_fds *listen_fds)
{
	for (size_t n = 0; n < listen_fds->count; n++) {
		fd_close(&listen_fds->list[n].fd);
		free(listen_fds->list[n].name);
	}
	free(listen_fds->list);
	free(listen_fds->others);
	*listen_fds = (struct listen_fds){ 0 };
}
