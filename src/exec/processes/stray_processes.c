/* Ends the last processes of superd's PID namespace, or its remaining children.
 *
 * As PID 1, superd reaches all processes at once with kill(-1). Elsewhere it goes through the kernel's list of its
 * children, which grows meanwhile: each process that ends leaves its own children to superd, the subreaper. Without
 * that list (no /proc) superd finds nobody, unless it is PID 1. */
#include "exec/processes/stray_processes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "exec/processes/pid1.h"
#include "exec/spawn/spawn.h"
#include "os/proc/process.h"

/* Calls act for each child; the number of those it was true for. Whoever works aside is left alone, and waited for by
 * nobody: it ends by itself, or hangs and can't be killed. */
static size_t for_children(bool (*act)(void *context, pid_t pid), void *context)
{
	pid_t *children = process_list_children();
	size_t count = 0;

	for (const pid_t *child = children; child && *child; child++)
		count += !spawn_is_worker(*child) && act(context, *child);
	free(children);
	return count;
}

static bool was_asked(const struct stray_processes *strays, pid_t pid)
{
	for (size_t n = 0; n < strays->count; n++) {
		if (strays->asked[n] == pid)
			return true;
	}
	return false;
}

/* Without memory for it, it is asked again. */
static void note_asked(struct stray_processes *strays, pid_t pid)
{
	pid_t *asked = array_grow(strays->asked, &strays->room, strays->count, sizeof(*asked));

	if (!asked)
		return;
	strays->asked = asked;
	strays->asked[strays->count++] = pid;
}

/* SIGCONT follows, as a stopped process gets SIGTERM only when it continues. */
static bool ask(void *context, pid_t pid)
{
	if (was_asked(context, pid))
		return kill(pid, 0) == 0 || errno == EPERM;
	if (kill(pid, SIGTERM) < 0)
		return errno == EPERM;
	kill(pid, SIGCONT);
	note_asked(context, pid);
	return true;
}

struct argv_choice {
	struct stray_processes *strays;
	bool (*is_known)(void *context, pid_t pid);
	void *context;
};

static bool ask_stranger(void *context, pid_t pid)
{
	struct argv_choice *choice = context;

	return !choice->is_known(choice->context, pid) && ask(choice->strays, pid);
}

void stray_processes_terminate_unknown(struct stray_processes *strays, bool (*is_known)(void *context, pid_t pid),
				       void *context)
{
	struct argv_choice choice = { strays, is_known, context };

	for_children(ask_stranger, &choice);
}

/* Whether this signal to all reached anybody but those who work aside. */
static bool reaches_others(int signal)
{
	pid_t *all;
	bool any;

	if (kill(-1, signal) < 0)
		return false;
	all = process_list_all();
	any = !all;
	for (const pid_t *one = all; one && *one && !any; one++)
		any = *one != getpid() && !spawn_is_worker(*one);
	free(all);
	return any;
}

static bool ask_namespace(struct stray_processes *strays)
{
	bool any = reaches_others(strays->all_asked ? 0 : SIGTERM);

	if (any && !strays->all_asked)
		kill(-1, SIGCONT);
	strays->all_asked = true;
	return any;
}

bool stray_processes_terminate(struct stray_processes *strays)
{
	return pid1_is_first() ? ask_namespace(strays) : for_children(ask, strays) > 0;
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
	free(strays->asked);
	*strays = (struct stray_processes){ 0 };
}
