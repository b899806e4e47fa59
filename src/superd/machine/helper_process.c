/* Starts a helper program beside the loop, which may start others at the same time and may reap this one. */
#include "superd/machine/helper_process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scm_rights.h"
#include "os/foreign/fork_fds.h"
#include "os/proc/pidfd.h"
#include "os/rights/capability.h"
#include "superd/start/spawn.h"
#include "superd/start/plan.h"

#define END_MOST 100                    /* milliseconds that superd waits for its end */

static const char *program_name(const struct helper_process *helper)
{
	return program_get(helper->program)->name;
}

static void add_fault(const struct helper_process *helper, const struct fault *fault, struct buf *why)
{
	buf_addf(why, "cannot start %s: %s: %s", program_name(helper), stage_name(fault->stage),
		 strerror(fault->error));
}

static bool spawn_helper(struct helper_process *helper, const struct helper_start *start, struct buf *why)
{
	struct process_defaults defaults = { 0 };
	const char *const arguments[] = { start->option, NULL };
	struct plan *plan = plan_own_program(helper->program, arguments, start->account, &defaults, why);
	struct spawn_request launch = {
		.plan = plan, .wanted = start->wanted, .wanted_count = start->wanted_count, .remote_port = -1,
	};

	if (!plan)
		return false;
	plan->apart = true;             /* it starts beside the loop, which may start others now */
	plan->limit_count = 0;
	plan->directory = start->directory;
	plan->bounding = plan_own_bounding(start->capabilities);
	for (int cap = 0; cap < 64; cap++) {    /* a program that is not root's keeps only its ambient set */
		if (start->capabilities >> cap & 1 && capability_held(cap))
			plan->ambient |= UINT64_C(1) << cap;
	}
	spawn_start(&launch);
	plan_free(plan);
	if (launch.pid < 0) {
		add_fault(helper, &launch.fault, why);
		return false;
	}
	helper->pid = launch.pid;
	helper->process = pidfd_of(launch.pid);
	helper->report = launch.report;
	return true;
}

bool helper_process_start(struct helper_process *helper, const struct helper_start *start, struct buf *why)
{
	int ends[2] = { -1, -1 };
	bool good;

	if (socketpair(AF_UNIX, start->type | SOCK_CLOEXEC, 0, ends) < 0) {
		buf_addf(why, "cannot start %s: %s", program_name(helper), strerror(errno));
		return false;
	}
	scm_rights_allow(ends[0], false);
	start->wanted[start->number] = ends[1];
	good = spawn_helper(helper, start, why);
	fd_close(&ends[1]);
	helper->channel = ends[0];
	return good;
}

void helper_process_describe_end(const struct helper_process *helper, struct buf *why)
{
	struct fault fault;
	int status;

	if (helper->report >= 0 && read(helper->report, &fault, sizeof(fault)) == (ssize_t)sizeof(fault))
		add_fault(helper, &fault, why);
	else if (helper->pid && waitpid_timeout(helper->pid, END_MOST, &status) && WIFEXITED(status) &&
		 WEXITSTATUS(status) == PROGRAM_OTHER_BUILD)
		program_describe_other(helper->program, why);
	else
		buf_addf(why, "%s has ended without an answer", program_name(helper));
}

void helper_process_end(struct helper_process *helper)
{
	fd_close(&helper->channel);
	fd_close(&helper->report);
	if (helper->pid && !waitpid_timeout(helper->pid, END_MOST, NULL))
		pidfd_signal(helper->process, SIGKILL);         /* the loop reaps it, or has done so */
	fd_close(&helper->process);
}
