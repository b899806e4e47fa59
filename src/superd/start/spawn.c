/* Starts a process with fork(2), and says in words how that went. */
#include "superd/start/start.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/record/start_record.h"
#include "lib/fd.h"
#include "lib/thread.h"
#include "os/foreign/foreign.h"
#include "os/fs/fs.h"
#include "os/rights/rights.h"

/* Starts with fork(2), for a child that becomes superd-exec, may block or may be killed before its exec.
 *
 * superd does not wait for such a start. A close-on-exec pipe reports success by closing, and failure by what the child
 * writes. As the child may take long, it first closes every descriptor that the program must not have: otherwise it
 * would hold open what superd or others close meanwhile.
 *
 * superd-exec (child_needs_program) reads from a file in memory what it has to do. */

#define ANSWER_MOST 5000 /* milliseconds until a probe has answered */
#define REAP_MOST 100	 /* milliseconds that superd waits for a process that is about to end */

pid_t spawn_async(struct job *job, int *report)
{
	int ends[2];
	pid_t pid;

	if (child_needs_program(job)) {
		struct record record = { 0 };

		start_record(&record, job);
		errno = ENOMEM;
		job->record = record.out.failed ? -1 : memory_file(record.out.data, record.out.length);
		buf_free(&record.out);
		if (job->record < 0) {
			job->fault = (struct fault){ .stage = STAGE_RECORD, .error = errno };
			return -1;
		}
	}
	if (!fork_fds_open_report(ends, job->wanted_count)) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		fd_close(&job->record);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		fork_memory_unshare();
		job->report = ends[1];
		child_run_apart(job);
	}
	if (pid < 0) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		fd_close(&ends[0]);
	}
	fd_close(&ends[1]);
	fd_close(&job->record);
	*report = ends[0];
	return pid;
}

/* The process answers by a pipe, as the loop may reap it before waitpid(2) here could. */
static int hear_answer(pid_t pid, int ends[2])
{
	struct pollfd told = { ends[0], POLLIN, 0 };
	unsigned char answer = 0;
	ssize_t got = -1;
	int ready = 0;

	fd_close(&ends[1]);
	while (pid > 0 && (ready = poll(&told, 1, ANSWER_MOST)) < 0 && errno == EINTR)
		continue;
	if (ready > 0)
		got = read(ends[0], &answer, 1);
	else if (pid > 0)
		kill(pid, SIGKILL); /* which does not end one that hangs in the kernel */
	if (pid > 0)
		waitpid_timeout(pid, REAP_MOST, NULL);
	fd_close(&ends[0]);
	return got == 1 ? answer : -1;
}

int spawn_probe(int (*try)(void))
{
	unsigned char answer;
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		fork_memory_unshare();
		fork_fds_close_others(&ends[1], 1, -1, -1); /* another thread's start has a pipe that must close */
		raw_raise_effective();
		answer = (unsigned char)try();
		_exit(write(ends[1], &answer, 1) == 1 ? 0 : 1);
	}
	return hear_answer(pid, ends);
}

int spawn_ask(int program, char *const *argv)
{
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			raw_execute_own(program, argv);
		_exit(1);
	}
	return hear_answer(pid, ends);
}

pid_t spawn_aside(const struct own_program *program, char *const *argv, const int streams[2])
{
	sigset_t before;
	pid_t pid;

	thread_block_signals(&before); /* they stay blocked in the program, too */
	pid = fork();
	if (pid == 0) {
		setsid();
		for (int n = 0; n < 2; n++) {
			if (streams[n] >= 0 && dup2(streams[n], n) < 0)
				_exit(1);
		}
		raw_execute_own(program->fd, argv);
		_exit(1);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* ---- for messages ---- */

static const char *const names[] = {
	"",
	"filling in variables",
	"writing the start for superd-exec",
	"starting a process",
	"running superd-exec",
	"waiting for a removal",
	"setting the rules for clients",
	"making folders",
	"looking at conditions",
	"loading credentials",
	"opening streams",
	"preparing a user namespace",
	"joining a control group",
	"passing descriptors",
	"making a session",
	"setting nice",
	"setting oom_score_adjust",
	"setting io_scheduling",
	"setting cpu_scheduling_policy",
	"setting apparmor_profile",
	"making namespaces",
	"mounting",
	"changing the root",
	"setting limits",
	"setting groups",
	"making a user namespace",
	"setting the capability bounding set",
	"setting user",
	"resetting signals",
	"becoming the user",
	"changing directory",
	"setting ambient capabilities",
	"joining a keyring",
	"setting no_new_privileges",
	"watching for bind(2)",
	"filtering system calls",
	"exec",
};
static_assert(sizeof(names) / sizeof(*names) == STAGES, "every stage has a name");

const char *stage_name(enum stage stage)
{
	return names[stage];
}

const char *fault_reason(const struct fault *fault)
{
	return fault->error == ETIMEDOUT ? "it took too long, and was ended" : strerror(fault->error);
}

void spawn_start(struct spawn_request *request)
{
	const struct plan_command *command = request->command ? request->command : &request->plan->main;
	const char *notify = request->notify ? strchr(request->notify, '=') : NULL; /* else an abstract name */
	struct job job = {
		.plan = request->plan,
		.command = command,
		.checks = request->checks,
		.after = request->after,
		.file = command->file,
		.wanted = request->wanted,
		.wanted_count = request->wanted_count,
		.filter_channel = request->filter_channel,
		.report = -1,
		.record = -1,
		.executor = request->plan->executor,
		.files = request->files,
		.private_id = request->private_id,
		.group = request->group,
		.has_handlers = true,
		.notify = notify && notify[1] == '/' ? notify + 1 : NULL,
	};
	struct spawn_env texts;
	sigset_t before;

	request->report = request->pid = -1;
	thread_block_signals(&before);
	if (spawn_env_make(&texts, &job, request))
		request->pid = spawn_async(&job, &request->report);
	else
		job.fault = (struct fault){ .stage = STAGE_WORDS, .error = errno };
	request->fault = job.fault;
	spawn_env_free(&texts, &job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
