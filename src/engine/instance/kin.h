/* Whose is a process that came to us without a parent? What ties it to one start of type = forking and to no other.
 *
 * A process is kin when its session or group is one of those seen before (the first process has both of its own),
 * or when it holds one of the sockets handed over. Where that can't be seen, as the kernel hides a process or the
 * service has no sockets, one that may be kin is told by its command, and taken unasked only when no other start
 * could have brought it. What began earlier, or belongs to another instance, never is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/table/table.h"
#include "engine/instance/instance.h"
#include "engine/listener/listener.h"
#include "os/proc/process.h"

#define KIN_KNOWN 64
/* How sure it is that a process is kin. */
enum certainty { DISPUTED, UNDISPUTED, LIKELY, CERTAIN };

#define KIN_NONE 0
#define KIN_UNCLEAR (-1)                /* several, or one that may as well be another start's */

/* One start, from before its first process until its daemon is settled. */
struct kin {
	struct table *table;            /* holds the row it was started under, which a reload may have replaced since */
	const struct service *service;
	const struct child *followed;   /* its instance's, with pid 0 while nobody is followed */
	int64_t born;
	struct file_id *sockets;
	size_t socket_count;
	bool seeking;                   /* its daemon is not known yet: who came to us may be its own */
	pid_t known[KIN_KNOWN];         /* processes, sessions and groups of it; pids, whichever they name */
	size_t known_count;
};

/* Notes what a start hands over, just before it. false: out of memory. */
bool kin_init(struct kin *kin, const struct instance *instance, struct table *table, const struct listener *listeners,
	      unsigned listener_count);
void kin_free(struct kin *kin);

void kin_add(struct kin *kin, pid_t pid);

/* The one of those who came to us that is to be followed, or KIN_NONE, or KIN_UNCLEAR; nobody less sure than `least`.
 * Of several, when there is no time left (`last`), one that holds a socket, one of the session of `before`, who was
 * followed until now, a session's leader, the oldest: in this order. */
pid_t kin_pick(const struct engine *engine, struct kin *kin, pid_t before, enum certainty least, bool last);

/* Whether a process that was named to us may belong to this start. */
bool kin_accepts(const struct engine *engine, const struct kin *kin, pid_t pid);

/* Calls act for every process alive that is kin, wherever it stands in the tree; the number of them. */
size_t kin_each(const struct engine *engine, struct kin *kin,
		void (*act)(void *context, const struct process *process), void *context);
