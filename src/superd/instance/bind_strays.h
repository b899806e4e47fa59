/* Filters of pass = bind whose instance has ended, while processes that it has left still have them: such as the
 * sessions of an sshd that is restarted. superd keeps the filter's descriptor, as the kernel answers ENOSYS without it,
 * and one superd-bind passes the calls of all on to the kernel, also when superd has ended. */
#pragma once

#include "superd/loop/fd_watch.h"
#include "superd/saved/state_field.h"
#include "superd/start/worker_process.h"

struct bind_stray {
	struct {                        /* saved */
		int notif;              /* the filter's descriptor */
	};
	struct list link;               /* in engine->bind_strays->list */
};

extern const struct field_table bind_stray_state;      /* for an upgrade */

/* As engine->bind_strays. */
struct bind_strays {
	struct list list;
	struct worker_process process;  /* passes on the calls of those in the list; channel -1: there is none */
	struct watch watch;             /* of its channel */
	struct alarm start;             /* for a process that has all of the list */
};

void bind_strays_init(struct engine *engine, struct bind_strays *strays);

/* Keeps the descriptor, until no process has the filter any more; it is superd's from now on. */
void bind_stray_keep(struct engine *engine, int notif);

/* For superd's end: the process goes on by itself. */
void bind_strays_leave(struct engine *engine);
