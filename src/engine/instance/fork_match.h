/* Finds out to which start of type = forking an orphan belongs that became superd's child (PR_SET_CHILD_SUBREAPER).
 *
 * A process is a member of a start if superd saw its session or group there before (the first process has its own),
 * or if it holds one of the sockets that were passed. If superd cannot look at the sockets, because the kernel
 * hides the process, the service has none, or its program binds them later (pass = bind), the command line decides.
 * Without that, superd takes the process only if no other start could have left it. A process that is older than
 * the start, or belongs to another instance, is no member. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table/table.h"
#include "engine/instance/instance.h"
#include "engine/listener/listener.h"
#include "os/proc/process.h"

#define FORK_MATCH_KNOWN 64             /* pids, sessions and groups remembered for one start */

/* How certain it is that a process is a member; in ascending order. */
enum match_certainty { MATCH_DISPUTED, MATCH_UNDISPUTED, MATCH_LIKELY, MATCH_CERTAIN };

#define FORK_MATCH_NONE 0
#define FORK_MATCH_UNCLEAR (-1)         /* several candidates, or one that may belong to another start */

/* One start, from before its first process until its daemon is settled. Embedded in struct forking_search. */
struct fork_match {
	struct list link;               /* in engine->instances->forking */
	struct table *table;            /* reference to the table of `service`, which a reload may have replaced */
	const struct service *service;  /* configuration of the start */
	const struct child *followed;   /* child of the instance; its pid is 0 while superd follows no process */
	int64_t start_time;             /* time of the start, in the unit of struct process */
	struct file_id *sockets;        /* sockets that were passed; owned */
	size_t socket_count;
	bool seeking;                   /* true: the daemon is unknown, so an orphan may belong to this start */
	pid_t known[FORK_MATCH_KNOWN];  /* pids, sessions and groups of the start's processes */
	size_t known_count;
};

/* Notes the sockets of a start. Call it before the first process is started. false: out of memory. */
bool fork_match_init(struct fork_match *match, const struct instance *instance, struct table *table,
		     const struct listener *listeners, unsigned listener_count);
void fork_match_free(struct fork_match *match);

void fork_match_add(struct fork_match *match, pid_t pid);

/* Returns the orphan to follow, or FORK_MATCH_NONE, or FORK_MATCH_UNCLEAR; none less certain than `least`. Of
 * several, if there is no time left (`last`): one that has a socket, one in the session of `before`, which was
 * followed until now, a session leader, the oldest, in this order. */
pid_t fork_match_pick(const struct engine *engine, struct fork_match *match, pid_t before, enum match_certainty least,
		      bool last);

/* Whether a named process may belong to this start. */
bool fork_match_accepts(const struct engine *engine, const struct fork_match *match, pid_t pid);

/* Calls act for every living member of the start, wherever it is in the process tree; returns their number. */
size_t fork_match_each(const struct engine *engine, struct fork_match *match,
		       void (*act)(void *context, const struct process *process), void *context);
