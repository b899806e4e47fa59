/* Tells to which start of type = forking an orphan belongs that became superd's child.
 *
 * A process is kin if its session or group was seen before (the first process has its own), or if it has one of the
 * sockets that were passed. If that cannot be seen, as the kernel hides a process or the service has no sockets, its
 * command decides; without that it is taken only if no other start could have brought it. A process that is older, or
 * belongs to another instance, never is kin. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table/table.h"
#include "engine/instance/instance.h"
#include "engine/listener/listener.h"
#include "os/proc/process.h"

#define FORK_MATCH_KNOWN 64
/* How surely a process is kin. */
enum match_certainty { MATCH_DISPUTED, MATCH_UNDISPUTED, MATCH_LIKELY, MATCH_CERTAIN };

#define FORK_MATCH_NONE 0
#define FORK_MATCH_UNCLEAR (-1)         /* several, or one that may as well be another start's */

/* One start, from before its first process until its daemon is settled. */
struct fork_match {
	struct list link;               /* in engine->instances->forking */
	struct table *table;            /* holds the table of its row, which a reload may have replaced since */
	const struct service *service;
	const struct child *followed;   /* child of its instance; pid 0: no process is followed */
	int64_t start_time;
	struct file_id *sockets;
	size_t socket_count;
	bool seeking;                   /* its daemon is unknown yet: an orphan may belong to it */
	pid_t known[FORK_MATCH_KNOWN];  /* its processes, sessions and groups, by their numbers */
	size_t known_count;
};

/* Notes the sockets of a start, just before it. false: out of memory. */
bool fork_match_init(struct fork_match *match, const struct instance *instance, struct table *table,
		     const struct listener *listeners, unsigned listener_count);
void fork_match_free(struct fork_match *match);

void fork_match_add(struct fork_match *match, pid_t pid);

/* Returns the orphan to follow, or FORK_MATCH_NONE, or FORK_MATCH_UNCLEAR; none less certain than `least`. Of several, if there is no
 * time left (`last`): one that has a socket, one in the session of `before`, which was followed until now, a session
 * leader, the oldest, in this order. */
pid_t fork_match_pick(const struct engine *engine, struct fork_match *match, pid_t before, enum match_certainty least,
		      bool last);

/* Whether a named process may belong to this start. */
bool fork_match_accepts(const struct engine *engine, const struct fork_match *match, pid_t pid);

/* Calls act for every living process that is kin, wherever it is in the tree; returns their number. */
size_t fork_match_each(const struct engine *engine, struct fork_match *match,
		       void (*act)(void *context, const struct process *process), void *context);
