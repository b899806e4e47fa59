/* Runs a small program of superd's own and reports its result. The program must not be able to hold superd up: its
 * output waits in a pipe, which superd reads once, when the program has ended. */
#include "engine/listener/errand.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/list.h"
#include "engine/core/closing.h"
#include "engine/core/leftover.h"
#include "exec/spawn/spawn.h"
#include "os/host/libexec.h"
#include "os/netdiag/foreign_socket.h"

#define SAID_MOST 1000                  /* bytes of its output that are kept */
#define PATIENCE .02                    /* seconds that superd waits for its output, once it has ended */
#define WORDS_MOST 16                   /* words of its command line, with the NULL */

/* By way of the reader it comes a moment later; a process that was left behind may keep the end from coming. */
static ssize_t take(const struct errand *errand, char *to, size_t size)
{
	struct pollfd text = { .fd = errand->output, .events = POLLIN };
	size_t length = 0;
	ssize_t got = 1;

	if (errand->reading.pipe < 0)
		return read(errand->output, to, size);
	for (double end = clock_now() + PATIENCE, now; got > 0 && length < size && (now = clock_now()) < end;) {
		if (poll(&text, 1, (int)((end - now) * 1000)) <= 0)
			break;
		got = read(errand->output, to + length, size - length);
		length += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)length;
}

static void close_output(struct errand *errand)
{
	if (errand->reading.pipe < 0) {
		fd_close(&errand->output);
		return;
	}
	closing_close(errand->engine, NULL, &errand->reading.pipe);
	output_reader_stop(&errand->reading);
	errand->output = -1;
}

/* Reads its output and joins the lines to one. */
static void hear(struct errand *errand, struct buf *said)
{
	char bytes[SAID_MOST];
	ssize_t got = take(errand, bytes, sizeof(bytes));

	close_output(errand);
	while (got > 0 && bytes[got - 1] == '\n')
		got--;
	for (ssize_t at = 0; at < got;) {
		const char *end = memchr(bytes + at, '\n', (size_t)(got - at));
		size_t length = end ? (size_t)(end - bytes - at) : (size_t)(got - at);

		if (said->length && length)
			buf_text(said, "; ");
		buf_visible(said, bytes + at, length);
		at += (ssize_t)length + 1;
	}
}

static void on_ended(struct child *child, int status)
{
	struct errand *errand = container_of(child, struct errand, child);
	struct buf said = { 0 };

	child->pid = 0;
	errand->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	hear(errand, &said);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		buf_addf(&said, "%sthere was no answer in time", said.length ? "; " : "");
	else if (status && !said.length)
		buf_text(&said, "it has failed without a word");
	errand->ended(errand, status == 0, buf_string(&said));
	buf_free(&said);
}

void errand_init(struct errand *errand, struct engine *engine,
		 void (*ended)(struct errand *errand, bool done, const char *said))
{
	*errand = (struct errand){
		.child.ended = on_ended, .engine = engine, .output = -1, .reading = OUTPUT_READING_NONE, .ended = ended,
	};
}

static bool spawn(struct errand *errand, const char *const *argv, const struct account *account, int write_end,
		  struct buf *why)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const int streams[] = { errand->engine->null_input, errand->engine->null_output, write_end };
	struct process_defaults defaults = errand->engine->defaults;
	struct plan *plan = NULL;
	struct spawn_request launch = { .wanted = streams, .wanted_count = 3, .remote_port = -1 };

	defaults.environment = (char *[]){ path, NULL };
	launch.plan = plan = plan_command((char *const *)(size_t)argv, &defaults);
	if (!plan) {
		buf_text(why, "out of memory");
		return false;
	}
	plan->foreground = false;
	plan->directory = "/";
	plan->account = account;
	plan->bounding = plan_own_bounding(0);
	plan->no_new_privileges = true;
	leftover_start(errand->engine, &launch);
	plan_free(plan);
	if (launch.pid < 0) {
		buf_addf(why, "cannot start %s: %s: %s", argv[0], stage_name(launch.fault.stage),
			 strerror(launch.fault.error));
		return false;
	}
	errand->child.pid = launch.pid;
	if (children_add(&errand->engine->children, &errand->child))
		return true;
	kill(launch.pid, SIGKILL);
	errand->child.pid = 0;
	buf_text(why, "out of memory");
	return false;
}

/* As with a service's output: superd reads no pipe of another user's (exec/worker/output_reader). */
static bool read_from(struct errand *errand, int pipe, const struct account *account, struct buf *why)
{
	errand->output = pipe;
	if (!foreign_account_is(account))
		return true;
	if (output_reader_start(&errand->reading, pipe)) {
		errand->output = errand->reading.text;
		return true;
	}
	buf_addf(why, "cannot read what it says: %s", strerror(errno));
	errand->reading = (struct output_reading)OUTPUT_READING_NONE;
	return false;
}

/* Starts argv with the program's path in place of its name. */
static bool start_at(struct errand *errand, const char *path, const char *const *argv, const struct account *account,
		     struct buf *why)
{
	const char *arguments[WORDS_MOST] = { path };
	size_t count = 1;
	int ends[2];
	bool started;

	while (count < WORDS_MOST - 1 && argv[count]) {
		arguments[count] = argv[count];
		count++;
	}
	if (fd_pipe(ends) < 0) {
		buf_addf(why, "cannot start %s: %s", path, strerror(errno));
		return false;
	}
	started = read_from(errand, ends[0], account, why) && spawn(errand, arguments, account, ends[1], why);
	fd_close(&ends[1]);
	if (!started)
		close_output(errand);
	return started;
}

bool errand_start(struct errand *errand, const char *const *argv, const struct account *account, struct buf *why)
{
	char *path = (char *)(size_t)libexec_path(argv[0], NULL);
	bool started;

	if (!path) {
		libexec_describe_missing(argv[0], why);
		return false;
	}
	started = start_at(errand, path, argv, account, why);
	free(path);
	return started;
}

void errand_abandon(struct errand *errand)
{
	if (!errand->child.pid)
		return;
	kill(errand->child.pid, SIGKILL);
	children_remove(&errand->engine->children, &errand->child);
	errand->child.pid = 0;
	close_output(errand);
}
