/* Starting apart: a fork with memory of its own, for a child that mounts, waits or may be killed on its way. Nothing
 * waits for it: a close-on-exec pipe tells of success by closing, and of failure by what the child writes. As it may
 * take its time, it keeps nothing open but what it is to have: what superd or another closes meanwhile is to end.
 *
 * The hard thing is the map of a user namespace, which nobody inside of it may write for other users than himself: a
 * second process, made before, stays outside and writes it when the child asks (spawn_map.c). */
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/cgroup_join.h"
#include "sys/condition.h"
#include "sys/confine.h"
#include "sys/credentials.h"
#include "sys/spawn_ends.h"
#include "sys/spawn_map.h"

static _Noreturn void give_up(const struct job *job, struct fault fault)
{
	_exit(write(job->report, &fault, sizeof(fault)) < 0 ? 126 : 127);
}

static void look_at_conditions(const struct job *job)
{
	int wrong = conditions_find_false(job->plan->conditions, job->plan->condition_count);

	if (wrong >= 0)
		give_up(job, (struct fault){ .stage = STAGE_CONDITIONS,
					     .error = job->plan->conditions[wrong].is_assert, .resource = wrong });
}

static _Noreturn void run_child(struct job *job, int report)
{
	bool privileged = job->command->flags & COMMAND_PRIVILEGED;

	job->report = report;
	if (job->into > 0)
		cgroup_go_in(job->into);        /* what it can't be in, it is outside of */
	close_others(job->wanted, job->wanted_count, report);
	if (job->checks)
		look_at_conditions(job);
	if (credentials_load(job) < 0)
		give_up(job, (struct fault){ .stage = STAGE_CREDENTIALS, .error = errno,
					     .resource = job->fault.resource });
	if (stream_files_open(job) < 0)
		give_up(job, (struct fault){ .stage = STAGE_STREAMS, .error = errno, .resource = job->fault.resource });
	if (!privileged && confine_needs_mapper(job) && !map_prepare(job))
		give_up(job, (struct fault){ .stage = STAGE_PRIVATE_USERS, .error = errno });
	child_run(job);
}

pid_t spawn_apart(struct job *job, int *report)
{
	int ends[2];
	pid_t pid;

	if (!report_open(ends, job->wanted_count)) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		return -1;
	}
	pid = fork();
	if (pid == 0)
		run_child(job, ends[1]);
	if (pid < 0) {
		job->fault = (struct fault){ .stage = STAGE_FORK, .error = errno };
		fd_close(&ends[0]);
	}
	fd_close(&ends[1]);
	*report = ends[0];
	return pid;
}

/* It answers by a pipe, as the loop may have reaped it before anybody here asks how it ended. */
int spawn_try(int (*try)(void))
{
	unsigned char answer = 0;
	ssize_t got = -1;
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0)
		return -1;
	fd_set_nonblocking(ends[0], false);
	pid = fork();
	if (pid == 0) {
		answer = (unsigned char)try();
		_exit(write(ends[1], &answer, 1) == 1 ? 0 : 1);
	}
	fd_close(&ends[1]);
	if (pid > 0) {
		do
			got = read(ends[0], &answer, 1);
		while (got < 0 && errno == EINTR);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	fd_close(&ends[0]);
	return got == 1 ? answer : -1;
}

bool spawn_chore(void (*chore)(const void *with), const void *with, const int *kept, int count)
{
	pid_t pid = fork();

	if (pid == 0) {
		close_others(kept, count, -1);
		setsid();
		chore(with);
		_exit(0);
	}
	return pid > 0;
}
