/* Ends the last processes of superd's PID namespace, or its remaining children.
 *
 * As PID 1, superd reaches all processes at once with kill(-1) (kill(2)). Elsewhere it goes through the kernel's list
 * of its children, which grows meanwhile: each process that ends leaves its own children to superd, the subreaper.
 * Without that list (no /proc) superd finds none, unless it is PID 1. */
#include "superd/process/stray_processes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/array.h"
#include "os/guard/guard_link.h"
#include "os/proc/process.h"
#include "superd/process/pid1.h"
#include "superd/start/worker_process.h"

/* Calls `act` for each child and returns how often that was true. Skips helper processes (spawn_worker), which superd
 * never waits for: they exit by themselves, or hang and cannot be killed. */
static size_t for_children(bool (*act)(void *context, pid_t pid), void *context)
{
	pid_t *children = process_list_children();
	size_t count = 0;

	for (const pid_t *child = children; child && *child; child++)
		count += !spawn_is_worker(*child) && act(context, *child);
	free(children);
	return count;
}

static bool was_terminated(const struct stray_processes *strays, pid_t pid)
{
	for (size_t n = 0; n < strays->count; n++) {
		if (strays->terminated[n] == pid)
			return true;
	}
	return false;
}

/* Without memory the process is signalled again. */
static void record_terminated(struct stray_processes *strays, pid_t pid)
{
	pid_t *terminated = array_grow(strays->terminated, &strays->room, strays->count, sizeof(*terminated));

	if (!terminated)
		return;
	strays->terminated = terminated;
	strays->terminated[strays->count++] = pid;
}

/* SIGCONT follows, as a stopped process gets SIGTERM only when it continues. */
static bool terminate_process(void *context, pid_t pid)
{
	if (was_terminated(context, pid))
		return kill(pid, 0) == 0 || errno == EPERM;
	if (kill(pid, SIGTERM) < 0)
		return errno == EPERM;
	kill(pid, SIGCONT);
	record_terminated(context, pid);
	return true;
}

struct unknown_filter {
	struct stray_processes *strays;
	bool (*is_known)(void *context, pid_t pid);
	void *context;
};

static bool terminate_unknown(void *context, pid_t pid)
{
	struct unknown_filter *filter = context;

	return !filter->is_known(filter->context, pid) && terminate_process(filter->strays, pid);
}

void stray_processes_terminate_unknown(struct stray_processes *strays, bool (*is_known)(void *context, pid_t pid),
				       void *context)
{
	struct unknown_filter filter = { strays, is_known, context };

	for_children(terminate_unknown, &filter);
}

/* Whether this signal to all reached any process besides helper processes. */
static bool reaches_others(int signal)
{
	pid_t *all;
	bool any;

	if (kill(-1, signal) < 0)
		return false;
	all = process_list_all();
	any = !all;
	for (const pid_t *one = all; one && *one && !any; one++)
		any = !guard_or_superd_is(*one) && !spawn_is_worker(*one);
	free(all);
	return any;
}

static bool terminate_namespace(struct stray_processes *strays)
{
	bool any = reaches_others(strays->all_terminated ? 0 : SIGTERM);

	if (any && !strays->all_terminated)
		kill(-1, SIGCONT);
	strays->all_terminated = true;
	return any;
}

bool stray_processes_terminate(struct stray_processes *strays)
{
	return pid1_is_first() ? terminate_namespace(strays) : for_children(terminate_process, strays) > 0;
}

static bool kill_one(void *context, pid_t pid)
{
	(void)context;
	return kill(pid, SIGKILL) == 0 || errno == EPERM;
}

bool stray_processes_kill(void)
{
	return pid1_is_first() ? reaches_others(SIGKILL) : for_children(kill_one, NULL) > 0;
}

void stray_processes_free(struct stray_processes *strays)
{
	free(strays->terminated);
	*strays = (struct stray_processes){ 0 };
}
