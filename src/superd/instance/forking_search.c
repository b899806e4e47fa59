/* The phases and the timer of a search for a daemon. superd must not wake longer than there is something to look
 * for, so every wakeup is set anew. */
#include "superd/instance/forking_search.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"
#include "os/proc/process_mark.h"
#include "superd/process/adopted.h"
#include "superd/spawn/worker_process.h"

void forking_search_free(struct instance *instance)
{
	struct forking_search *search = instance->search;

	if (!search)
		return;
	ev_timer_stop(instance->engine->loop, &search->timer);
	list_remove(&search->link);
	instance->search = NULL;
	table_release(search->table);
	free(search);
}

double forking_search_waited(const struct forking_search *search)
{
	return clock_now() - search->since;
}

void forking_search_enter(struct forking_search *search, enum phase phase)
{
	search->phase = phase;
	search->since = clock_now();
}

void forking_search_wake_in(struct forking_search *search, double seconds)
{
	ev_timer_stop(search->instance->engine->loop, &search->timer);
	ev_timer_set(&search->timer, seconds, 0.);
	ev_timer_start(search->instance->engine->loop, &search->timer);
}

void forking_search_look_again(struct forking_search *search)
{
	forking_search_wake_in(search, forking_search_waited(search) < 1. ? LOOK_AGAIN : 5 * LOOK_AGAIN);
}

static bool read_candidate(const struct forking_search *search, pid_t pid, struct process *process)
{
	struct process_proof proof = instance_proof(search->instance);

	return !child_table_find(&search->instance->engine->children, pid) && !spawn_is_worker(pid) &&
	       process_read(pid, process) && !process->ended && process_is_proved(&proof, pid);
}

bool forking_search_accepts(const struct forking_search *search, pid_t pid)
{
	struct process process;

	return adopted_lives(pid) && read_candidate(search, pid, &process);
}

static int score_process(const struct forking_search *search, const struct process *process)
{
	return (process->session == search->before ? 2 : 0) + (process->session == process->pid ? 1 : 0);
}

/* superd answers the bind(2) of the main process whatever its user, as a daemon may have given up root. What the daemon
 * runs for other users, such as a session, can be an orphan of its group, too. */
static bool may_be_picked(const struct forking_search *search, pid_t pid)
{
	return search->service->exec->pass != PASS_BIND || process_has_user(pid, search->instance->user);
}

/* Returns the number of candidates, and the best of them. */
static size_t find_best(const struct forking_search *search, const pid_t *children, struct process *best)
{
	struct process process;
	size_t count = 0;

	for (; *children; children++) {
		int more;

		if (!read_candidate(search, *children, &process) || !may_be_picked(search, *children))
			continue;
		more = count++ ? score_process(search, &process) - score_process(search, best) : 1;
		if (more > 0 || (!more && process.start_time < best->start_time))
			*best = process;
	}
	return count;
}

/* The kernel's list may miss a process if another one ends while it is read, so "none" needs two looks. */
pid_t forking_search_pick(const struct forking_search *search, bool last)
{
	struct process best = { 0 };
	size_t count = 0;

	for (int tries = 0; tries < 2 && !count; tries++) {
		pid_t *children = adopted_list();

		if (!children)
			return SEARCH_UNCLEAR;
		count = find_best(search, children, &best);
		free(children);
	}
	if (!count)
		return SEARCH_NONE;
	return search->instance->cgroup.path && (count == 1 || last) ? best.pid : SEARCH_UNCLEAR;
}

void forking_search_scan(const struct forking_search *search, struct process_tree *tree)
{
	const struct process_tree_root root = { .main = search->instance->child.pid,
						.proof = instance_proof(search->instance) };

	process_tree_scan(tree, &root);
}

void forking_search_drop_empty_group(struct forking_search *search)
{
	struct instance *instance = search->instance;

	if (instance->groups.group > 1 && !instance_has_group_left(instance))
		instance_set_group(instance, 0, -1);
}
