/* Ends the processes of a start that has brought no daemon. They move meanwhile, out of groups and sessions and to
 * superd as their new parent, so superd looks for all of them again and again, and signals each once. */
#include "superd/instance/forking_kill.h"

#include <signal.h>
#include <unistd.h>

#include "superd/process/process_tree.h"

static bool is_signalled(const struct forking_search *search, pid_t pid)
{
	if (search->signalled_group && getpgid(pid) == search->signalled_group)
		return true;
	for (size_t n = 0; n < search->signalled_count; n++) {
		if (search->signalled[n] == pid)
			return true;
	}
	return false;
}

static void signal_process(struct forking_search *search, const struct tree_process *member)
{
	const struct lifecycle_options *lifecycle = search->instance->service->groups->lifecycle;

	if (lifecycle->kill_mode == KILL_NONE)
		return;
	if (search->instance->facts.killed) {
		tree_process_signal(member, SIGKILL);
		return;
	}
	if (is_signalled(search, member->pid))
		return;
	tree_process_signal(member, lifecycle->kill_signal);
	tree_process_signal(member, SIGCONT);  /* a stopped process hears nothing else */
	if (search->signalled_count < SIGNALLED_MOST)
		search->signalled[search->signalled_count++] = member->pid;
}

/* Stops the instance as at the end of its time, as its runtime must know that it is stopping. */
static void stop_instance(struct forking_search *search, size_t count)
{
	struct instance *instance = search->instance;
	struct event event = { .name = "stopping", .service = instance->service->name };

	log_event(instance->engine->log, LEVEL_NOTICE, &event, "stopping %zu process%s that a failed start has left",
		  count, count == 1 ? "" : "es");
	instance->facts.failed = true;
	instance->ops->limit(instance);
}

/* Finds all that have not ended; returns their number. */
static size_t find_members(const struct forking_search *search, struct process_tree *tree)
{
	forking_search_scan(search, tree);
	for (size_t n = tree->count; n-- > 0;) {
		if (!tree_process_lives(&tree->list[n]))
			process_tree_drop(tree, n);
	}
	return tree->count;
}

/* One look may miss a process that changes its parent just then, as the last of a double fork does. */
bool forking_kill_go_on(struct forking_search *search)
{
	bool was_clear = search->clear;
	struct process_tree tree = { 0 };
	size_t count = find_members(search, &tree);

	for (size_t n = 0; n < count; n++)
		signal_process(search, &tree.list[n]);
	process_tree_free(&tree);
	if (count && !search->instance->facts.stopped)
		stop_instance(search, count); /* the first look has missed it */
	search->clear = !count && !search->instance->child.pid;
	if (search->clear && was_clear)
		return false;
	forking_search_look_again(search);
	return true;
}

bool forking_kill_begin(struct forking_search *search, int status)
{
	struct instance *instance = search->instance;
	struct process_tree tree = { 0 };
	size_t count;

	forking_search_enter(search, SWEEPING);
	search->status = status;
	forking_search_drop_empty_group(search);
	count = find_members(search, &tree);
	process_tree_free(&tree);
	if (count && !instance->facts.stopped)
		stop_instance(search, count);
	search->signalled_group =
		instance->service->groups->lifecycle->kill_mode == KILL_GROUP ? instance->groups.group : 0;
	search->signalled[search->signalled_count++] = instance->child.pid;
	return forking_kill_go_on(search);
}
