/* superd-hold: for warm = N, runs a program up to its first call on its connection, and holds it there. The program may
 * be hostile: its memory may never answer, and it may make calls in a storm. So superd starts a process for each
 * program, and a timer ends it. Its standard input is the channel to superd. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "hold/plant.h"
#include "hold/touch.h"
#include "hold/trace.h"
#include "lib/clock.h"
#include "os/host/program_begin.h"
#include "os/host/self_sandbox.h"
#include "os/rights/capability.h"
#include "os/rights/raw_syscall.h"
#include "worker/record/kinds.h"
#include "worker/record/request.h"

#define GRACE_MS 1000                   /* after the limit, until the process kills itself */
#define AUXV_MOST 128                   /* entries of an auxiliary vector */

/* Kills this process when a call of it hangs. What it traces is killed with it (PTRACE_O_EXITKILL). */
static void set_alarm(int64_t milliseconds)
{
	const struct sigaction deadly = { .sa_handler = SIG_DFL };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	const struct itimerspec time = { .it_value.tv_sec = milliseconds / 1000 + 1 };
	sigset_t only;
	timer_t timer;

	sigemptyset(&only);
	sigaddset(&only, SIGALRM);
	sigaction(SIGALRM, &deadly, NULL);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
		timer_settime(timer, 0, &time, NULL);
}

/* The kernel sets AT_SECURE for a program that gains rights at its exec, and for one whose users differ (getauxval(3)).
 * -1 and errno: that is unknown. For a 64-bit program: another's entries are smaller. */
static int is_secure(pid_t program)
{
	Elf64_auxv_t entries[AUXV_MOST];
	char path[64];
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%ld/auxv", (long)program);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, entries, sizeof(entries));
	close(fd);
	if (got < 0)
		return -1;
	for (ssize_t n = 0; n < got / (ssize_t)sizeof(*entries); n++) {
		if (entries[n].a_type == AT_SECURE)
			return entries[n].a_un.a_val != 0;
	}
	return 0;
}

/* A tracer without CAP_SYS_PTRACE keeps a program from gaining rights (execve(2)), so it shall not be traced. */
static bool would_gain_rights(pid_t program)
{
	char path[64], value[64];
	struct stat file;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)program);
	return stat(path, &file) < 0 || file.st_mode & S_ISUID ||
	       (file.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) ||
	       getxattr(path, "security.capability", value, sizeof(value)) > 0;
}

/* Without CAP_SYS_PTRACE, the memory and the /proc of another user's process are closed to its tracer, too. */
static void become_user_of(pid_t program)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%ld", (long)program);
	if (stat(path, &status) < 0 || status.st_uid == geteuid())
		return;
	raw_raise_effective();
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (raw_set_gid(status.st_gid) == 0 && raw_set_uid(status.st_uid) == 0)
		raw_raise_effective();
}

/* Looks at a program before its first call. */
static void check_program(pid_t program, struct hold_report *report)
{
	bool may_trace_all = capability_held(CAP_SYS_PTRACE);
	int secure;

	if (!may_trace_all)
		become_user_of(program);
	secure = is_secure(program);

	if (secure < 0) {
		report->obstacle = HOLD_UNTRACEABLE;
		report->error = errno;
	} else if (secure || (!may_trace_all && would_gain_rights(program))) {
		report->obstacle = HOLD_GAINS_PRIVILEGE;
	}
}

/* Holds the program, which is at the entry of a call, if that touches the connection. Returns whether the report is
 * complete. */
static bool meet_call(struct hold_trace *trace, const struct hold_request *request, bool is_new,
		      struct hold_report *report)
{
	struct hold_verdict verdict = hold_judge_call(request, &trace->call);

	report->obstacle = verdict.obstacle;
	if (verdict.obstacle == HOLD_NONE && is_new)
		check_program(request->program, report);
	if (report->obstacle != HOLD_NONE)
		return true;
	if (verdict.touches)
		hold_plant(trace, request, report);
	return verdict.touches;
}

/* Lets the program run to where it is held, or to an obstacle. */
static void run_program(struct hold_trace *trace, const struct hold_request *request, struct hold_report *report)
{
	bool is_new = false;

	for (enum hold_stop stop = hold_trace_wait(trace);; stop = hold_trace_run(trace)) {
		switch (stop) {
		case HOLD_AT_EXEC:
			is_new = true;
			break;
		case HOLD_AT_CALL:
			if (meet_call(trace, request, is_new, report))
				return;
			is_new = false;
			break;
		case HOLD_AT_RETURN:
			break;
		case HOLD_AT_END:
			report->obstacle = HOLD_ENDED;
			break;
		case HOLD_AT_LIMIT:
			report->obstacle = HOLD_TOO_LATE;
			break;
		case HOLD_AT_FAILURE:
			report->obstacle = HOLD_UNTRACEABLE;
			report->error = errno;
			break;
		}
		if (report->obstacle != HOLD_NONE)
			return;
	}
}

/* Waits until the child waits to be traced (exec/child/child). false and errno. */
static bool child_is_ready(int channel, int64_t until)
{
	struct pollfd ready = { channel, POLLIN, 0 };
	int64_t left;
	char byte;

	while ((left = until - clock_ms()) > 0 && poll(&ready, 1, (int)left) < 0 && errno == EINTR)
		;
	if (recv(channel, &byte, 1, MSG_DONTWAIT) == 1)
		return true;
	errno = errno == EAGAIN ? ETIMEDOUT : ECHILD;
	return false;
}

/* A byte lets the child go on to its exec. This process keeps no end of the pair: if superd closes its own, the program
 * must see that. */
static void hold_program(const struct hold_request *request, int channel, struct hold_report *report)
{
	int64_t until = clock_ms() + request->limit_ms;
	struct hold_trace trace;

	if (child_is_ready(channel, until) && hold_trace_begin(&trace, request->program, until)) {
		send(channel, "", 1, MSG_NOSIGNAL);
		close(channel);
		run_program(&trace, request, report);
	} else {
		report->obstacle = HOLD_UNTRACEABLE;
		report->error = errno;
	}
}

int main(int argc, char **argv)
{
	struct hold_report report = { .obstacle = HOLD_NONE, .call = -1 };
	struct hold_request request = { 0 };
	struct record record;
	size_t count = 1;
	int channel;

	program_begin("superd-hold", false, &argc, argv);
	self_sandbox_enter(&(const struct self_sandbox){ .rights = work_kinds[WORKER_HOLD].rights });
	if (!request_receive(STDIN_FILENO, &record, &channel, &count) || count != 1)
		_exit(0);
	hold_request_record(&record, &request);
	if (!record_is_read(&record))
		_exit(0);
	set_alarm(request.limit_ms + GRACE_MS);
	hold_program(&request, channel, &report);
	send(STDIN_FILENO, &report, sizeof(report), MSG_NOSIGNAL);
	_exit(0);
}
