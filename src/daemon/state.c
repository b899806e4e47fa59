/* What outlives this process: a small text of the table, the descriptors and the instances, in a memfd.
 *
 * Without a guard an upgrade is an exec of superd itself with these descriptors. The guard is superd's parent and
 * shares its table of descriptors (CLONE_FILES), so none closes when superd dies: it starts the next one, which reads
 * the text. With a guard an upgrade is such a death, behind which the guard executes the new program. Nothing else goes
 * over. */
#include "daemon/daemon.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/front.h"
#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/fs/memory_file.h"
#include "os/guard/guard.h"
#include "os/guard/guard_link.h"
#include "os/host/program.h"
#include "os/host/self_exe.h"
#include "os/host/signals.h"
#include "os/rights/own_privileges.h"
#include "os/socket/bind.h"
#include "superd/instance/service_list.h"
#include "superd/main/settings.h"
#include "superd/main/takeover.h"
#include "superd/saved/state_field.h"

#define KEPT_MOST 8192
#define YOUNG 10. /* seconds: superds that die sooner are started after a pause, doubled up to: */
#define PAUSE_MOST 30.
#define TAKES_OVER "--state="	/* first argument of a program that takes over: the descriptor of the text */
#define CHECKS "--check-state=" /* of one that is only asked whether it could */

/* What guard and superd share: a memfd of a page. */
static struct page {
	pid_t guard;
	int own;	    /* descriptor of the page itself */
	int signals;	    /* the guard's signalfd */
	int state[2];	    /* memfds; one of them counts */
	_Atomic int counts; /* 0 or 1; -1: none */
	_Atomic long length[2];
	int ends[2];		 /* pipe: ends of processes that the guard has reaped for superd */
	bool restarts, upgrades; /* superd follows one that has died; it has ended for an upgrade */
	int death;		 /* wait status of that */
	int stop;		 /* signal to stop that was passed on; 0: none */
	char program[4096];
	_Atomic size_t kept_count[2]; /* descriptors in the text; more than there is room for: none is closed */
	int kept[2][KEPT_MOST];
} * page;

struct end {
	pid_t pid;
	int status;
};

static int passed = -1;	 /* the text that an exec has passed */
static int kept_fd = -1; /* for who waits until superd is in the background */
static int *first_fds;	 /* open before the first superd began; ends with -1 */
static bool only_checks;

/* ---- the guard ---- */

pid_t guard_pid(void)
{
	return page ? page->guard : 0;
}

pid_t guard_first_pid(void)
{
	return page ? page->guard : getpid();
}

enum guard_cause guard_cause(void)
{
	return page && page->restarts ? GUARD_RESTARTS : GUARD_FRESH;
}

void guard_found_blocked(sigset_t *found)
{
	sigemptyset(found);
}

bool guard_owns_fd(int fd)
{
	return page &&
		(fd == kept_fd || fd == page->own || fd == page->signals || fd == page->state[0] ||
		 fd == page->state[1] || fd == page->ends[0] || fd == page->ends[1]);
}

void guard_keep_fd(int fd)
{
	kept_fd = fd;
}

int guard_successor_state(void)
{
	return -1;
}

/* Until superd ends. It returns if that was a death or an upgrade; else the guard ends with its status. */
static void guard_wait(pid_t child, bool has_terminal)
{
	for (;;) {
		struct signalfd_siginfo info;
		struct pollfd wait = { page->signals, POLLIN, 0 };
		int status;
		pid_t pid;

		siginfo_t stopped = { 0 };

		poll(&wait, 1, -1);
		if (has_terminal && waitid(P_PID, (id_t)child, &stopped, WSTOPPED | WNOHANG) == 0 &&
		    stopped.si_pid == child) {
			if (tcgetpgrp(STDIN_FILENO) == child)
				tcsetpgrp(STDIN_FILENO, getpgrp());
			raise(SIGSTOP);
			if (tcgetpgrp(STDIN_FILENO) == getpgrp())
				tcsetpgrp(STDIN_FILENO, child);
		}
		while (read(page->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
			if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGPIPE)
				continue;
			if (signal_is_stop((int)info.ssi_signo))
				page->stop = (int)info.ssi_signo;
			kill(child, (int)info.ssi_signo);
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			struct end end = { pid, status };

			if (pid != child) {
				if (write(page->ends[1], &end, sizeof(end)) < 0)
					fprintf(stderr, "superd-guard: too many processes have ended\n");
				continue;
			}
			if (WIFEXITED(status) && !page->upgrades)
				_exit(WEXITSTATUS(status));
			if (WIFSIGNALED(status) && page->stop && page->counts < 0)
				_exit(128 + WTERMSIG(status));
			page->death = status;
			return;
		}
	}
}

static bool make_page(void)
{
	struct page *made;
	sigset_t all;
	int own = memory_open("superd-guard", false);

	if (own < 0 || ftruncate(own, sizeof(*page)) < 0)
		return false;
	made = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
	if (made == MAP_FAILED)
		return false;
	made->own = fd_raise(own, FD_HIGH);
	made->guard = getpid();
	made->counts = -1;
	for (int n = 0; n < 2; n++)
		made->state[n] = fd_raise(memory_open("superd-state", false), FD_HIGH);
	if (made->state[1] < 0 || pipe2(made->ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	made->ends[0] = fd_raise(made->ends[0], FD_HIGH);
	made->ends[1] = fd_raise(made->ends[1], FD_HIGH);
	fcntl(made->ends[1], F_SETPIPE_SZ, 1 << 20);
	sigfillset(&all);
	made->signals = fd_raise(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK), FD_HIGH);
	page = made;
	return made->signals >= 0;
}

static bool keeps(int fd)
{
	size_t counts = (size_t)page->counts;

	for (const int *first = first_fds; *first >= 0; first++) {
		if (*first == fd)
			return true;
	}
	for (size_t n = 0; page->counts >= 0 && n < page->kept_count[counts]; n++) {
		if (page->kept[counts][n] == fd)
			return true;
	}
	return guard_owns_fd(fd);
}

/* The table of descriptors is the guard's: what the dead superd had beside its text is closed for both. */
static int fd_of(const struct dirent *entry)
{
	int64_t fd;

	return scan_count(entry->d_name, &fd) ? -1 : (int)fd;
}

static void close_leftovers(void)
{
	DIR *folder = page->counts >= 0 && page->kept_count[page->counts] > KEPT_MOST ? NULL : opendir("/proc/self/fd");
	int fds[1024];
	size_t count;

	do {
		count = 0;
		for (struct dirent *entry; folder && count < 1024 && (entry = readdir(folder));) {
			int fd = fd_of(entry);

			if (fd > 2 && fd != dirfd(folder) && !keeps(fd))
				fds[count++] = fd;
		}
		for (size_t n = 0; n < count; n++)
			close(fds[n]);
	} while (count == 1024);
	if (folder)
		closedir(folder);
}

static void note_first_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	first_fds = calloc(1024, sizeof(int));
	for (struct dirent *entry; folder && first_fds && count < 1023 && (entry = readdir(folder));) {
		if (fd_of(entry) >= 0 && fd_of(entry) != dirfd(folder))
			first_fds[count++] = fd_of(entry);
	}
	if (first_fds)
		first_fds[count] = -1;
	if (folder)
		closedir(folder);
}

/* Returns true in each superd that it starts. fd: the page of a guard that has executed another program; -1: the
 * first. */
bool guard_begin(int fd, char *const *arguments, const char *name)
{
	bool has_terminal = tcgetpgrp(STDIN_FILENO) == getpgrp();
	double begun, pause = 0;
	sigset_t all, before;

	if (fd < 0)
		note_first_fds();
	else
		first_fds = calloc(1, sizeof(int)), first_fds ? (void)(first_fds[0] = -1) : (void)0;
	if (!first_fds)
		return false;
	if (fd >= 0) {
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (page == MAP_FAILED || page->guard != getpid())
			return false;
	} else if (!make_page()) {
		return false;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (fd >= 0)
		sigemptyset(&before);
	for (;;) {
		/* Shares the descriptors, and nothing else. */
		pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

		if (child == 0) {
			char pid[24];

			setpgid(0, 0);
			if (has_terminal)
				tcsetpgrp(STDIN_FILENO, getpid());
			prctl(PR_SET_NAME, scan_base_name(arguments[0]), 0, 0, 0);
			snprintf(pid, sizeof(pid), "%ld", (long)page->guard);
			if (getenv("LISTEN_PID") && !strcmp(getenv("LISTEN_PID"), pid)) {
				snprintf(pid, sizeof(pid), "%ld", (long)getpid());
				setenv("LISTEN_PID", pid, 1);
			}
			if (page->restarts)
				close_leftovers();
			return true;
		}
		if (child < 0)
			return false;
		self_exe_set_name(name ? name : "superd-guard");
		begun = clock_now();
		guard_wait(child, has_terminal);
		page->restarts = true;
		if (page->upgrades) {
			char argument[40], *argv[1024] = { arguments[0], argument };
			size_t count = 2;

			page->upgrades = false;
			snprintf(argument, sizeof(argument), GUARD_AGAIN "%d", page->own);
			for (char *const *at = arguments + 1; *at && count < 1023; at++)
				argv[count++] = *at;
			execv(page->program, argv);
			continue; /* the program that runs goes on */
		}
		pause = clock_now() - begun > YOUNG ? 0 : pause ? 2 * pause < PAUSE_MOST ? 2 * pause : PAUSE_MOST : .1;
		if (pause > .1)
			usleep((useconds_t)(pause * 1e6));
	}
}

/* The ends of children of superds before. */
static void on_guard_ends(struct ev_loop *loop, ev_io *io, int events)
{
	extern void child_ended(pid_t pid, int status, const struct rusage *used);
	struct end end;

	(void)loop, (void)events;
	while (read(io->fd, &end, sizeof(end)) == (ssize_t)sizeof(end))
		child_ended(end.pid, end.status, NULL);
	superd_check_end();
}

/* ---- writing ---- */

static void save_instance(struct state_saver *saver, struct instance *instance)
{
	double left = instance_limit_left(instance);

	state_open_section(&saver->text, "instance");
	save_number(saver, "pid", instance->pid);
	save_number(saver, "main", instance->main.pid);
	save_number(saver, "command", instance->command.pid);
	save_number(saver, "next_command", instance->next_command);
	save_number(saver, "group", instance->group);
	save_number(saver, "phase", instance->phase + 1);
	save_number(saver, "status", instance->status);
	save_number(saver, "result", instance->result);
	save_number(saver, "flags",
		    instance->ends | instance->is_frozen << 2 | (instance->svc->current == instance) << 3 |
			    instance->watched << 4 | instance->stopping << 5 | instance->reloading << 6 |
			    instance->late << 7 | instance->by_order << 8);
	save_number(saver, "reached", instance->reached + 1);
	save_number(saver, "access", instance->access);
	save_number(saver, "private", (int64_t)(instance->private_id >> 1));
	save_number(saver, "bound", (int64_t)instance->bound_set);
	save_real(saver, "since", instance->since);
	save_real(saver, "limit", left >= 0 ? clock_now() + left : 0);
	save_real(saver, "watchdog", instance->watchdog_every > 0 ? instance->watchdog_every : 0);
	save_fd(saver, "report", instance->report);
	save_fd(saver, "notif", instance->notif);
	if (instance->relay.child.pid) {
		save_number(saver, "relay", instance->relay.child.pid);
		save_fd(saver, "relay_fd", instance->relay.fd);
	}
	save_fd(saver, "client", instance->client.fd);
	save_fd(saver, "channel", instance->channel);
	save_text(saver, "peer", instance->peer);
	save_text(saver, "cgroup", instance->cgroup);
	save_text(saver, "says", instance->status_text);
	save_text(saver, "invocation", instance->invocation);
	for (unsigned n = 0; instance->socket && n < instance->svc->socket_count; n++) {
		if (instance->socket == &instance->svc->sockets[n])
			save_number(saver, "socket", n + 1);
	}
	if (instance->counted)
		state_add_bytes(&saver->text, "source", instance->source, SOURCE_SIZE);
}

static void save_svc(struct state_saver *saver, struct svc *svc)
{
	state_open_section(&saver->text, "service");
	save_text(saver, "name", svc->row->name);
	save_number(saver, "state", svc->state);
	save_number(saver, "flags",
		    svc->held | svc->disabled << 1 | svc->halted << 2 | svc->booted << 3 | svc->bound << 4 |
			    svc->failing << 5 | svc->draining << 6);
	save_real(saver, "since", svc->since);
	save_text(saver, "reason", svc->reason);
	save_real(saver, "start_due", svc->start_due);
	save_real(saver, "timer",
		  ev_is_active(&svc->timer) ? clock_now() + ev_timer_remaining(superd.loop, &svc->timer) : 0);
	save_number(saver, "backoff", svc->backoff.failures);
	save_number(saver, "activations", (int64_t)svc->activations);
	save_number(saver, "accepted", (int64_t)svc->accepted);
	save_number(saver, "failures", (int64_t)svc->failures);
	save_number(saver, "idle_stops", (int64_t)svc->idle_stops);
	save_number(saver, "idle_memory", svc->idle_memory);
	save_number(saver, "freezes", (int64_t)svc->freezes);
	save_number(saver, "wakes", (int64_t)svc->wakes);
	save_number(saver, "names", (int64_t)svc->names);
	save_real(saver, "last_start", svc->last_start);
	save_real(saver, "last_end", svc->last_end);
	save_number(saver, "last_status", svc->last_status);
	save_number(saver, "last_result", svc->last_result);
	save_text(saver, "last_peer", svc->last_peer);
	for (int n = 0; n < OUTPUTS; n++) {
		save_fd(saver, n ? "syslog_read" : "log_read",
			svc->outputs[n].write_end < 0 ? -1 : svc->outputs[n].io.fd);
		save_fd(saver, n ? "syslog_write" : "log_write", svc->outputs[n].write_end);
	}
	save_fd(saver, "notify", svc->notify);
	save_text(saver, "notify_variable", svc->notify_variable);
	for (unsigned n = 0; n < svc->socket_count; n++) {
		if (svc->sockets[n].fd < 0)
			continue;
		state_open_section(&saver->text, "socket");
		save_fd(saver, "fd", svc->sockets[n].fd);
		save_number(saver, "lent", svc->sockets[n].lent);
		save_number(saver, "busy", svc->sockets[n].busy);
		save_real(saver, "rests", svc->sockets[n].rests_until);
	}
	for (unsigned n = 0; n < svc->socket_count; n++) {
		if (svc->sockets[n].fd >= 0 || svc->sockets[n].rests_until <= clock_now())
			continue;
		state_open_section(&saver->text, "resting");
		save_number(saver, "number", n);
		save_real(saver, "until", svc->sockets[n].rests_until);
	}
	LIST_EACH(link, &svc->stored) {
		struct stored *stored = container_of(link, struct stored, link);

		state_open_section(&saver->text, "stored");
		save_fd(saver, "fd", stored->fd);
		save_text(saver, "name", stored->name);
		save_number(saver, "polled", stored->polled);
	}
	for (size_t n = 0; n < svc->parked_count; n++) {
		state_open_section(&saver->text, "parked");
		save_fd(saver, "fd", svc->parked[n].client.fd);
		save_number(saver, "socket", svc->parked[n].socket - svc->sockets);
		save_number(saver, "greeted", svc->parked[n].greeted);
		save_real(saver, "since", svc->parked[n].since);
	}
	LIST_EACH(link, &svc->instances)
		save_instance(saver, container_of(link, struct instance, link));
}

static bool compose(struct state_saver *saver)
{
	state_stream_begin(&saver->text);
	state_open_section(&saver->text, "superd");
	save_text(saver, "version", PACKAGE_VERSION);
	save_number(saver, "command", superd.main_command.pid);
	save_number(saver, "exit_status", superd.exit_status);
	save_number(saver, "stopping", superd.stopping);
	save_real(saver, "started", superd.started);
	save_fd(saver, "pid_file", superd.pid_file_fd);
	save_fd(saver, "control", control_fd());
	for (enum program n = 0; n < PROGRAMS && page; n++) {
		char key[20];

		snprintf(key, sizeof(key), "program%d", (int)n);
		save_fd(saver, key, program_known(n)->fd);
	}
	if (page)
		save_number(saver, "page", page->own);
	locks_save(&saver->text);
	load_save_table(superd.options, &(struct service_list){ .table = superd.table }, saver);
	LIST_EACH(link, &superd.services)
		save_svc(saver, container_of(link, struct svc, link));
	state_stream_end(&saver->text);
	return !saver->failed && !saver->text.failed;
}

bool state_is_upgrade(void)
{
	return passed >= 0;
}

static bool dirty;

void state_changed(void)
{
	dirty = true;
}

/* Writes the text where the guard's next superd finds it. */
void state_keep(void)
{
	struct state_saver saver = { .loop = superd.loop };
	int to = page && page->counts == 0;

	if (!page || superd.over)
		return;
	dirty = false;
	if (compose(&saver) && ftruncate(page->state[to], 0) == 0 &&
	    pwrite(page->state[to], saver.text.data, saver.text.length, 0) == (ssize_t)saver.text.length) {
		page->length[to] = (long)saver.text.length;
		page->kept_count[to] = saver.count;
		memcpy(page->kept[to], saver.fds, (saver.count < KEPT_MOST ? saver.count : KEPT_MOST) * sizeof(int));
		page->counts = to;
	}
	save_free(&saver);
}

static void on_turn(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	(void)loop, (void)prepare, (void)events;
	if (dirty)
		state_keep();
}

/* ---- reading ---- */

static struct state_stream stream;

static int text_fd(size_t *length)
{
	if (passed >= 0)
		return passed;
	if (!page || !page->restarts || page->counts < 0)
		return -1;
	*length = (size_t)page->length[page->counts];
	return page->state[page->counts];
}

/* NULL: there was no superd before, or its text cannot be read. */
struct state_stream *state_read(const struct options *options)
{
	struct buf why = { 0 };
	size_t length = 0;
	int fd = text_fd(&length);
	char *text = fd < 0 ? NULL : state_file_read(fd, STATE_STREAM_MOST, &length);

	(void)options;
	if (!text)
		return NULL;
	if (state_stream_parse(&stream, text, length, &why)) {
		fprintf(stderr,
			"superd: cannot continue from the state of the previous superd: %s: starting without it\n",
			buf_string(&why));
		buf_free(&why);
		return NULL;
	}
	return &stream;
}

const char *load_previous_table(struct state_stream *from)
{
	for (size_t n = 0; n < from->count; n++) {
		if (!strcmp(from->sections[n].kind, "table"))
			return state_text(&from->sections[n], "text");
	}
	return NULL;
}

/* After a death its programs are those that it had, whatever is installed by now. */
void state_programs(struct state_stream *before)
{
	struct kept_program kept[PROGRAMS];
	char key[20];

	for (int n = 0; n < PROGRAMS; n++)
		kept[n].fd = -1;
	for (size_t s = 0; before && passed < 0 && s < before->count; s++) {
		if (strcmp(before->sections[s].kind, "superd") != 0)
			continue;
		for (int n = 0; n < PROGRAMS; n++) {
			struct stat status;

			snprintf(key, sizeof(key), "program%d", n);
			kept[n].fd = (int32_t)state_number(&before->sections[s], key, 0, INT32_MAX, -1);
			if (kept[n].fd < 0 || fstat(kept[n].fd, &status) < 0) {
				kept[n].fd = -1;
				continue;
			}
			kept[n].device = status.st_dev;
			kept[n].inode = status.st_ino;
		}
	}
	programs_open(kept);
}

struct table *state_table(struct options *options, struct state_stream *before)
{
	struct diags diags = { 0 };
	struct table *table = load_previous(options, before, &diags);

	supervisor_log_diags(superd.log, &diags);
	diags_free(&diags);
	for (size_t n = 0; n < before->count; n++) {
		struct state_section *section = &before->sections[n];

		if (strcmp(section->kind, "superd") != 0)
			continue;
		superd.pid_file_fd = load_fd(section, "pid_file");
		snprintf(superd.upgraded_from, sizeof(superd.upgraded_from), "%s", state_text(section, "version"));
	}
	return table;
}

static void load_instance(struct svc *svc, struct state_section *section)
{
	struct instance *instance = instance_new(svc);
	int64_t flags = state_number(section, "flags", 0, 0xffff, 0),
		number = state_number(section, "socket", 0, INT32_MAX, 0);
	double limit = state_real(section, "limit", 0);
	const char *text;

	if (!instance)
		return;
	instance->pid = (pid_t)state_number(section, "pid", 0, INT32_MAX, 0);
	instance->group = (pid_t)state_number(section, "group", 0, INT32_MAX, 0);
	instance->phase = (enum phase)(state_number(section, "phase", 1, OVER + 1, READY + 1) - 1);
	instance->next_command = (unsigned)state_number(section, "next_command", 0, INT32_MAX, 0);
	instance->status = (int)state_number(section, "status", INT32_MIN, INT32_MAX, 0);
	instance->result = (enum result)state_number(section, "result", 0, RESULTS - 1, 0);
	instance->access = (unsigned)state_number(section, "access", 0, NOTIFY_ALL, 0);
	instance->private_id = (uint64_t)state_number(section, "private", 0, INT64_MAX, 0) << 1;
	instance->bound_set = (uint64_t)state_number(section, "bound", 0, INT64_MAX, 0);
	instance->bound = (unsigned)__builtin_popcountll(instance->bound_set);
	instance->since = instance->begun = state_real(section, "since", clock_now());
	instance->watchdog_every = state_real(section, "watchdog", -1);
	instance->reached = (enum phase)(state_number(section, "reached", 1, READY + 1, 1) - 1);
	instance->ends = (enum ends)((flags & 3) <= HAS_FAILED ? flags & 3 : IS_ASKED);
	instance->is_frozen = flags >> 2 & 1;
	instance->stopping = flags >> 5 & 1;
	instance->reloading = flags >> 6 & 1;
	instance->late = flags >> 7 & 1;
	instance->by_order = flags >> 8 & 1;
	instance->report = load_fd(section, "report");
	instance->notif = load_fd(section, "notif");
	instance->client.fd = load_fd(section, "client");
	instance->client.length = sizeof(instance->client.peer);
	if (instance->client.fd < 0 ||
	    getpeername(instance->client.fd, &instance->client.peer.any, &instance->client.length) < 0)
		instance->client.length = 0;
	instance->channel = load_fd(section, "channel");
	if (instance->channel >= 0)
		channel_begin(instance);
	if ((text = state_text(section, "peer")))
		snprintf(instance->peer, sizeof(instance->peer), "%s", text);
	if ((text = state_text(section, "says")))
		snprintf(instance->status_text, sizeof(instance->status_text), "%s", text);
	if ((text = state_text(section, "invocation")))
		snprintf(instance->invocation, sizeof(instance->invocation), "%s", text);
	if ((text = state_text(section, "cgroup")))
		instance->cgroup = strdup(text);
	if (number && number <= (int64_t)svc->socket_count)
		instance->socket = &svc->sockets[number - 1];
	if (svc->row->exec->accept)
		svc->count++;
	if (state_bytes(section, "source", instance->source, SOURCE_SIZE))
		instance->counted = source_count_enter(&superd.sources, svc, instance->source, UNLIMITED);
	if (flags >> 3 & 1)
		svc->current = instance;
	if (!svc->plan) {
		struct buf why = { 0 };

		svc->plan = plan_of(svc, svc->row, NULL, &why);
		buf_free(&why);
	}
	instance_resume(instance);
	child_forget(&instance->main);
	if (state_number(section, "main", 0, INT32_MAX, 0))
		child_watch(&instance->main, (pid_t)state_number(section, "main", 0, INT32_MAX, 0));
	if (state_number(section, "command", 0, INT32_MAX, 0))
		child_watch(&instance->command, (pid_t)state_number(section, "command", 0, INT32_MAX, 0));
	/* The superd before may have reaped it and died before the text was written: nobody else reports that end. */
	for (int n = 0; n < 2 && page && passed < 0; n++) {
		struct end end = { n ? instance->command.pid : instance->main.pid, 0 };

		if (end.pid > 0 && kill(end.pid, 0) < 0 && errno == ESRCH &&
		    write(page->ends[1], &end, sizeof(end)) < 0)
			log_warn(superd.log, "the end of pid %ld is lost: %s", (long)end.pid, strerror(errno));
	}
	if (limit > 0)
		instance_limit(instance, limit > clock_now() ? (int64_t)((limit - clock_now()) * 1e6) : 1);
	if (instance->phase != LAUNCHED)
		fd_close(&instance->report);
	if (instance->report >= 0) {
		ev_io_set(&instance->report_io, instance->report, EV_READ);
		ev_io_start(superd.loop, &instance->report_io);
	} else if (instance->phase == LAUNCHED) {
		ev_feed_event(superd.loop, &instance->report_io, EV_CUSTOM);
	}
	if (state_number(section, "relay", 0, INT32_MAX, 0))
		relay_resume(instance, (pid_t)state_number(section, "relay", 0, INT32_MAX, 0),
			     load_fd(section, "relay_fd"));
	if (instance->notif >= 0)
		bind_launched(instance);
	if (instance->phase == READY && instance->watchdog_every > 0)
		notify_watchdog(instance);
	if (instance->phase >= TERMINATED)
		ev_feed_event(superd.loop, &instance->look, EV_TIMER);
}

static struct svc *load_svc(struct state_section *section)
{
	const char *name = state_text(section, "name"), *text;
	struct svc *svc = name ? svc_find(name) : NULL;
	int64_t flags = state_number(section, "flags", 0, 0xffff, 0);
	double timer = state_real(section, "timer", 0);

	if (!svc)
		return NULL;
	svc->state = (enum state)state_number(section, "state", 0, STATES - 1, 0);
	superd.waiting += svc->state == QUEUED;
	svc->held = flags & 1;
	svc->disabled = flags >> 1 & 1;
	svc->halted = flags >> 2 & 1;
	svc->booted = flags >> 3 & 1;
	svc->bound = flags >> 4 & 1;
	svc->failing = flags >> 5 & 1;
	svc->draining = flags >> 6 & 1;
	svc->since = state_real(section, "since", clock_now());
	svc->start_due = state_real(section, "start_due", 0);
	svc->backoff.failures = (unsigned char)state_number(section, "backoff", 0, 255, 0);
	svc->activations = (uint64_t)state_number(section, "activations", 0, INT64_MAX, 0);
	svc->accepted = (uint64_t)state_number(section, "accepted", 0, INT64_MAX, 0);
	svc->failures = (uint64_t)state_number(section, "failures", 0, INT64_MAX, 0);
	svc->idle_memory = state_number(section, "idle_memory", 0, INT64_MAX, 0);
	svc->idle_stops = (uint64_t)state_number(section, "idle_stops", 0, INT64_MAX, 0);
	svc->freezes = (uint64_t)state_number(section, "freezes", 0, INT64_MAX, 0);
	svc->wakes = (uint64_t)state_number(section, "wakes", 0, INT64_MAX, 0);
	svc->names = (uint64_t)state_number(section, "names", 0, INT64_MAX, 0);
	svc->last_start = state_real(section, "last_start", 0);
	svc->last_end = state_real(section, "last_end", 0);
	svc->last_status = (int)state_number(section, "last_status", INT32_MIN, INT32_MAX, 0);
	svc->last_result = (enum result)state_number(section, "last_result", 0, RESULTS - 1, 0);
	if ((text = state_text(section, "reason")))
		snprintf(svc->reason, sizeof(svc->reason), "%s", text);
	if ((text = state_text(section, "last_peer")))
		snprintf(svc->last_peer, sizeof(svc->last_peer), "%s", text);
	for (int n = 0; n < OUTPUTS; n++) {
		int read_end = load_fd(section, n ? "syslog_read" : "log_read"),
		    write_end = load_fd(section, n ? "syslog_write" : "log_write");

		if (read_end >= 0 && write_end >= 0)
			output_resume(&svc->outputs[n], svc, n, read_end, write_end);
	}
	svc->notify = load_fd(section, "notify");
	if (svc->notify >= 0 && (text = state_text(section, "notify_variable"))) {
		notify_resume(svc, text);
	}
	if (timer > 0 && (svc->state == BACKOFF || svc->state == BINDING)) {
		ev_timer_set(&svc->timer, timer > clock_now() ? timer - clock_now() : 0, 0);
		ev_timer_start(superd.loop, &svc->timer);
	}
	return svc;
}

static void load_socket(struct svc *svc, struct state_section *section)
{
	int fd = load_fd(section, "fd");

	for (unsigned n = 0; fd >= 0 && n < svc->socket_count; n++) {
		struct socket *socket = &svc->sockets[n];

		if (socket->fd >= 0 || !bind_matches(fd, socket->listen))
			continue;
		socket->fd = fd;
		socket->rests_until = state_real(section, "rests", 0);
		socket->lent = state_flag(section, "lent");
		socket->busy = state_flag(section, "busy");
		ev_io_set(&socket->io, fd, EV_READ);
		return;
	}
	if (fd >= 0)
		close(fd);
}

static ev_io guard_io;
static ev_prepare turn;

static void begin_guarded(void)
{
	if (!page)
		return;
	ev_io_init(&guard_io, on_guard_ends, page->ends[0], EV_READ);
	ev_io_start(superd.loop, &guard_io);
	ev_prepare_init(&turn, on_turn);
	ev_prepare_start(superd.loop, &turn);
}

void state_begin(void)
{
	begin_guarded();
}

bool state_restore(struct state_stream *before)
{
	struct svc *svc = NULL;
	size_t services = 0, instances = 0;
	char span[DURATION_MOST], name[32];

	for (size_t n = 0; n < before->count; n++) {
		struct state_section *section = &before->sections[n];

		if (!strcmp(section->kind, "superd")) {
			superd.started = state_real(section, "started", superd.started);
			control_adopt(load_fd(section, "control"));
			superd.exit_status = (int)state_number(section, "exit_status", 0, 255, 0);
			if (state_number(section, "command", 0, INT32_MAX, 0))
				child_watch(&superd.main_command,
					    (pid_t)state_number(section, "command", 0, INT32_MAX, 0));
		} else if (!strcmp(section->kind, "lock")) {
			locks_load(section);
		} else if (!strcmp(section->kind, "service")) {
			svc = load_svc(section);
			services += svc != NULL;
		} else if (svc && !strcmp(section->kind, "socket")) {
			load_socket(svc, section);
		} else if (svc && !strcmp(section->kind, "resting")) {
			int64_t number = state_number(section, "number", 0, INT32_MAX, 0);

			if (number < (int64_t)svc->socket_count)
				svc->sockets[number].rests_until = state_real(section, "until", 0);
		} else if (svc && !strcmp(section->kind, "stored")) {
			store_add(svc, load_fd(section, "fd"), state_text(section, "name"),
				  state_flag(section, "polled"));
		} else if (svc && !strcmp(section->kind, "parked")) {
			struct client client = { .fd = load_fd(section, "fd"), .length = sizeof(client.peer) };
			int64_t number = state_number(section, "socket", 0, INT32_MAX, 0);

			if (client.fd >= 0 && getpeername(client.fd, &client.peer.any, &client.length) < 0)
				client.length = 0;
			if (client.fd >= 0 &&
			    (number >= (int64_t)svc->socket_count ||
			     !accept_park(svc, &svc->sockets[number], &client,
					  state_real(section, "since", clock_now()), state_flag(section, "greeted"))))
				close(client.fd);
		} else if (svc && !strcmp(section->kind, "instance")) {
			load_instance(svc, section);
			instances++;
		}
	}
	if (page && page->restarts && !page->stop && passed < 0 && WIFSIGNALED(page->death))
		log_event(superd.log, LEVEL_ERROR, &(struct event){ .name = "restarted" },
			  "signal %s ended superd, and its guard restarted it: %zu service%s, %zu instance%s continue",
			  scan_signal_name(WTERMSIG(page->death), name), services, services == 1 ? "" : "s", instances,
			  instances == 1 ? "" : "s");
	else
		log_event(superd.log, LEVEL_NOTICE, &(struct event){ .name = "upgraded" },
			  "upgraded from %s to %s: %zu service%s, %zu instance%s, in %s", superd.upgraded_from,
			  PACKAGE_VERSION, services, services == 1 ? "" : "s", instances, instances == 1 ? "" : "s",
			  duration_write(span, .001));
	state_stream_free(before);
	return true;
}

/* ---- upgrades ---- */

struct internal_args takeover_strip(int *argc, char ***argv)
{
	struct internal_args internal = { .guard_page = -1, .fd = -1 };
	static const char *const modes[] = { TAKES_OVER, CHECKS, GUARD_AGAIN };
	int64_t number = -1;
	size_t which = 0;

	while (*argc > 1 && which < 3 && strncmp((*argv)[1], modes[which], strlen(modes[which])) != 0)
		which++;
	if (*argc < 2 || which == 3 || scan_count((*argv)[1] + strlen(modes[which]), &number))
		return internal;
	if (which == 2)
		internal.guard_page = (int)number;
	else
		passed = (int)number;
	only_checks = which == 1;
	internal.checks_upgrade = only_checks;
	internal.takes_over = which == 0;
	(*argv)[1] = (*argv)[0];
	(*argv)++;
	(*argc)--;
	return internal;
}

/* Whether this program could take over. */
int takeover_answer(struct options *options)
{
	struct state_stream *before = state_read(options);
	struct diags diags = { 0 };
	struct table *table;
	int status = EXIT_TABLE;

	if (!before)
		return EXIT_TABLE;
	settings_restore(options, before);
	programs_open(NULL);
	table = load_previous(options, before, &diags);
	if (table && !diags.errors)
		status = 0;
	table_free(table);
	diags_free(&diags);
	return status;
}

static struct {
	struct child child;
	struct state_saver saver;
	int text;
	bool only_check;
	void (*done)(void *context, bool good, const char *why);
	void *context;
} check;

static void tell_upgrade(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell_upgrade(bool good, const char *format, ...)
{
	char why[600];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	if (!good)
		log_error(superd.log, "%s: %s", check.only_check ? "an upgrade would fail" : "not upgraded", why);
	if (check.done)
		check.done(check.context, good, why);
	check.done = NULL;
}

void upgrade_forget(void *context)
{
	if (check.context == context)
		check.done = NULL;
}

static void go_over(void)
{
	char argument[40], *argv[1024] = { superd.options->arguments[0], argument };
	size_t count = 2;

	superd.quiet = true;
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		output_drain(svc, false);
		svc_unwatch(svc);
		idle_follow(svc); /* ends what goes on by itself */
	}
	save_free(&check.saver);
	check.saver = (struct state_saver){ .loop = superd.loop };
	if (!compose(&check.saver))
		goto failed;
	fd_close(&check.text);
	check.text = state_file_make(check.saver.text.data, check.saver.text.length, "/run");
	if (check.text < 0)
		goto failed;
	self_exe_pass(check.saver.fds, check.saver.count, true);
	own_privileges_restore_inheritable();
	if (page) {
		int own[] = { page->own, page->signals, page->state[0], page->state[1], page->ends[0], page->ends[1] };

		state_keep();
		snprintf(page->program, sizeof(page->program), "%s", superd.program);
		page->upgrades = true;
		self_exe_pass(own, 6, true);
		_exit(0);
	}
	snprintf(argument, sizeof(argument), TAKES_OVER "%d", check.text);
	for (char **at = superd.options->arguments + 1; *at && count < 1023; at++)
		argv[count++] = *at;
	self_exe_pass(&check.text, 1, true);
	execv(superd.program, argv);
	own_privileges_clear_inheritable_again();
	self_exe_pass(check.saver.fds, check.saver.count, false);
failed:
	tell_upgrade(false, "%s: the running superd continues", strerror(errno));
	superd.quiet = false;
	LIST_EACH(link, &superd.services) {
		struct svc *svc = container_of(link, struct svc, link);

		idle_follow(svc);
		svc_settle(svc);
	}
}

static void on_checked(struct child *child, int status, const struct rusage *used)
{
	(void)used;
	child->pid = 0;
	if (status == 0 && !check.only_check) {
		go_over();
		return;
	}
	if (status == 0)
		tell_upgrade(true, "an upgrade would succeed");
	else
		tell_upgrade(false, "%s: it cannot take over: the running superd continues", superd.program);
	fd_close(&check.text);
}

/* The program that is installed is asked whether it could take over. */
void upgrade_begin(bool only_check, void (*done)(void *context, bool good, const char *why), void *context)
{
	char argument[40], *argv[1024] = { superd.options->arguments[0], argument };
	size_t count = 2;
	pid_t pid;

	if (superd.stopping || check.child.pid) {
		if (done)
			done(context, false, superd.stopping ? "superd stops" : "busy: an upgrade is under way");
		return;
	}
	check.only_check = only_check;
	check.done = done;
	check.context = context;
	save_free(&check.saver);
	check.saver = (struct state_saver){ .loop = superd.loop };
	check.child.ended = on_checked;
	check.text =
		compose(&check.saver) ? state_file_make(check.saver.text.data, check.saver.text.length, "/run") : -1;
	if (check.text < 0) {
		tell_upgrade(false, "%s", strerror(errno));
		return;
	}
	snprintf(argument, sizeof(argument), CHECKS "%d", check.text);
	for (char **at = superd.options->arguments + 1; *at && count < 1023; at++)
		argv[count++] = *at;
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		self_exe_pass(&check.text, 1, true);
		dup2(superd.null_out, STDOUT_FILENO);
		execv(superd.program, argv);
		_exit(127);
	}
	if (pid > 0)
		child_watch(&check.child, pid);
}
