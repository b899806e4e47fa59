/* Finds the processes of a service.
 *
 * The tree changes during the search: a process may fork or lose its parent before superd sees it. So a single search
 * never proves to be complete; only a search that finds no new process while all are stopped does
 * (superd/process/freezer.c). */
#include "superd/process/process_tree.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/fd.h"
#include "os/cgroup/cgroup.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/guard/guard_link.h"
#include "os/proc/pidfd.h"
#include "os/proc/process_mark.h"
#include "superd/process/adopted.h"
#include "superd/start/worker_process.h"

static bool process_tree_has(const struct process_tree *tree, pid_t pid)
{
	for (size_t n = 0; n < tree->count; n++) {
		if (tree->list[n].pid == pid)
			return true;
	}
	return false;
}

static bool add_process(struct process_tree *tree, const struct process *process)
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

/* Whether this is a process group or session of the service: its first process's, or led by one of its processes. Never
 * superd's. */
static bool is_its_group(const struct process_tree *tree, const struct process_tree_root *root, pid_t id)
{
	if (id <= 1 || id == getpgrp() || id == getsid(0))
		return false;
	return id == root->groups[0] || id == root->groups[1] || process_tree_has(tree, id);
}

static bool has_proved_user(const struct process_proof *proof, pid_t pid)
{
	return proof->is_any_user || process_has_user(pid, proof->user);
}

bool process_is_proved(const struct process_proof *proof, pid_t pid)
{
	if (proof->group)
		return cgroup_holds(proof->group, pid);
	return proof->mark && process_mark(pid) == proof->mark && has_proved_user(proof, pid);
}

/* A process of the backend's user can give itself the mark, also one that another daemon has started in its own group.
 * So one member proves nothing of the others. */
bool process_group_is_proved(const struct process_proof *proof, pid_t group)
{
	pid_t *all = group > 1 && group != getpgrp() ? process_list_all() : NULL;
	bool good = all;

	for (const pid_t *one = all; good && *one; one++)
		good = getpgid(*one) != group || (proof->mark && process_mark(*one) == proof->mark) ||
		       (proof->group && cgroup_holds(proof->group, *one)) || getpgid(*one) != group;
	free(all);
	return good;
}

static bool belongs_to_service(const struct process_tree *tree, const struct process_tree_root *root,
			       const struct process *process)
{
	if (is_its_group(tree, root, process->group) || is_its_group(tree, root, process->session))
		return true;
	/* A backend can pass a socket to a daemon of another user (SCM_RIGHTS). */
	return process_is_proved(&root->proof, process->pid) ||
	       (root->socket_count && has_proved_user(&root->proof, process->pid) &&
		process_holds(process->pid, root->sockets, root->socket_count) == HOLDS);
}

/* Adds a process by its pid. true: no error, even if the process is gone. */
static bool add_pid(struct process_tree *tree, pid_t pid)
{
	struct process process;

	if (pid <= 1 || pid == getpid() || process_tree_has(tree, pid) || !process_read(pid, &process))
		return true;
	return add_process(tree, &process);
}

/* Adds the service's processes among superd's adopted children. */
static bool add_orphans(struct process_tree *tree, const struct process_tree_root *root, const pid_t *children)
{
	struct process process;

	for (; *children; children++) {
		if (process_tree_has(tree, *children) || spawn_is_worker(*children) ||
		    (root->is_others && root->is_others(root->context, *children)) ||
		    !process_read(*children, &process))
			continue;
		if (belongs_to_service(tree, root, &process) && !add_process(tree, &process))
			return false;
	}
	return true;
}

static bool add_children_of(struct process_tree *tree, size_t at)
{
	pid_t *children = process_list_children_of(tree->list[at].pid);
	bool good = children;

	for (pid_t *child = children; good && *child; child++)
		good = add_pid(tree, *child);
	free(children);
	return good;
}

void process_tree_scan_below(struct process_tree *tree, pid_t main)
{
	bool good = add_pid(tree, main);

	for (size_t seen = 0; good && seen < tree->count; seen++) {
		size_t before = tree->count;

		good = add_children_of(tree, seen);
		if (!tree_process_exists(&tree->list[seen]))
			tree->count = before;   /* they may be the children of another process with the same pid */
	}
}

/* Adds all descendants, then orphans that belong to the service by what was added, until nothing is new. */
static bool scan_descendants(struct process_tree *tree, const struct process_tree_root *root, const pid_t *children)
{
	bool good = add_pid(tree, root->main);
	size_t seen = 0, before;

	do {
		before = tree->count;
		for (; good && seen < tree->count; seen++)
			good = add_children_of(tree, seen);
		good = good && add_orphans(tree, root, children);
	} while (good && tree->count > before);
	return good;
}

/* For kernels that do not list children (CONFIG_PROC_CHILDREN): goes through all processes until nothing is new. */
static bool scan_all(struct process_tree *tree, const struct process_tree_root *root)
{
	pid_t *all = process_list_all();
	bool good = all && add_pid(tree, root->main);
	size_t before;

	do {
		before = tree->count;
		for (pid_t *pid = all; good && *pid; pid++) {
			struct process process;

			if (*pid == getpid() || process_tree_has(tree, *pid) || !process_read(*pid, &process))
				continue;
			if (process_tree_has(tree, process.parent))
				good = add_process(tree, &process);
			else if (guard_or_superd_is(process.parent))
				good = add_orphans(tree, root, (pid_t[]){ *pid, 0 });
		}
	} while (good && tree->count > before);
	free(all);
	return good;
}

bool process_tree_scan(struct process_tree *tree, const struct process_tree_root *root)
{
	pid_t *children = adopted_list();
	bool good = children ? scan_descendants(tree, root, children) : scan_all(tree, root);

	free(children);
	return good;
}

void process_tree_drop(struct process_tree *tree, size_t at)
{
	tree->count--;
	memmove(&tree->list[at], &tree->list[at + 1], (tree->count - at) * sizeof(*tree->list));
}

bool tree_process_lives(const struct tree_process *entry)
{
	struct process process;

	return process_read(entry->pid, &process) && process.start_time == entry->start_time && !process.ended;
}

bool tree_process_exists(const struct tree_process *entry)
{
	struct process process;

	return process_read(entry->pid, &process) && process.start_time == entry->start_time;
}

static bool is_out_of_resources(void)
{
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* Opens the pidfd first: if the pid is still the process's own after that, so is the pidfd. Without pidfds the pid
 * could in theory be reused in between. If superd is out of resources to check, SIGCONT is sent all the same: it does
 * no harm to another process, and this one would stay stopped for ever. */
bool tree_process_signal(const struct tree_process *entry, int signal)
{
	int pidfd = pidfd_of(entry->pid);
	bool good = tree_process_exists(entry) || (signal == SIGCONT && is_out_of_resources());

	if (!good)
		errno = ESRCH;
	else
		good = pidfd < 0 ? kill(entry->pid, signal) == 0 : pidfd_signal(pidfd, signal);
	fd_close(&pidfd);
	return good;
}

void process_tree_free(struct process_tree *tree)
{
	free(tree->list);
	*tree = (struct process_tree){ 0 };
}
