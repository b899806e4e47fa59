/* The new superd's half of an upgrade: it reads the state that the previous superd left in a descriptor, and loads
 * the table.
 *
 * The process cannot return to the old program once it has executed this one. So upgrade_receive_answer first tries
 * state, log and table in a process of its own and reports what would fail. If the state is unreadable all the
 * same, superd closes the descriptors it inherited, which would keep its addresses busy, and starts anew. */
#include "cli/superd/upgrade_receive.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "cli/superd/load.h"
#include "cli/superd/pid_file.h"
#include "cli/superd/run.h"
#include "engine/core/engine.h"
#include "engine/supervisor/left_out_check.h"
#include "engine/upgrade/load.h"
#include "engine/upgrade/upgrade.h"
#include "os/fs/state_file.h"
#include "os/host/signals.h"
#include "os/proc/process_group.h"

#define ANSWER_MOST 3000
#define KILL_PATIENCE 1. /* seconds */

static bool read_word(const char *word, const char *flag, int *fd)
{
	int64_t number;

	if (strncmp(word, flag, strlen(flag)) != 0)
		return false;
	*fd = -1;
	if (!scan_count(word + strlen(flag), &number) && number > STDERR_FILENO && number <= INT32_MAX)
		*fd = (int)number;
	return true;
}

struct given upgrade_receive_strip(int *argc, char ***argv)
{
	struct given given = { .state = -1 };
	char **all = *argv;

	if (*argc < 2)
		return given;
	given.asks = read_word(all[1], UPGRADE_CHECK, &given.state);
	given.takes = !given.asks && read_word(all[1], UPGRADE_TAKE, &given.state);
	given.looks = !given.asks && !given.takes && read_word(all[1], LEFT_OUT_CHECK, &given.state);
	if (!given.asks && !given.takes && !given.looks)
		return given;
	all[1] = all[0];
	*argv = all + 1;
	(*argc)--;
	return given;
}

/* Reads the ledger from a descriptor. NULL: it failed, with the reason in `why`. */
static struct state_stream *read_ledger(int fd, struct buf *why)
{
	struct state_stream *stream = calloc(1, sizeof(*stream));
	struct buf reason = { 0 };
	size_t length;
	char *text = stream ? state_file_read(fd, STATE_STREAM_MOST, &length) : NULL;
	const char *wrong;

	if (!text) {
		buf_addf(why, "its state can't be read: %s", strerror(errno));
		free(stream);
		return NULL;
	}
	wrong = state_stream_parse(stream, text, length, &reason);
	if (wrong)
		buf_addf(why, "its state can't be taken over: %s", wrong);
	buf_free(&reason);
	if (!wrong)
		return stream;
	upgrade_receive_free(stream);
	return NULL;
}

void upgrade_receive_free(struct state_stream *stream)
{
	if (stream)
		state_stream_free(stream);
	free(stream);
}

/* The number of errors and the first of them, which says what to do. */
static void describe_errors(const struct diags *diags, struct buf *why)
{
	for (size_t n = 0; n < diags->count; n++) {
		if (diags->list[n].severity != SEVERITY_ERROR)
			continue;
		buf_addf(why, "%zu error%s in the table, first: ", diags->errors, diags->errors == 1 ? "" : "s");
		diag_place(&diags->list[n], why);
		buf_addf(why, "%s%s", diags->list[n].file ? ": " : "", diags->list[n].message);
		return;
	}
}

/* Puts a table of standard input back to its start. */
static void rewind_table(const struct options *options)
{
	if (load_reads_standard_input(options))
		lseek(STDIN_FILENO, 0, SEEK_SET);
}

struct table *upgrade_receive_load(struct options *options, struct state_stream *stream, struct diags *diags,
				   struct buf *why)
{
	struct table *table;

	rewind_table(options);
	table = load_to_run(options, diags);
	if (!table)
		buf_text(why, "out of memory");
	else if (diags->errors)
		describe_errors(diags, why);
	else if (load_fits(stream, table, why))
		return table;
	table_free(table);
	return NULL;
}

static bool judge(struct options *options, struct state_stream *stream, struct buf *why)
{
	struct diags diags = { 0 };
	struct table *table = upgrade_receive_load(options, stream, &diags, why);

	diags_free(&diags);
	table_free(table);
	return table;
}

static bool can_log(const struct options *options, struct buf *why)
{
	const char *reason;
	struct log *log = log_open(options->log_destination, options->json, options->level, &reason);
	bool good = log;

	if (!good)
		buf_addf(why, "cannot log to %s: %s", options->log_destination, reason);
	log_close(log);
	return good;
}

int upgrade_receive_answer(struct options *options)
{
	struct buf why = { 0 };
	struct state_stream *stream = read_ledger(options->given.state, &why);
	bool good = stream && can_log(options, &why) && judge(options, stream, &why);

	upgrade_receive_free(stream);
	buf_cut(&why, ANSWER_MOST);
	if (good)
		printf("%s%s\n", UPGRADE_CAN, PACKAGE_VERSION);
	else
		printf("%s\n", buf_string(&why));
	buf_free(&why);
	return fflush(stdout) == 0 && good ? 0 : EXIT_TABLE;
}

/* Without a state superd cannot know which descriptors are sockets; left open, they would keep their addresses busy. */
static void close_all(void)
{
	long most = sysconf(_SC_OPEN_MAX);

	for (int fd = STDERR_FILENO + 1; fd < (most > 0 && most < 65536 ? most : 65536); fd++)
		close(fd);
}

struct state_stream *upgrade_receive_read(const struct options *options)
{
	struct buf why = { 0 };
	struct state_stream *stream = options->given.takes ? read_ledger(options->given.state, &why) : NULL;
	int state = options->given.state;

	if (stream && !load_is_ours(stream)) {
		buf_text(&why, "its state is another process's");
		upgrade_receive_free(stream);
		stream = NULL;
	}
	if (stream)
		fd_close(&state);
	if (options->given.takes && !stream) {
		fprintf(stderr, "%s: cannot go on where it was: %s: starting anew\n", options_name(options),
			buf_string(&why));
		close_all();
	}
	buf_free(&why);
	return stream;
}

static bool ends_all(int signal)
{
	return signal != SIGQUIT && signal_is_stop(signal);
}

/* Adds the signals that stop superd and all instances. The previous superd blocked them before it executed this one. */
static void add_ends(sigset_t *set)
{
	for (size_t n = 0; signals_handled(n); n++) {
		if (ends_all(signals_handled(n)))
			sigaddset(set, signals_handled(n));
	}
}

bool upgrade_receive_wait(void)
{
	const struct timespec moment = { .tv_sec = 1 };
	sigset_t ends;

	sigemptyset(&ends);
	add_ends(&ends);
	return sigtimedwait(&ends, NULL, &moment) < 0;
}

/* A process that the previous superd started and that still runs, or its process group. */
struct left {
	pid_t pid, group;               /* 0: none, or ended */
	int fd;                         /* of process_group_open; -1: only the number names the group */
};

struct all_left {
	struct left *list;
	size_t count;
};

static void add_left(struct all_left *all, struct state_section *section, const char *key)
{
	struct left left = { .pid = (pid_t)state_number(section, key, 2, INT32_MAX, 0),
			     .group = (pid_t)state_number(section, "group", 2, INT32_MAX, 0), .fd = -1 };

	if (!left.pid && !left.group)
		return;
	if (left.group)
		left.fd = process_group_open(left.group);
	all->list[all->count++] = left;
}

/* Lists them before superd reaps any child: until then no pid can have been reused. */
static struct all_left find_left(const struct state_stream *stream)
{
	struct all_left all = { .list = calloc(stream->count + 1, sizeof(*all.list)) };

	for (size_t n = 0; all.list && n < stream->count; n++) {
		if (!strcmp(stream->sections[n].kind, "instance"))
			add_left(&all, &stream->sections[n], "child");
		else if (!strcmp(stream->sections[n].kind, "command"))
			add_left(&all, &stream->sections[n], "pid");
	}
	return all;
}

static bool signal_left(const struct left *left, int signal)
{
	if (left->fd >= 0)
		return signal ? process_group_signal(left->fd, signal) : process_group_lives(left->fd);
	if (!left->pid && !left->group)
		return false;
	return kill(left->group ? -left->group : left->pid, signal) == 0 || errno == EPERM;
}

/* Sends a signal to all of them, or none if it is 0. true: at least one still runs. */
static bool signal_all(const struct all_left *all, int signal)
{
	bool any = false;

	for (size_t n = 0; n < all->count; n++)
		any |= signal_left(&all->list[n], signal);
	return any;
}

/* Forgets a child that is about to be reaped, as the kernel may reuse its pid. Without a descriptor the group cannot be
 * named safely any more, so its other processes are killed now. */
static void forget(struct all_left *all, pid_t pid)
{
	for (size_t n = 0; n < all->count; n++) {
		struct left *left = &all->list[n];

		if (left->fd >= 0 || (left->pid != pid && left->group != pid))
			continue;
		signal_left(left, SIGKILL);
		left->pid = left->group = 0;
	}
}

static void reap(struct all_left *all)
{
	siginfo_t ended = { 0 };

	while (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
		forget(all, ended.si_pid);
		waitpid(ended.si_pid, NULL, WNOHANG);
		ended.si_pid = 0;
	}
}

/* Whether all ended within `patience` seconds, and before another signal to stop. It polls, because superd gets no
 * SIGCHLD for a process that is not its child. */
static bool all_end(struct all_left *all, double patience)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	double until = clock_now() + patience;
	sigset_t wakes;
	int woken;

	sigemptyset(&wakes);
	add_ends(&wakes);
	sigaddset(&wakes, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wakes, NULL);
	do {
		reap(all);
		if (!signal_all(all, 0))
			return true;
		woken = sigtimedwait(&wakes, NULL, &moment);
	} while (clock_now() < until && !ends_all(woken));
	return false;
}

void upgrade_receive_end(struct state_stream *stream, const struct options *options, struct log *log)
{
	struct pid_file file = { options->pid_file, load_pid_file(stream), false };
	struct all_left all = find_left(stream);

	log_notice(log, "stopping");
	signal_all(&all, SIGTERM);
	signal_all(&all, SIGCONT);
	if (!all_end(&all, (double)options->stop_timeout / 1e6)) {
		log_warn(log, "not everything has ended in time: killing the rest");
		signal_all(&all, SIGKILL);
		if (!all_end(&all, KILL_PATIENCE))
			log_error(log, "not everything could be killed: leaving it behind");
	}
	for (size_t n = 0; n < all.count; n++)
		fd_close(&all.list[n].fd);
	free(all.list);
	pid_file_remove(&file);
}
