/* Tells to which start an unknown process belongs. A double fork leaves no trace of its origin: the process in
 * between is gone, and the daemon has a session, a group and a parent that the first process never had. It keeps
 * only what it inherited: a session or group seen before, or the sockets. */
#include "engine/instance/fork_match.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/processes/process_query.h"
#include "exec/spawn/spawn.h"

enum kinship { STRANGER, POSSIBLE, KIN };

static void note_sockets(struct fork_match *kin, const struct listener *listeners, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		struct stat status;

		if (listener_is_open(&listeners[n]) && fstat(listeners[n].io.fd, &status) == 0)
			kin->sockets[kin->socket_count++] = (struct file_id){ status.st_dev, status.st_ino };
	}
}

bool fork_match_init(struct fork_match *kin, const struct instance *instance, struct table *table,
		     const struct listener *listeners, unsigned listener_count)
{
	kin->sockets = calloc(listener_count + 1, sizeof(*kin->sockets));
	if (!kin->sockets)
		return false;
	note_sockets(kin, listeners, listener_count);
	kin->table = table;
	table->users++;
	kin->service = instance->service;
	kin->followed = &instance->child;
	kin->start_time = process_now();
	kin->seeking = true;
	return true;
}

void fork_match_free(struct fork_match *kin)
{
	if (kin->table)
		table_release(kin->table);
	free(kin->sockets);
}

static bool has_noted(const struct fork_match *kin, pid_t id)
{
	for (size_t n = 0; n < kin->known_count; n++) {
		if (kin->known[n] == id)
			return true;
	}
	return false;
}

static bool knows(const struct fork_match *kin, pid_t id)
{
	return (id > 1 && id == kin->followed->pid) || has_noted(kin, id);
}

void fork_match_add(struct fork_match *kin, pid_t pid)
{
	if (pid <= 1 || pid == getpgrp() || pid == getsid(0) || has_noted(kin, pid))
		return;
	if (kin->known_count == KIN_KNOWN)
		memmove(kin->known, kin->known + 1, --kin->known_count * sizeof(*kin->known));
	kin->known[kin->known_count++] = pid;
}

/* Whether a process, or a session's or group's leader, is what some other instance follows. */
static bool is_of_another(const struct engine *engine, const struct fork_match *kin, pid_t id)
{
	const struct child *child = child_table_find(&engine->children, id);

	return child && child != kin->followed;
}

/* Whether another start knows the process as its own, or an instance has its group. */
static bool is_claimed(const struct engine *engine, const struct fork_match *kin, const struct process *process)
{
	if (process->session == getsid(0) || instance_has_group(engine, process->session) ||
	    instance_has_group(engine, process->group))
		return true;
	LIST_EACH(link, &engine->instances->forking) {
		const struct fork_match *other = container_of(link, struct fork_match, link);

		if (other != kin && (knows(other, process->session) || knows(other, process->group)))
			return true;
	}
	return false;
}

/* Judges by pid, session and group alone. */
static enum kinship place(const struct engine *engine, const struct fork_match *kin, const struct process *process)
{
	if (process->ended || process->start_time < kin->start_time || is_of_another(engine, kin, process->pid) ||
	    is_of_another(engine, kin, process->session) || is_of_another(engine, kin, process->group))
		return STRANGER;
	if (knows(kin, process->session) || knows(kin, process->group) || knows(kin, process->pid))
		return KIN;
	return is_claimed(engine, kin, process) ? STRANGER : POSSIBLE;
}

static enum kinship judge(const struct engine *engine, const struct fork_match *kin, const struct process *process)
{
	enum kinship kinship = place(engine, kin, process);

	if (kinship != POSSIBLE || !kin->socket_count)
		return kinship;
	switch (process_holds(process->pid, kin->sockets, kin->socket_count)) {
	case HOLDS:
		return KIN;
	case HOLDS_NONE:
		return STRANGER;
	case HOLDING_HIDDEN:
		break;
	}
	return POSSIBLE;
}

static void learn(struct fork_match *kin, const struct process *process)
{
	fork_match_add(kin, process->pid);
	fork_match_add(kin, process->session);
	fork_match_add(kin, process->group);
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
static void forget_unused(struct fork_match *kin, const pid_t *children)
{
	size_t kept = 0;

	for (size_t n = 0; n < kin->known_count; n++) {
		if (is_in_use(kin->known[n], children))
			kin->known[kept++] = kin->known[n];
	}
	kin->known_count = kept;
}

/* Returns how surely a process that may be kin belongs to this start and to no other. */
static enum match_certainty weigh(const struct engine *engine, const struct fork_match *kin,
				  const struct process *process)
{
	bool mine = process_query_command(process, kin->service->exec->exec), theirs = false, disputed = false;

	LIST_EACH(link, &engine->instances->forking) {
		const struct fork_match *other = container_of(link, struct fork_match, link);

		if (other == kin || !other->seeking || judge(engine, other, process) == STRANGER)
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

static int score(const struct fork_match *kin, const struct process *process, pid_t before)
{
	return (process_holds(process->pid, kin->sockets, kin->socket_count) == HOLDS ? 4 : 0) +
	       (process->session == before ? 2 : 0) + (process->session == process->pid ? 1 : 0);
}

static void consider(struct fork_choice *choice, const struct fork_match *kin, const struct process *process,
		     enum match_certainty certainty, pid_t before)
{
	int points = score(kin, process, before);

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

static void look(const struct engine *engine, struct fork_match *kin, const pid_t *children, pid_t before,
		 struct fork_choice *choice)
{
	for (; *children; children++) {
		struct process process;
		enum kinship kinship;

		if (child_table_find(&engine->children, *children) || spawn_is_worker(*children) ||
		    !process_read(*children, &process))
			continue;
		kinship = judge(engine, kin, &process);
		if (kinship == STRANGER)
			continue;
		if (kinship == KIN)
			learn(kin, &process);
		consider(choice, kin, &process, kinship == KIN ? MATCH_CERTAIN : weigh(engine, kin, &process), before);
	}
}

/* The kernel's list may miss a process if another one ends while it is read, so "none" needs two looks. */
pid_t fork_match_pick(const struct engine *engine, struct fork_match *kin, pid_t before, enum match_certainty least,
		      bool last)
{
	struct fork_choice choice = { 0 };

	for (int tries = 0; tries < 2 && !choice.count; tries++) {
		pid_t *children = process_list_children();

		if (!children)
			return KIN_UNCLEAR;
		forget_unused(kin, children);
		look(engine, kin, children, before, &choice);
		free(children);
	}
	if (!choice.count || (choice.certainty < least && least > MATCH_UNDISPUTED))
		return KIN_NONE;
	if (choice.certainty < least || (choice.count > 1 && (!last || choice.certainty < MATCH_LIKELY)))
		return KIN_UNCLEAR;
	return choice.best.pid;
}

bool fork_match_accepts(const struct engine *engine, const struct fork_match *kin, pid_t pid)
{
	struct process process;

	if (!process_read(pid, &process))
		return !is_of_another(engine, kin, pid);
	return place(engine, kin, &process) != STRANGER;
}

size_t fork_match_each(const struct engine *engine, struct fork_match *kin,
		       void (*act)(void *context, const struct process *process), void *context)
{
	pid_t *children = process_list_children(), *all = process_list_all();
	struct fork_choice choice = { 0 };
	struct process process;
	size_t count = 0;

	if (children) {
		forget_unused(kin, children);
		look(engine, kin, children, 0, &choice);        /* learns who holds a socket */
	}
	for (pid_t *pid = all; pid && *pid; pid++) {
		if (!knows(kin, *pid) && !knows(kin, getsid(*pid)) && !knows(kin, getpgid(*pid)))
			continue;
		if (!process_read(*pid, &process) || judge(engine, kin, &process) != KIN)
			continue;
		learn(kin, &process);
		act(context, &process);
		count++;
	}
	free(children);
	free(all);
	return count;
}
