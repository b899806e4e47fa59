/* Finds out to which start an unknown process belongs. A double fork leaves no trace of its origin: the process in
 * between has exited, and the daemon has a session, a group and a parent that the first process never had. It keeps
 * only what it inherited: a session or group that superd saw before, or the sockets. */
#include "engine/instance/fork_match.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/processes/adopted.h"
#include "exec/processes/process_query.h"
#include "exec/spawn/worker_process.h"

enum relation { STRANGER, POSSIBLE, MEMBER };

static void note_sockets(struct fork_match *match, const struct listener *listeners, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		struct stat status;

		if (listener_is_open(&listeners[n]) && fstat(listeners[n].io.fd, &status) == 0)
			match->sockets[match->socket_count++] = (struct file_id){ status.st_dev, status.st_ino };
	}
}

bool fork_match_init(struct fork_match *match, const struct instance *instance, struct table *table,
		     const struct listener *listeners, unsigned listener_count)
{
	match->sockets = calloc(listener_count + 1, sizeof(*match->sockets));
	if (!match->sockets)
		return false;
	note_sockets(match, listeners, listener_count);
	match->table = table;
	table->users++;
	match->service = instance->service;
	match->followed = &instance->child;
	match->start_time = process_now();
	match->seeking = true;
	return true;
}

void fork_match_free(struct fork_match *match)
{
	if (match->table)
		table_release(match->table);
	free(match->sockets);
}

static bool has_noted(const struct fork_match *match, pid_t id)
{
	for (size_t n = 0; n < match->known_count; n++) {
		if (match->known[n] == id)
			return true;
	}
	return false;
}

static bool has_id(const struct fork_match *match, pid_t id)
{
	return (id > 1 && id == match->followed->pid) || has_noted(match, id);
}

void fork_match_add(struct fork_match *match, pid_t pid)
{
	if (pid <= 1 || pid == getpgrp() || pid == getsid(0) || has_noted(match, pid))
		return;
	if (match->known_count == FORK_MATCH_KNOWN)
		memmove(match->known, match->known + 1, --match->known_count * sizeof(*match->known));
	match->known[match->known_count++] = pid;
}

/* Whether a process, or a session's or group's leader, is what some other instance follows. */
static bool is_of_another(const struct engine *engine, const struct fork_match *match, pid_t id)
{
	const struct child *child = child_table_find(&engine->children, id);

	return child && child != match->followed;
}

/* Whether another start knows the process as its own, or an instance has its group. */
static bool is_claimed(const struct engine *engine, const struct fork_match *match, const struct process *process)
{
	if (process->session == getsid(0) || instance_has_group(engine, process->session) ||
	    instance_has_group(engine, process->group))
		return true;
	LIST_EACH(link, &engine->instances->forking) {
		const struct fork_match *other = container_of(link, struct fork_match, link);

		if (other != match && (has_id(other, process->session) || has_id(other, process->group)))
			return true;
	}
	return false;
}

/* Decides by pid, session and group alone. */
static enum relation relation_by_ids(const struct engine *engine, const struct fork_match *match,
				     const struct process *process)
{
	if (process->ended || process->start_time < match->start_time || is_of_another(engine, match, process->pid) ||
	    is_of_another(engine, match, process->session) || is_of_another(engine, match, process->group))
		return STRANGER;
	if (has_id(match, process->session) || has_id(match, process->group) || has_id(match, process->pid))
		return MEMBER;
	return is_claimed(engine, match, process) ? STRANGER : POSSIBLE;
}

static enum relation relation_of(const struct engine *engine, const struct fork_match *match,
				 const struct process *process)
{
	enum relation relation = relation_by_ids(engine, match, process);

	if (relation != POSSIBLE || !match->socket_count)
		return relation;
	switch (process_holds(process->pid, match->sockets, match->socket_count)) {
	case HOLDS:
		return MEMBER;
	case HOLDS_NONE:                /* with pass = bind it may have bound nothing yet */
		return match->service->exec->pass == PASS_BIND ? POSSIBLE : STRANGER;
	case HOLDING_HIDDEN:
		break;
	}
	return POSSIBLE;
}

static void note_ids(struct fork_match *match, const struct process *process)
{
	fork_match_add(match, process->pid);
	fork_match_add(match, process->session);
	fork_match_add(match, process->group);
}

static bool is_in_use(pid_t id, const pid_t *children)
{
	if (kill(id, 0) == 0 || errno == EPERM || kill(-id, 0) == 0 || errno == EPERM)
		return true;
	for (; *children; children++) {
		if (getsid(*children) == id)
			return true;
	}
	return false;
}

/* Forgets numbers that no process has any more: the kernel may give them to any other. */
static void forget_unused(struct fork_match *match, const pid_t *children)
{
	size_t kept = 0;

	for (size_t n = 0; n < match->known_count; n++) {
		if (is_in_use(match->known[n], children))
			match->known[kept++] = match->known[n];
	}
	match->known_count = kept;
}

/* Returns how certain it is that a possible member belongs to this start and to no other. */
static enum match_certainty certainty_of(const struct engine *engine, const struct fork_match *match,
					 const struct process *process)
{
	bool mine = process_query_command(process, match->service->exec->exec), theirs = false, disputed = false;

	LIST_EACH(link, &engine->instances->forking) {
		const struct fork_match *other = container_of(link, struct fork_match, link);

		if (other == match || !other->seeking || relation_of(engine, other, process) == STRANGER)
			continue;
		disputed = true;
		theirs = theirs || process_query_command(process, other->service->exec->exec);
	}
	if (mine && !theirs)
		return MATCH_LIKELY;
	return disputed ? MATCH_DISPUTED : MATCH_UNDISPUTED;
}

/* The candidates of one look; a surer kind drives out the others. */
struct fork_choice {
	enum match_certainty certainty; /* of best */
	size_t count;                   /* candidates with this certainty */
	int score;                      /* of best; the highest wins */
	struct process best;
};

static int score_process(const struct fork_match *match, const struct process *process, pid_t before)
{
	return (process_holds(process->pid, match->sockets, match->socket_count) == HOLDS ? 4 : 0) +
		(process->session == before ? 2 : 0) + (process->session == process->pid ? 1 : 0);
}

static void consider_process(struct fork_choice *choice, const struct fork_match *match, const struct process *process,
			     enum match_certainty certainty, pid_t before)
{
	int points = score_process(match, process, before);

	if (choice->count && certainty < choice->certainty)
		return;
	if (certainty > choice->certainty)
		choice->count = 0;
	choice->certainty = certainty;
	if (choice->count++ && points < choice->score)
		return;
	if (choice->count > 1 && points == choice->score && process->start_time >= choice->best.start_time)
		return;
	choice->score = points;
	choice->best = *process;
}

static void look_at_children(const struct engine *engine, struct fork_match *match, const pid_t *children, pid_t before,
			     struct fork_choice *choice)
{
	for (; *children; children++) {
		struct process process;
		enum relation relation;

		if (child_table_find(&engine->children, *children) || spawn_is_worker(*children) ||
		    !process_read(*children, &process))
			continue;
		relation = relation_of(engine, match, &process);
		if (relation == STRANGER)
			continue;
		if (relation == MEMBER)
			note_ids(match, &process);
		consider_process(choice, match, &process,
				 relation == MEMBER ? MATCH_CERTAIN : certainty_of(engine, match, &process), before);
	}
}

/* The kernel's list may miss a process if another one ends while it is read, so "none" needs two looks. */
pid_t fork_match_pick(const struct engine *engine, struct fork_match *match, pid_t before, enum match_certainty least,
		      bool last)
{
	struct fork_choice choice = { 0 };

	for (int tries = 0; tries < 2 && !choice.count; tries++) {
		pid_t *children = adopted_list();

		if (!children)
			return FORK_MATCH_UNCLEAR;
		forget_unused(match, children);
		look_at_children(engine, match, children, before, &choice);
		free(children);
	}
	if (!choice.count || (choice.certainty < least && least > MATCH_UNDISPUTED))
		return FORK_MATCH_NONE;
	if (choice.certainty < least || (choice.count > 1 && (!last || choice.certainty < MATCH_LIKELY)))
		return FORK_MATCH_UNCLEAR;
	return choice.best.pid;
}

bool fork_match_accepts(const struct engine *engine, const struct fork_match *match, pid_t pid)
{
	struct process process;

	if (!process_read(pid, &process))
		return !is_of_another(engine, match, pid);
	return relation_by_ids(engine, match, &process) != STRANGER;
}

size_t fork_match_each(const struct engine *engine, struct fork_match *match,
		       void (*act)(void *context, const struct process *process), void *context)
{
	pid_t *children = adopted_list(), *all = process_list_all();
	struct fork_choice choice = { 0 };
	struct process process;
	size_t count = 0;

	if (children) {
		forget_unused(match, children);
		look_at_children(engine, match, children, 0, &choice); /* learns who holds a socket */
	}
	for (pid_t *pid = all; pid && *pid; pid++) {
		if (!has_id(match, *pid) && !has_id(match, getsid(*pid)) && !has_id(match, getpgid(*pid)))
			continue;
		if (!process_read(*pid, &process) || relation_of(engine, match, &process) != MEMBER)
			continue;
		note_ids(match, &process);
		act(context, &process);
		count++;
	}
	free(children);
	free(all);
	return count;
}
