/* Filters of pass = bind whose instance has ended, while processes that it has left still have them: such as the
 * sessions of an sshd that is restarted. superd keeps the filter's descriptor, as the kernel answers ENOSYS without it,
 * and passes each call on to the kernel. */
#pragma once

#include "superd/loop/fd_watch.h"
#include "superd/saved/state_field.h"

struct bind_stray {
	struct {                        /* saved */
		int notif;              /* the filter's descriptor */
	};
	struct list link;               /* in engine->instances->bind_strays */
	struct watch watch;
	struct alarm pause;             /* after many calls in one turn of the loop */
};

extern const struct field_table bind_stray_state;      /* for an upgrade */

/* Keeps the descriptor, until no process has the filter any more; it is superd's from now on. */
void bind_stray_keep(struct engine *engine, int notif);

/* For superd's end: another process takes over what is left. */
void bind_strays_leave(struct engine *engine);
