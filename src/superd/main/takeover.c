/* The new superd's half of an upgrade: reads the state that the previous superd left in a descriptor, and loads the
 * table.
 *
 * Once the process has executed this program, it cannot return to the old one. So takeover_answer first tries
 * state, log and table in a process of its own, and reports what would fail. If the state is unreadable all the same,
 * superd closes the descriptors that it has inherited, which would keep its addresses busy, and starts anew. */
#include "superd/main/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/patience.h"
#include "lib/scan.h"
#include "os/fs/memory_file.h"
#include "os/guard/guard.h"
#include "os/guard/guard_link.h"
#include "os/host/signals.h"
#include "os/proc/process_group.h"
#include "superd/loop/engine.h"
#include "superd/main/load.h"
#include "superd/main/pid_file.h"
#include "superd/main/run.h"
#include "superd/main/settings.h"
#include "superd/reload/left_fds.h"
#include "superd/reload/load.h"
#include "superd/reload/saved_state.h"
#include "superd/reload/upgrade.h"
#include "superd/supervisor/supervisor.h"

#define ANSWER_MOST 3000 /* bytes */
#define KILL_TIMEOUT 1.  /* seconds from SIGKILL until superd gives up */

static bool read_flag(const char *word, const char *flag, int *fd)
{
	int64_t number;

	if (strncmp(word, flag, strlen(flag)) != 0)
		return false;
	*fd = -1;
	if (!scan_count(word + strlen(flag), &number) && number > STDERR_FILENO && number <= INT32_MAX)
		*fd = (int)number;
	return true;
}

struct internal_args takeover_strip(int *argc, char ***argv)
{
	struct internal_args internal = { .fd = -1, .guard_page = -1 };
	char **all = *argv;

	if (*argc < 2)
		return internal;
	internal.checks_upgrade = read_flag(all[1], UPGRADE_CHECK, &internal.fd);
	read_flag(all[1], GUARD_AGAIN, &internal.guard_page);
	internal.takes_over = !internal.checks_upgrade && read_flag(all[1], UPGRADE_TAKE, &internal.fd);
	internal.checks_left_out =
		!internal.checks_upgrade && !internal.takes_over && read_flag(all[1], LEFT_OUT_CHECK, &internal.fd);
	if (!internal.checks_upgrade && !internal.takes_over && !internal.checks_left_out && internal.guard_page < 0)
		return internal;
	all[1] = all[0];
	*argv = all + 1;
	(*argc)--;
	return internal;
}

/* Reads the text of a state; NULL and errno. */
static char *read_state_text(int fd, size_t *length)
{
	return fd < 0 ? saved_state_read(length) : state_file_read(fd, STATE_STREAM_MOST, length);
}

/* Reads the state from a descriptor; -1: what the superd before, which has died, had saved for its guard. NULL: it
 * failed, with errno and the reason in `why`. */
static struct state_stream *read_state(int fd, struct buf *why)
{
	struct state_stream *stream = calloc(1, sizeof(*stream));
	struct buf reason = { 0 };
	size_t length;
	char *text = stream ? read_state_text(fd, &length) : NULL;
	const char *wrong;
	int saved = errno;

	if (!text) {
		buf_addf(why, "its state cannot be read: %s", strerror(saved));
		free(stream);
		errno = saved;
		return NULL;
	}
	wrong = state_stream_parse(stream, text, length, &reason);
	saved = errno;
	if (wrong)
		buf_addf(why, "its state cannot be taken over: %s", wrong);
	buf_free(&reason);
	if (!wrong)
		return stream;
	takeover_free(stream);
	errno = saved;
	return NULL;
}

static bool may_pass(int error)
{
	return error != EBADMSG && error != EFBIG && error != EINVAL && error != ENOENT;
}

/* The state is there, and does not change, so a call that fails now may work in a moment. */
static struct state_stream *read_state_patiently(int fd, struct buf *why)
{
	struct state_stream *stream;
	unsigned tries = 0;

	while (!(stream = read_state(fd, why)) && may_pass(errno) && patience_wait(&tries))
		buf_clear(why);
	if (stream)
		buf_clear(why);
	return stream;
}

void takeover_free(struct state_stream *stream)
{
	if (stream)
		state_stream_free(stream);
	free(stream);
}

/* Adds the number of errors and the first of them. */
static void describe_errors(const struct diags *diags, struct buf *why)
{
	for (size_t n = 0; n < diags->count; n++) {
		if (diags->list[n].severity != SEVERITY_ERROR)
			continue;
		buf_addf(why, "%zu error%s in the configuration, first: ", diags->errors,
			 diags->errors == 1 ? "" : "s");
		diag_place(&diags->list[n], why);
		buf_addf(why, "%s%s", diags->list[n].file ? ": " : "", diags->list[n].message);
		return;
	}
}

struct table *takeover_load(struct options *options, struct state_stream *stream, struct diags *diags,
				   struct buf *why)
{
	struct table *table;

	if (options_read_standard_input(options))
		lseek(STDIN_FILENO, 0, SEEK_SET);
	table = load_to_run(options, guard_cause() == GUARD_RESTARTS ? stream : NULL, diags);
	if (!table)
		buf_text(why, "out of memory");
	else if (diags->errors)
		describe_errors(diags, why);
	else if (load_fits(stream, table, options->internal.checks_upgrade, why))
		return table;
	table_free(table);
	return NULL;
}

static bool can_load(struct options *options, struct state_stream *stream, struct buf *why)
{
	struct diags diags = { 0 };
	struct table *table = takeover_load(options, stream, &diags, why);

	diags_free(&diags);
	table_free(table);
	return table;
}

static bool can_log(const struct options *options, struct buf *why)
{
	const char *reason;
	struct log *log = log_open(options->settings.log, false, LEVEL_INFO, &reason);
	bool good = log;

	if (!good)
		buf_addf(why, "cannot log to %s: %s", options->settings.log, reason);
	log_close(log);
	return good;
}

int takeover_answer(struct options *options)
{
	struct buf why = { 0 };
	struct state_stream *stream = read_state(options->internal.fd, &why);
	bool good;

	if (stream)
		settings_restore(options, stream);
	good = stream && can_log(options, &why) && can_load(options, stream, &why);
	takeover_free(stream);
	buf_cut(&why, ANSWER_MOST);
	if (good)
		printf("%s%s\n", UPGRADE_CAN, PACKAGE_VERSION);
	else
		printf("%s\n", buf_string(&why));
	buf_free(&why);
	return fflush(stdout) == 0 && good ? 0 : EXIT_TABLE;
}

/* Without a state superd cannot know which descriptors are sockets; left open, they would keep their addresses busy. */
static void close_inherited(void)
{
	long most = sysconf(_SC_OPEN_MAX);

	for (int fd = STDERR_FILENO + 1; fd < (most > 0 && most < 65536 ? most : 65536); fd++) {
		if (!guard_owns_fd(fd))
			close(fd);
	}
}

static struct state_stream *read_saved_state(struct buf *why)
{
	uint64_t end;

	if (guard_state_is_dropped())
		buf_text(why, "several superds in a row have crashed with its state");
	else if (guard_state(&end) < 0)
		buf_text(why, "no state was saved");
	else
		return read_state_patiently(-1, why);
	return NULL;
}

struct state_stream *takeover_read(const struct options *options, struct buf *why)
{
	bool died = !options->internal.takes_over && guard_cause() == GUARD_RESTARTS;
	struct state_stream *stream = options->internal.takes_over ? read_state_patiently(options->internal.fd, why)
				      : died			   ? read_saved_state(why)
								   : NULL;
	int fd = options->internal.fd;

	if (stream && !load_is_ours(stream)) {
		buf_text(why, "its state is another process's");
		takeover_free(stream);
		stream = NULL;
	}
	if (stream && guard_cause() != GUARD_FRESH)
		left_fds_note(stream);
	else if (stream)
		fd_close(&fd);
	if (options->internal.takes_over && !stream)
		close_inherited();
	return stream;
}

static bool is_stop_signal(int signal)
{
	return signal != SIGQUIT && signal_is_stop(signal);
}

/* Adds the signals that stop superd and all instances. The previous superd blocked them before it executed this one. */
static void add_stop_signals(sigset_t *set)
{
	for (size_t n = 0; signals_handled(n); n++) {
		if (is_stop_signal(signals_handled(n)))
			sigaddset(set, signals_handled(n));
	}
}

bool takeover_wait(void)
{
	const struct timespec moment = { .tv_sec = 1 };
	sigset_t ends;

	sigemptyset(&ends);
	add_stop_signals(&ends);
	return sigtimedwait(&ends, NULL, &moment) < 0;
}

/* A process that the previous superd started and that still runs, or its process group. */
struct old_process {
	pid_t pid, group;               /* 0: none, or ended */
	int fd;                         /* of process_group_open; -1: only the number names the group */
};

struct old_processes {
	struct old_process *list;
	size_t count;
};

static void add_old_process(struct old_processes *processes, struct state_section *section, const char *key)
{
	struct old_process process = {
		.pid = (pid_t)state_number(section, key, 2, INT32_MAX, 0),
		.group = (pid_t)state_number(section, "group", 2, INT32_MAX, 0),
		.fd = -1,
	};

	if (!process.pid && !process.group)
		return;
	if (process.group)
		process.fd = process_group_open(process.group);
	processes->list[processes->count++] = process;
}

/* Lists them before superd reaps any child: until then no pid can have been reused. */
static struct old_processes list_old_processes(const struct state_stream *stream)
{
	struct old_processes processes = { .list = calloc(stream->count + 1, sizeof(*processes.list)) };

	for (size_t n = 0; processes.list && n < stream->count; n++) {
		if (!strcmp(stream->sections[n].kind, "instance"))
			add_old_process(&processes, &stream->sections[n], "child");
		else if (!strcmp(stream->sections[n].kind, "command"))
			add_old_process(&processes, &stream->sections[n], "pid");
	}
	return processes;
}

static bool signal_old_process(const struct old_process *process, int signal)
{
	if (process->fd >= 0)
		return signal ? process_group_signal(process->fd, signal) : process_group_lives(process->fd);
	if (!process->pid && !process->group)
		return false;
	return kill(process->group ? -process->group : process->pid, signal) == 0 || errno == EPERM;
}

/* Sends a signal to all of them; 0: only checks. true: at least one still runs. */
static bool signal_old_processes(const struct old_processes *processes, int signal)
{
	bool any = false;

	for (size_t n = 0; n < processes->count; n++)
		any |= signal_old_process(&processes->list[n], signal);
	return any;
}

/* Forgets a child that is about to be reaped, because the kernel may reuse its pid. Without a descriptor nothing names
 * its group safely any more, so the other processes of the group are killed now. */
static void forget_child(struct old_processes *processes, pid_t pid)
{
	for (size_t n = 0; n < processes->count; n++) {
		struct old_process *process = &processes->list[n];

		if (process->fd >= 0 || (process->pid != pid && process->group != pid))
			continue;
		signal_old_process(process, SIGKILL);
		process->pid = process->group = 0;
	}
}

/* What a superd that died has left running are children of the guard. */
static void reap_children(struct old_processes *processes)
{
	siginfo_t ended = { 0 };
	struct guarded_end guarded;

	while (guard_next_end(&guarded)) {
		unsigned tries = 0;

		forget_child(processes, guarded.pid);
		while (!guard_reap(guarded.pid) && patience_wait(&tries))
			continue;
	}

	while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
		forget_child(processes, ended.si_pid);
		waitpid(ended.si_pid, NULL, WNOHANG);
		ended.si_pid = 0;
	}
}

/* Waits until all have ended. false: `timeout` seconds have passed, or another signal to stop has come. It polls,
 * because superd gets no SIGCHLD for a process that is not its child. */
static bool await_end(struct old_processes *processes, double timeout)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	double until = clock_now() + timeout;
	sigset_t wakes;
	int woken;

	sigemptyset(&wakes);
	add_stop_signals(&wakes);
	sigaddset(&wakes, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wakes, NULL);
	do {
		reap_children(processes);
		if (!signal_old_processes(processes, 0))
			return true;
		woken = sigtimedwait(&wakes, NULL, &moment);
	} while (clock_now() < until && !is_stop_signal(woken));
	return false;
}

void takeover_end(struct state_stream *stream, const struct options *options, struct log *log)
{
	struct pid_file file = { options->settings.pid_file, load_pid_file(stream), false };
	struct old_processes processes = list_old_processes(stream);

	log_notice(log, "stopping");
	signal_old_processes(&processes, SIGTERM);
	signal_old_processes(&processes, SIGCONT);
	if (!await_end(&processes, (double)options->settings.stop_timeout / 1e6)) {
		log_warn(log, "not everything has ended yet: killing the rest");
		signal_old_processes(&processes, SIGKILL);
		if (!await_end(&processes, KILL_TIMEOUT))
			log_error(log, "some processes could not be killed: ending without them");
	}
	for (size_t n = 0; n < processes.count; n++)
		fd_close(&processes.list[n].fd);
	free(processes.list);
	pid_file_remove(&file);
}
