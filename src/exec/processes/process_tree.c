/* Finds the processes of a service.
 *
 * The tree changes during the search: a process may fork or lose its parent before superd sees it. So one search never
 * proves to be complete; only a search that finds nobody new while all processes are stopped does
 * (exec/processes/freezer.c). */
#include "exec/processes/process_tree.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "exec/processes/process_query.h"
#include "exec/spawn/spawn.h"
#include "os/proc/pidfd.h"

#define DOUBTFUL_MOST 64               /* orphans of one search that only their environment can identify */

bool process_tree_has(const struct process_tree *tree, pid_t pid)
{
	for (size_t n = 0; n < tree->count; n++) {
		if (tree->list[n].pid == pid)
			return true;
	}
	return false;
}

static bool add(struct process_tree *tree, const struct process *process)
{
	struct tree_process *list;

	if (tree->count == PROCESS_TREE_MOST) {
		errno = E2BIG;
		return false;
	}
	list = array_grow(tree->list, &tree->capacity, tree->count, sizeof(*list));
	if (!list)
		return false;
	tree->list = list;
	list[tree->count++] = (struct tree_process){ .pid = process->pid,
						     .parent = process->parent,
						     .start_time = process->start_time };
	return true;
}

/* A group or session of it: of its first process, or led by one of its own. Never ours. */
static bool is_its_band(const struct process_tree *tree, const struct process_tree_root *root, pid_t band)
{
	if (band <= 1 || band == getpgrp() || band == getsid(0))
		return false;
	return band == root->groups[0] || band == root->groups[1] || band == root->first ||
		process_tree_has(tree, band);
}

static bool is_of_it(const struct process_tree *tree, const struct process_tree_root *root,
		     const struct process *process)
{
	if (is_its_band(tree, root, process->group) || is_its_band(tree, root, process->session))
		return true;
	return root->socket_count && process_holds(process->pid, root->sockets, root->socket_count) == HOLDS;
}

/* true: there was no trouble, whether it is in the tree now or not. */
static bool take(struct process_tree *tree, pid_t pid)
{
	struct process process;

	if (pid <= 1 || pid == getpid() || process_tree_has(tree, pid) || !process_read(pid, &process))
		return true;
	return add(tree, &process);
}

bool process_may_be_reparented(const struct process *orphan)
{
	return orphan->parent == getpid() && !orphan->ended && orphan->session != getsid(0) &&
	       !spawn_is_worker(orphan->pid);
}

void process_tree_ask_listen_pid(pid_t first, const struct process *orphans, size_t count, bool *is_ours)
{
	char variable[32];

	snprintf(variable, sizeof(variable), "LISTEN_PID=%ld", (long)first);
	process_query_variable(orphans, count, variable, is_ours);
}

/* Adds those of the doubtful orphans that the environment proves to be the service's. */
static bool take_told(struct process_tree *tree, const struct process_tree_root *root, const struct process *doubtful,
		      size_t count)
{
	bool told[DOUBTFUL_MOST] = { false }, good = true;

	process_tree_ask_listen_pid(root->first, doubtful, count, told);
	for (size_t n = 0; good && n < count; n++) {
		if (told[n])
			good = add(tree, &doubtful[n]);
	}
	return good;
}

/* Adds the service's processes among superd's adopted children. */
static bool take_orphans(struct process_tree *tree, const struct process_tree_root *root, const pid_t *children)
{
	struct process doubtful[DOUBTFUL_MOST], process;
	size_t count = 0;

	for (; *children; children++) {
		if (process_tree_has(tree, *children) || spawn_is_worker(*children) ||
		    (root->is_others && root->is_others(root->context, *children)) ||
		    !process_read(*children, &process))
			continue;
		if (!is_of_it(tree, root, &process)) {
			if (root->first > 1 && process_may_be_reparented(&process) && count < DOUBTFUL_MOST)
				doubtful[count++] = process;
		} else if (!add(tree, &process)) {
			return false;
		}
	}
	return !count || take_told(tree, root, doubtful, count);
}

static bool take_below(struct process_tree *tree, size_t at)
{
	pid_t *children = process_list_children_of(tree->list[at].pid);
	bool good = children;

	for (pid_t *child = children; good && *child; child++)
		good = take(tree, *child);
	free(children);
	return good;
}

void process_tree_scan_below(struct process_tree *tree, pid_t main)
{
	bool good = take(tree, main);

	for (size_t seen = 0; good && seen < tree->count; seen++) {
		size_t before = tree->count;

		good = take_below(tree, seen);
		if (!tree_process_exists(&tree->list[seen]))
			tree->count = before;   /* they may be those of another with its number */
	}
}

/* Down the tree, and whoever of the orphans turns out to be of it by that. */
static bool look_below(struct process_tree *tree, const struct process_tree_root *root, const pid_t *children)
{
	bool good = take(tree, root->main);
	size_t seen = 0, before;

	do {
		before = tree->count;
		for (; good && seen < tree->count; seen++)
			good = take_below(tree, seen);
		good = good && take_orphans(tree, root, children);
	} while (good && tree->count > before);
	return good;
}

/* Where the kernel does not list children (CONFIG_PROC_CHILDREN): all there are, until nobody more turns up. */
static bool look_at_all(struct process_tree *tree, const struct process_tree_root *root)
{
	pid_t *all = process_list_all();
	bool good = all && take(tree, root->main);
	size_t before = 0;

	while (good && tree->count > before) {
		before = tree->count;
		for (pid_t *pid = all; good && *pid; pid++) {
			struct process process;

			if (*pid == getpid() || process_tree_has(tree, *pid) || !process_read(*pid, &process))
				continue;
			if (process_tree_has(tree, process.parent))
				good = add(tree, &process);
			else if (process.parent == getpid())
				good = take_orphans(tree, root, (pid_t[]){ *pid, 0 });
		}
	}
	free(all);
	return good;
}

bool process_tree_scan(struct process_tree *tree, const struct process_tree_root *root)
{
	pid_t *children = process_list_children();
	bool good = children ? look_below(tree, root, children) : look_at_all(tree, root);

	free(children);
	return good;
}

void process_tree_drop(struct process_tree *tree, size_t at)
{
	tree->count--;
	memmove(&tree->list[at], &tree->list[at + 1], (tree->count - at) * sizeof(*tree->list));
}

bool tree_process_lives(const struct tree_process *member)
{
	struct process process;

	return process_read(member->pid, &process) && process.start_time == member->start_time && !process.ended;
}

bool tree_process_exists(const struct tree_process *member)
{
	struct process process;

	return process_read(member->pid, &process) && process.start_time == member->start_time;
}

static bool nobody_can_look(void)
{
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* Its pidfd is opened first: if the number is still its own after that, so is the pidfd. Without one there is a moment
 * in which the kernel would have to go through all numbers. One that nobody can look at is let go on all the same: that
 * does no harm to another, and it would stand for ever. */
bool tree_process_signal(const struct tree_process *member, int signal)
{
	int pidfd = pidfd_of(member->pid);
	bool good = tree_process_exists(member) || (signal == SIGCONT && nobody_can_look());

	if (!good)
		errno = ESRCH;
	else
		good = pidfd < 0 ? kill(member->pid, signal) == 0 : pidfd_signal(pidfd, signal);
	fd_close(&pidfd);
	return good;
}

void process_tree_free(struct process_tree *tree)
{
	free(tree->list);
	*tree = (struct process_tree){ 0 };
}
