/* Finds the processes of a service.
 *
 * The tree changes during the search: a process may fork or lose its parent before superd sees it. So one search never
 * proves to be complete; only a search that finds nobody new while all processes are stopped does
 * (exec/processes/freezer.c). */
#include "exec/processes/clan.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "exec/processes/process_ask.h"
#include "exec/spawn/spawn.h"
#include "os/proc/pidfd.h"

#define DOUBTFUL_MOST 64               /* orphans of one search that only their environment can identify */

bool clan_has(const struct clan *clan, pid_t pid)
{
	for (size_t n = 0; n < clan->count; n++) {
		if (clan->list[n].pid == pid)
			return true;
	}
	return false;
}

static bool add(struct clan *clan, const struct process *process)
{
	struct member *list;

	if (clan->count == CLAN_MOST) {
		errno = E2BIG;
		return false;
	}
	list = array_grow(clan->list, &clan->capacity, clan->count, sizeof(*list));
	if (!list)
		return false;
	clan->list = list;
	list[clan->count++] =
		(struct member){ .pid = process->pid, .parent = process->parent, .start_time = process->start_time };
	return true;
}

/* A group or session of it: of its first process, or led by one of its own. Never ours. */
static bool is_its_band(const struct clan *clan, const struct clan_root *root, pid_t band)
{
	if (band <= 1 || band == getpgrp() || band == getsid(0))
		return false;
	return band == root->groups[0] || band == root->groups[1] || band == root->first || clan_has(clan, band);
}

static bool is_of_it(const struct clan *clan, const struct clan_root *root, const struct process *process)
{
	if (is_its_band(clan, root, process->group) || is_its_band(clan, root, process->session))
		return true;
	return root->socket_count && process_holds(process->pid, root->sockets, root->socket_count) == HOLDS;
}

/* true: there was no trouble, whether it is in the clan now or not. */
static bool take(struct clan *clan, pid_t pid)
{
	struct process process;

	if (pid <= 1 || pid == getpid() || clan_has(clan, pid) || !process_read(pid, &process))
		return true;
	return add(clan, &process);
}

bool clan_may_have_lost(const struct process *orphan)
{
	return orphan->parent == getpid() && !orphan->ended && orphan->session != getsid(0) &&
	       !spawn_is_aside(orphan->pid);
}

void clan_ask_born(pid_t first, const struct process *orphans, size_t count, bool *is_ours)
{
	char variable[32];

	snprintf(variable, sizeof(variable), "LISTEN_PID=%ld", (long)first);
	process_ask_told(orphans, count, variable, is_ours);
}

/* Adds those of the doubtful orphans that the environment proves to be the service's. */
static bool take_told(struct clan *clan, const struct clan_root *root, const struct process *doubtful, size_t count)
{
	bool told[DOUBTFUL_MOST] = { false }, good = true;

	clan_ask_born(root->first, doubtful, count, told);
	for (size_t n = 0; good && n < count; n++) {
		if (told[n])
			good = add(clan, &doubtful[n]);
	}
	return good;
}

/* Adds the service's processes among superd's adopted children. */
static bool take_orphans(struct clan *clan, const struct clan_root *root, const pid_t *children)
{
	struct process doubtful[DOUBTFUL_MOST], process;
	size_t count = 0;

	for (; *children; children++) {
		if (clan_has(clan, *children) || spawn_is_aside(*children) ||
		    (root->is_others && root->is_others(root->context, *children)) ||
		    !process_read(*children, &process))
			continue;
		if (!is_of_it(clan, root, &process)) {
			if (root->first > 1 && clan_may_have_lost(&process) && count < DOUBTFUL_MOST)
				doubtful[count++] = process;
		} else if (!add(clan, &process)) {
			return false;
		}
	}
	return !count || take_told(clan, root, doubtful, count);
}

static bool take_below(struct clan *clan, size_t at)
{
	pid_t *children = process_list_children_of(clan->list[at].pid);
	bool good = children;

	for (pid_t *child = children; good && *child; child++)
		good = take(clan, *child);
	free(children);
	return good;
}

void clan_look_below(struct clan *clan, pid_t main)
{
	bool good = take(clan, main);

	for (size_t seen = 0; good && seen < clan->count; seen++) {
		size_t before = clan->count;

		good = take_below(clan, seen);
		if (!member_exists(&clan->list[seen]))
			clan->count = before;   /* they may be those of another with its number */
	}
}

/* Down the tree, and whoever of the orphans turns out to be of it by that. */
static bool look_below(struct clan *clan, const struct clan_root *root, const pid_t *children)
{
	bool good = take(clan, root->main);
	size_t seen = 0, before;

	do {
		before = clan->count;
		for (; good && seen < clan->count; seen++)
			good = take_below(clan, seen);
		good = good && take_orphans(clan, root, children);
	} while (good && clan->count > before);
	return good;
}

/* Where the kernel does not list children (CONFIG_PROC_CHILDREN): all there are, until nobody more turns up. */
static bool look_at_all(struct clan *clan, const struct clan_root *root)
{
	pid_t *all = process_list_all();
	bool good = all && take(clan, root->main);
	size_t before = 0;

	while (good && clan->count > before) {
		before = clan->count;
		for (pid_t *pid = all; good && *pid; pid++) {
			struct process process;

			if (*pid == getpid() || clan_has(clan, *pid) || !process_read(*pid, &process))
				continue;
			if (clan_has(clan, process.parent))
				good = add(clan, &process);
			else if (process.parent == getpid())
				good = take_orphans(clan, root, (pid_t[]){ *pid, 0 });
		}
	}
	free(all);
	return good;
}

bool clan_look(struct clan *clan, const struct clan_root *root)
{
	pid_t *children = process_list_children();
	bool good = children ? look_below(clan, root, children) : look_at_all(clan, root);

	free(children);
	return good;
}

void clan_drop(struct clan *clan, size_t at)
{
	clan->count--;
	memmove(&clan->list[at], &clan->list[at + 1], (clan->count - at) * sizeof(*clan->list));
}

bool member_lives(const struct member *member)
{
	struct process process;

	return process_read(member->pid, &process) && process.start_time == member->start_time && !process.ended;
}

bool member_exists(const struct member *member)
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
bool member_signal(const struct member *member, int signal)
{
	int pidfd = pidfd_of(member->pid);
	bool good = member_exists(member) || (signal == SIGCONT && nobody_can_look());

	if (!good)
		errno = ESRCH;
	else
		good = pidfd < 0 ? kill(member->pid, signal) == 0 : pidfd_signal(pidfd, signal);
	fd_close(&pidfd);
	return good;
}

void clan_free(struct clan *clan)
{
	free(clan->list);
	*clan = (struct clan){ 0 };
}
