/* Stops all processes of a service, by its control group or by signals, and continues them.
 *
 * By signals, a parent may be stopped while the kernel still creates its child. So the set is complete only if all
 * processes were stopped before a search and after it, and the search found no new one.
 *
 * Parents are stopped before their children and continued after them, so a parent that waits with WUNTRACED never sees
 * a stopped child (waitpid(2)). A parent in vfork(2) stops only once its child has called execve(2), so the child may
 * run on for a while. */
#include "superd/process/freezer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/fd.h"
#include "os/cgroup/cgroup.h"
#include "os/proc/process.h"

#define VFORK_LOOKS 12                  /* looks that a child may take between vfork and exec */
#define EVENTS_MOST 4096

static bool can_freeze(const char *group)
{
	char path[PATH_MAX];

	return group && snprintf(path, sizeof(path), "%s/cgroup.freeze", group) < (int)sizeof(path) &&
	       access(path, W_OK) == 0 && cgroup_is_populated(group);
}

void freezer_init(struct freezer *freezer, const char *group, const struct process_tree_root *root)
{
	*freezer = (struct freezer){ .group = can_freeze(group) ? group : NULL, .root = *root };
}

static enum freezing fail_with(struct freezer *freezer, int error)
{
	freezer->error = error;
	return FREEZER_FAILED;
}

static enum freezing look_by_group(struct freezer *freezer)
{
	char path[PATH_MAX], *text;
	bool still;
	size_t length;

	if (!freezer->looks++ && !cgroup_write(freezer->group, "cgroup.freeze", "1"))
		return fail_with(freezer, errno);
	snprintf(path, sizeof(path), "%s/cgroup.events", freezer->group);
	text = fd_read_file(path, EVENTS_MOST, &length);
	if (!text)
		return fail_with(freezer, errno);
	still = strstr(text, "frozen 1");
	free(text);
	return still ? FREEZER_STILL : FREEZER_MOVING;
}

static const struct tree_process *find_process(const struct process_tree *tree, pid_t pid)
{
	for (size_t n = 0; n < tree->count; n++) {
		if (tree->list[n].pid == pid)
			return &tree->list[n];
	}
	return NULL;
}

/* Whether a stopping parent may wait for this process in vfork(2): then it must run on, or the parent cannot stop. */
static bool is_vfork_child(const struct freezer *freezer, const struct tree_process *process)
{
	const struct tree_process *parent = find_process(&freezer->tree, process->parent);

	return freezer->looks < VFORK_LOOKS && parent && parent->stopped &&
	       process_state(parent->pid) == PROCESS_BLOCKED;
}

/* Whether the process waits in vfork(2) for a child that is stopped: that is as good as stopped, as its SIGSTOP is
 * pending. */
static bool is_vfork_parent(const struct freezer *freezer, const struct tree_process *process)
{
	for (size_t n = 0; n < freezer->tree.count; n++) {
		const struct tree_process *child = &freezer->tree.list[n];

		if (child->parent == process->pid && child->stopped &&
		    process_state(child->pid) == PROCESS_STOPPED)
			return freezer->looks >= VFORK_LOOKS;
	}
	return false;
}

/* Stops a process. true: it is stopped. */
static bool stop_process(struct freezer *freezer, struct tree_process *process, enum process_state state)
{
	if (state == PROCESS_STOPPED) {
		process->left = process->left || !process->stopped;
		return true;
	}
	process->left = false;          /* another process has continued it */
	if (state == PROCESS_BLOCKED && process->stopped)
		return is_vfork_parent(freezer, process);
	if (!is_vfork_child(freezer, process) && tree_process_signal(process, SIGSTOP))
		process->stopped = true;
	return false;
}

/* true: it is stopped, or has ended. */
static bool stop_if_running(struct freezer *freezer, struct tree_process *process, size_t *alive)
{
	enum process_state state = process_state(process->pid);

	process->ended = state == PROCESS_GONE;
	if (process->ended)
		return true;
	(*alive)++;
	if (stop_process(freezer, process, state))
		return true;
	freezer->moving = process->pid;
	return false;
}

/* Stops all processes, drops those that are gone, and returns the number of living ones. A zombie is kept: if it were
 * new at each look, the looks would never end; if it never counted, a process could fork and exit again and again,
 * unseen. */
static size_t stop_all(struct freezer *freezer)
{
	struct process_tree *tree = &freezer->tree;
	size_t alive = 0;

	freezer->moving = 0;
	freezer->was_still = true;
	for (size_t n = 0; n < tree->count;) {
		if (!stop_if_running(freezer, &tree->list[n], &alive))
			freezer->was_still = false;
		if (tree->list[n].ended && !tree_process_exists(&tree->list[n]))
			process_tree_drop(tree, n);
		else
			n++;
	}
	return alive;
}

static enum freezing look_by_signals(struct freezer *freezer)
{
	size_t known = freezer->tree.count;
	bool were_still = freezer->was_still;

	freezer->looks++;
	if (!process_tree_scan(&freezer->tree, &freezer->root))
		return fail_with(freezer, errno);
	were_still = were_still && freezer->tree.count == known;
	if (!stop_all(freezer))
		return fail_with(freezer, ESRCH);
	return were_still && freezer->was_still ? FREEZER_STILL : FREEZER_MOVING;
}

enum freezing freezer_look(struct freezer *freezer)
{
	return freezer->group ? look_by_group(freezer) : look_by_signals(freezer);
}

bool freezer_thaw(struct freezer *freezer)
{
	if (freezer->group)
		return cgroup_write(freezer->group, "cgroup.freeze", "0") || errno == ENODEV ||
		       (errno == ENOENT && access(freezer->group, F_OK) < 0);
	for (size_t n = freezer->tree.count; n-- > 0;) {
		struct tree_process *process = &freezer->tree.list[n];

		if (process->stopped)
			tree_process_signal(process, SIGCONT);
		process->stopped = process->left = false;
	}
	freezer->was_still = false;
	return true;
}

struct pids {
	pid_t *list;
	size_t count, capacity;
};

static bool add_pid(void *context, long pid)
{
	struct pids *pids = context;
	pid_t *list = array_grow(pids->list, &pids->capacity, pids->count, sizeof(*list));

	if (!list)
		return false;
	pids->list = list;
	list[pids->count++] = (pid_t)pid;
	return true;
}

pid_t *freezer_list(const struct freezer *freezer)
{
	struct pids pids = { 0 };
	bool good = true;

	if (freezer->group)
		cgroup_each_process(freezer->group, add_pid, &pids);
	for (size_t n = 0; good && n < freezer->tree.count; n++)
		good = add_pid(&pids, freezer->tree.list[n].pid);
	if (good && add_pid(&pids, 0))
		return pids.list;
	free(pids.list);
	return NULL;
}

void freezer_free(struct freezer *freezer)
{
	process_tree_free(&freezer->tree);
}
