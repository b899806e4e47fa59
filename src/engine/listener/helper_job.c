/* Runs a small program of superd's own and reports its result. The program must not be able to hold superd up: its
 * output waits in a pipe, which superd reads once, when the program has ended. */
#include "engine/listener/helper_job.h"

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
#include "engine/core/close_socket.h"
#include "engine/core/unreaped.h"
#include "exec/spawn/spawn.h"
#include "os/host/libexec.h"
#include "os/netdiag/foreign_socket.h"

#define SAID_MOST 1000                  /* bytes of its output that are kept */
#define PATIENCE .02                    /* seconds that superd waits for its output, once it has ended */
#define WORDS_MOST 16                   /* words of its command line, with the NULL */

/* By way of the reader it comes a moment later; a process that was left behind may keep the end from coming. */
static ssize_t take(const struct helper_job *job, char *to, size_t size)
{
	struct pollfd text = { .fd = job->output, .events = POLLIN };
	size_t length = 0;
	ssize_t got = 1;

	if (job->reading.pipe < 0)
		return read(job->output, to, size);
	for (double end = clock_now() + PATIENCE, now; got > 0 && length < size && (now = clock_now()) < end;) {
		if (poll(&text, 1, (int)((end - now) * 1000)) <= 0)
			break;
		got = read(job->output, to + length, size - length);
		length += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)length;
}

static void close_output(struct helper_job *job)
{
	if (job->reading.pipe < 0) {
		fd_close(&job->output);
		return;
	}
	close_socket_fd(job->engine, NULL, &job->reading.pipe);
	output_reader_stop(&job->reading);
	job->output = -1;
}

/* Reads its output and joins the lines to one. */
static void hear(struct helper_job *job, struct buf *said)
{
	char bytes[SAID_MOST];
	ssize_t got = take(job, bytes, sizeof(bytes));

	close_output(job);
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
	struct helper_job *job = container_of(child, struct helper_job, child);
	struct buf said = { 0 };

	child->pid = 0;
	job->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	hear(job, &said);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		buf_addf(&said, "%sthere was no answer in time", said.length ? "; " : "");
	else if (status && !said.length)
		buf_text(&said, "it has failed without a word");
	job->ended(job, status == 0, buf_string(&said));
	buf_free(&said);
}

void helper_job_init(struct helper_job *job, struct engine *engine,
		     void (*ended)(struct helper_job *job, bool done, const char *said))
{
	*job = (struct helper_job){
		.child.ended = on_ended, .engine = engine, .output = -1, .reading = OUTPUT_READING_NONE, .ended = ended,
	};
}

static bool spawn(struct helper_job *job, const char *const *argv, const struct account *account, int write_end,
		  struct buf *why)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const int streams[] = { job->engine->null_input, job->engine->null_output, write_end };
	struct process_defaults defaults = job->engine->defaults;
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
	unreaped_start(job->engine, &launch);
	plan_free(plan);
	if (launch.pid < 0) {
		buf_addf(why, "cannot start %s: %s: %s", argv[0], stage_name(launch.fault.stage),
			 strerror(launch.fault.error));
		return false;
	}
	job->child.pid = launch.pid;
	if (child_table_add(&job->engine->children, &job->child))
		return true;
	kill(launch.pid, SIGKILL);
	job->child.pid = 0;
	buf_text(why, "out of memory");
	return false;
}

/* As with a service's output: superd reads no pipe of another user's (exec/worker/output_reader). */
static bool read_from(struct helper_job *job, int pipe, const struct account *account, struct buf *why)
{
	job->output = pipe;
	if (!foreign_account_is(account))
		return true;
	if (output_reader_start(&job->reading, pipe)) {
		job->output = job->reading.text;
		return true;
	}
	buf_addf(why, "cannot read what it says: %s", strerror(errno));
	job->reading = (struct output_reading)OUTPUT_READING_NONE;
	return false;
}

/* Starts argv with the program's path in place of its name. */
static bool start_at(struct helper_job *job, const char *path, const char *const *argv, const struct account *account,
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
	started = read_from(job, ends[0], account, why) && spawn(job, arguments, account, ends[1], why);
	fd_close(&ends[1]);
	if (!started)
		close_output(job);
	return started;
}

bool helper_job_start(struct helper_job *job, const char *const *argv, const struct account *account, struct buf *why)
{
	char *path = (char *)(size_t)libexec_path(argv[0], NULL);
	bool started;

	if (!path) {
		libexec_describe_missing(argv[0], why);
		return false;
	}
	started = start_at(job, path, argv, account, why);
	free(path);
	return started;
}

void helper_job_abandon(struct helper_job *job)
{
	if (!job->child.pid)
		return;
	kill(job->child.pid, SIGKILL);
	child_table_remove(&job->engine->children, &job->child);
	job->child.pid = 0;
	close_output(job);
}
