/* Runs work that may block in a forked process, for a limited time.
 *
 * A process inside some system calls does not die even of SIGKILL, so superd does not wait for its end. The loop reaps
 * it later. */
#include "os/foreign/fork_with_timeout.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/answer.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/run_limit.h"
#include "lib/scm_rights.h"
#include "lib/thread.h"
#include "os/foreign/fork_fds.h"
#include "os/foreign/fork_memory.h"
#include "os/rights/raw_syscall.h"

#define WARNINGS_MOST 4000
#define TEXT_MOST (WORK_TEXT_MOST + WARNINGS_MOST)

/* The message from the forked process. Only the used part of text is sent. */
struct timed_result {
	int result, error;              /* the work's descriptor or -1; its errno */
	size_t why;                     /* bytes of text that are the reason; the rest are warnings */
	char text[TEXT_MOST];
};

/* Closing a socket or a FIFO never blocks, whatever file system its node is on. */
static bool closes_at_once(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode));
}

_Noreturn void timed_job_answer(int to, int result, struct buf *why, struct buf *warnings)
{
	static struct timed_result message;
	size_t length;

	message.result = result;
	message.error = errno;
	if (result >= 0 && !closes_at_once(result)) {
		message.result = -1;
		message.error = EINVAL;
	}
	buf_cut(why, WORK_TEXT_MOST);
	buf_cut(warnings, WARNINGS_MOST);
	message.why = why->length;
	memcpy(message.text, buf_string(why), why->length);
	memcpy(message.text + why->length, buf_string(warnings), warnings->length);
	length = offsetof(struct timed_result, text) + why->length + warnings->length;
	_exit(!fd_message_send(to, &message, length, &message.result, message.result >= 0, 0));
}

static _Noreturn void do_work(timed_work *work, const void *with, int to)
{
	struct buf why = { 0 }, warnings = { 0 };
	int result;

	setsid();
	result = work(with, &why, &warnings);
	timed_job_answer(to, result, &why, &warnings);
}

/* Receives the work's descriptor; -1 and errno. */
static int receive_result(const struct timed_job *job, struct buf *why, struct buf *warnings)
{
	static const struct answer_field fields[] = {
		ANSWER_ERROR(timed_result, error),
		ANSWER_NUMBER(timed_result, why, 0, WORK_TEXT_MOST),
	};
	static const struct answer_form form = {
		"a process with a time limit", offsetof(struct timed_result, text), TEXT_MOST, 1, fields,
		sizeof(fields) / sizeof(*fields),
	};
	struct timed_result *message = malloc(sizeof(*message));
	const char *flaw = NULL;
	int fd = -1, error;
	size_t count = job->passes_fd, length;
	ssize_t got = message ? fd_message_receive(job->answer, message, sizeof(*message), &fd, &count,
						   MSG_DONTWAIT | MSG_TRUNC)
			      : 0;

	length = got > 0 ? (size_t)got : 0;
	if (length)
		flaw = answer_flaw(&form, message, length);
	if (length && !flaw && message->why > length - form.size)
		flaw = "why";
	if (flaw) {
		answer_note_fault(&form, flaw, job->pid);
		if (!job->reaped)
			kill(job->pid, SIGKILL);
	}
	if (!length || flaw) {
		fd_close(&fd);
		errno = message ? EPROTO : ENOMEM;
		free(message);
		return -1;
	}
	length -= form.size;
	if (message->why)        /* without a reason the caller has nothing to free */
		buf_add(why, message->text, message->why);
	if (length > message->why)
		buf_add(warnings, message->text + message->why, length - message->why);
	error = message->error;
	free(message);
	errno = error;
	return fd;
}

/* Either the work, or the program. */
struct task {
	timed_work *work;
	const void *with;
	char *const *argv;              /* of the program; NULL: it is the work */
	int program;                    /* descriptor; -1: it is the work */
	int kept;                       /* the work's descriptor, or the program's standard input */
};

static _Noreturn void execute(const struct task *task, int to)
{
	setsid();
	if (dup2(task->kept, STDIN_FILENO) >= 0 && dup2(to, STDOUT_FILENO) >= 0)
		raw_execute_own(task->program, task->argv);
	_exit(127);
}

static bool begin_task(struct timed_job *job, const struct task *task, int milliseconds)
{
	int ends[2], error;
	sigset_t before;

	*job = (struct timed_job){ .answer = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	if (task->argv)
		scm_rights_allow(ends[0], false);
	thread_block_signals(&before);  /* the handlers belong to superd's loop */
	job->pid = fork();
	if (job->pid == 0) {
		fork_memory_unshare();
		fork_fds_close_others(&task->kept, 1, ends[1], task->program);
		if (task->argv)
			execute(task, ends[1]);
		do_work(task->work, task->with, ends[1]);
	}
	error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	fd_close(&ends[1]);
	if (job->pid < 0) {
		fd_close(&ends[0]);
		errno = error;
		return false;
	}
	job->answer = ends[0];
	job->passes_fd = !task->argv;
	run_limit_begin(&job->limit, milliseconds / 1e3);
	return true;
}

bool timed_job_begin(struct timed_job *job, timed_work *work, const void *with, int kept, int milliseconds)
{
	return begin_task(job, &(struct task){ .work = work, .with = with, .program = -1, .kept = kept }, milliseconds);
}

bool timed_job_execute(struct timed_job *job, int program, char *const *argv, int input, int milliseconds)
{
	return begin_task(job, &(struct task){ .program = program, .argv = argv, .kept = input }, milliseconds);
}

void timed_job_drop(struct timed_job *job)
{
	if (job->answer < 0)
		return;
	fd_close(&job->answer);
	if (job->reaped)
		return;
	kill(job->pid, SIGKILL);
	kill(-job->pid, SIGKILL);       /* a program of its session, which its user may have stopped */
	waitpid(job->pid, NULL, WNOHANG);
}

int timed_job_end(struct timed_job *job, struct buf *why, struct buf *warnings)
{
	int result, error;

	if (!run_limit_wait(&job->limit, job->answer)) {
		timed_job_drop(job);
		errno = ETIMEDOUT;
		return -1;
	}
	result = receive_result(job, why, warnings);
	error = errno;
	fd_close(&job->answer);
	if (!job->reaped)
		waitpid(job->pid, NULL, WNOHANG);
	errno = error;
	return result;
}

int fork_with_timeout(timed_work *work, const void *with, int kept, int milliseconds, struct buf *why,
		      struct buf *warnings)
{
	struct timed_job job;

	return timed_job_begin(&job, work, with, kept, milliseconds) ? timed_job_end(&job, why, warnings) : -1;
}
