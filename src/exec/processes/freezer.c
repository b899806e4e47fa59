/* Stops all processes of a service, by its control group or by signals, and lets them go on.
 *
 * By signals, a parent may be stopped while the kernel still creates its child. So the set is complete only if all
 * processes were stopped before a search and after it, and the search found nobody new.
 *
 * Parents are stopped before their children and continued after them, so a parent that waits with WUNTRACED never sees
 * a stopped child. A parent in vfork(2) stops only once its child has called execve(2), so the child may run on for a
 * while. */
#include "exec/processes/freezer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "os/cgroup/cgroup.h"
#include "os/proc/process_state.h"

#define VFORK_LOOKS 12                  /* that a child may take between vfork and exec */
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

static enum freezing fail(struct freezer *freezer, int error)
{
	freezer->error = error;
	return FREEZER_FAILED;
}

static enum freezing look_at_group(struct freezer *freezer)
{
	char path[PATH_MAX], *text;
	bool still;
	size_t length;

	if (!freezer->looks++ && !cgroup_write(freezer->group, "cgroup.freeze", "1"))
		return fail(freezer, errno);
	snprintf(path, sizeof(path), "%s/cgroup.events", freezer->group);
	text = fd_read_file(path, EVENTS_MOST, &length);
	if (!text)
		return fail(freezer, errno);
	still = strstr(text, "frozen 1");
	free(text);
	return still ? FREEZER_STILL : FREEZER_MOVING;
}

static const struct tree_process *find(const struct process_tree *tree, pid_t pid)
{
	for (size_t n = 0; n < tree->count; n++) {
		if (tree->list[n].pid == pid)
			return &tree->list[n];
	}
	return NULL;
}

/* Whether a stopping parent may wait for this process in vfork(2): then it must run on, or the parent cannot stop. */
static bool is_waited_for(const struct freezer *freezer, const struct tree_process *member)
{
	const struct tree_process *parent = find(&freezer->tree, member->parent);

	return freezer->looks < VFORK_LOOKS && parent && parent->stopped &&
	       process_state(parent->pid) == PROCESS_BLOCKED;
}

/* It can't go on before its child does, which stands: as good as stopped, and its signal is waiting for it. */
static bool waits_for_stopped(const struct freezer *freezer, const struct tree_process *member)
{
	for (size_t n = 0; n < freezer->tree.count; n++) {
		const struct tree_process *child = &freezer->tree.list[n];

		if (child->parent == member->pid && child->stopped &&
		    process_state(child->pid) == PROCESS_STOPPED)
			return freezer->looks >= VFORK_LOOKS;
	}
	return false;
}

/* true: it stands. */
static bool stop_member(struct freezer *freezer, struct tree_process *member, enum process_state motion)
{
	if (motion == PROCESS_STOPPED) {
		member->left = member->left || !member->stopped;
		return true;
	}
	member->left = false;           /* somebody else had it go on */
	if (motion == PROCESS_BLOCKED && member->stopped)
		return waits_for_stopped(freezer, member);
	if (!is_waited_for(freezer, member) && tree_process_signal(member, SIGSTOP))
		member->stopped = true;
	return false;
}

/* true: it stands, or has ended. */
static bool see_to(struct freezer *freezer, struct tree_process *member, size_t *alive)
{
	enum process_state motion = process_state(member->pid);

	member->ended = motion == PROCESS_GONE;
	if (member->ended)
		return true;
	(*alive)++;
	if (stop_member(freezer, member, motion))
		return true;
	freezer->moving = member->pid;
	return false;
}

/* Drops who has gone, and gives how many are alive. Who has ended, and is there still, is kept: were it new again at
 * each look, there would be no end of looking; were it never, one could move on from process to process unseen. */
static size_t stop_all(struct freezer *freezer)
{
	struct process_tree *tree = &freezer->tree;
	size_t alive = 0;

	freezer->moving = 0;
	freezer->was_still = true;
	for (size_t n = 0; n < tree->count;) {
		if (!see_to(freezer, &tree->list[n], &alive))
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
		return fail(freezer, errno);
	were_still = were_still && freezer->tree.count == known;
	if (!stop_all(freezer))
		return fail(freezer, ESRCH);
	return were_still && freezer->was_still ? FREEZER_STILL : FREEZER_MOVING;
}

enum freezing freezer_look(struct freezer *freezer)
{
	return freezer->group ? look_at_group(freezer) : look_by_signals(freezer);
}

bool freezer_thaw(struct freezer *freezer)
{
	if (freezer->group)
		return cgroup_write(freezer->group, "cgroup.freeze", "0") || errno == ENOENT || errno == ENODEV;
	for (size_t n = freezer->tree.count; n-- > 0;) {
		struct tree_process *member = &freezer->tree.list[n];

		if (member->stopped)
			tree_process_signal(member, SIGCONT);
		member->stopped = member->left = false;
	}
	freezer->was_still = false;
	return true;
}

struct listing {
	pid_t *list;
	size_t count, capacity;
};

static bool add_pid(void *context, long pid)
{
	struct listing *listing = context;
	pid_t *list = array_grow(listing->list, &listing->capacity, listing->count, sizeof(*list));

	if (!list)
		return false;
	listing->list = list;
	list[listing->count++] = (pid_t)pid;
	return true;
}

pid_t *freezer_list(const struct freezer *freezer)
{
	struct listing listing = { 0 };
	bool good = true;

	if (freezer->group)
		cgroup_each_process(freezer->group, add_pid, &listing);
	for (size_t n = 0; good && n < freezer->tree.count; n++)
		good = add_pid(&listing, freezer->tree.list[n].pid);
	if (good && add_pid(&listing, 0))
		return listing.list;
	free(listing.list);
	return NULL;
}

void freezer_free(struct freezer *freezer)
{
	process_tree_free(&freezer->tree);
}
