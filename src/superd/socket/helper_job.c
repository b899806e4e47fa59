/* Runs a small program and reports its result. The program must not be able to hold superd up: its
 * output waits in a pipe, which superd reads once, when the program has ended. */
#include "superd/socket/helper_job.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/list.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/unreaped.h"
#include "superd/start/spawn.h"

#define OUTPUT_MOST 1000                /* bytes of the program's output that superd keeps */
#define OUTPUT_WAIT .02                 /* seconds that superd waits for the output after the program has ended */

/* Output that passes through a reader arrives a moment later. superd waits for its end at most OUTPUT_WAIT, as a
 * process that the program left behind may keep the pipe open. */
static ssize_t read_output(const struct helper_job *job, char *to, size_t size)
{
	struct pollfd text = { .fd = job->output, .events = POLLIN };
	size_t length = 0;
	ssize_t got = 1;

	if (job->reading.pipe < 0)
		return read(job->output, to, size);
	for (double end = clock_now() + OUTPUT_WAIT, now; got > 0 && length < size && (now = clock_now()) < end;) {
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

/* Reads the output and joins its lines to one, with "; " between. */
static void collect_output(struct helper_job *job, struct buf *text)
{
	char bytes[OUTPUT_MOST];
	ssize_t got = read_output(job, bytes, sizeof(bytes));

	close_output(job);
	while (got > 0 && bytes[got - 1] == '\n')
		got--;
	for (ssize_t at = 0; at < got;) {
		const char *end = memchr(bytes + at, '\n', (size_t)(got - at));
		size_t length = end ? (size_t)(end - bytes - at) : (size_t)(got - at);

		if (text->length && length)
			buf_text(text, "; ");
		buf_visible(text, bytes + at, length);
		at += (ssize_t)length + 1;
	}
}

static void on_ended(struct child *child, int status)
{
	struct helper_job *job = container_of(child, struct helper_job, child);
	struct buf text = { 0 };

	child->pid = 0;
	job->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	collect_output(job, &text);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		buf_addf(&text, "%sthere was no answer in time", text.length ? "; " : "");
	else if (status && !text.length)
		buf_text(&text, "it has failed without a word");
	job->ended(job, status == 0, buf_string(&text));
	buf_free(&text);
}

void helper_job_init(struct helper_job *job, struct engine *engine,
		     void (*ended)(struct helper_job *job, bool done, const char *text))
{
	*job = (struct helper_job){
		.child.ended = on_ended, .engine = engine, .input = -1, .output = -1, .reading = OUTPUT_READING_NONE,
		.ended = ended,
	};
}

static bool spawn_program(struct helper_job *job, struct plan *plan, int write_end, struct buf *why)
{
	const int streams[] = {
		job->input < 0 ? job->engine->null_input : job->input, job->engine->null_output, write_end,
	};
	struct spawn_request launch = { .plan = plan, .wanted = streams, .wanted_count = 3, .remote_port = -1 };

	unreaped_start(job->engine, &launch);
	if (launch.pid < 0) {
		buf_addf(why, "cannot start %s: %s: %s", plan->main.program, stage_name(launch.fault.stage),
			 strerror(launch.fault.error));
		return false;
	}
	job->child.pid = launch.pid;
	child_table_add(&job->engine->children, &job->child);
	return true;
}

/* superd itself reads no pipe of another user, as with a service's output (superd/process/output_reader). */
static bool set_output(struct helper_job *job, int pipe, const struct account *account, struct buf *why)
{
	job->output = pipe;
	if (!foreign_account_is(account))
		return true;
	if (output_reader_start(&job->reading, pipe)) {
		job->output = job->reading.text;
		return true;
	}
	buf_addf(why, "cannot read its output: %s", strerror(errno));
	job->reading = (struct output_reading)OUTPUT_READING_NONE;
	return false;
}

bool helper_job_start(struct helper_job *job, enum program which, const char *const *arguments,
		      const struct account *account, struct buf *why)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	struct process_defaults defaults = job->engine->defaults;
	struct plan *plan;
	bool started = false;
	int ends[2];

	defaults.environment = (char *[]){ path, NULL };
	plan = plan_own_program(which, arguments, account, &defaults, why);
	if (!plan)
		return false;
	if (fd_pipe(ends) < 0) {
		buf_addf(why, "cannot start %s: %s", plan->main.program, strerror(errno));
	} else {
		started = set_output(job, ends[0], account, why) && spawn_program(job, plan, ends[1], why);
		fd_close(&ends[1]);
		if (!started)
			close_output(job);
	}
	plan_free(plan);
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
