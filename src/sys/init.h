/* The duties of a process that others are born under: PID 1 of a container, or a child subreaper elsewhere.
 *
 * Needs no /proc, no /run, no writable root; what is missing makes less possible, never fails. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/plan.h"

/* Once, first of all: 0 to 2 are open, every inherited descriptor is close-on-exec, no signal is ignored, none blocked
 * but HUP, USR1, ALRM and the stray ones (sys/signals) until the loop watches them, and the soft limit of descriptors is
 * raised to the hard one (heritage keeps what was found). */
void init_enter(struct heritage *heritage);

/* From now on orphans among our descendants come to us: as PID 1 they do anyway. Not inherited over fork(2). */
void init_adopt_orphans(void);

bool init_is_first(void);               /* PID 1 of its namespace */

/* Sockets given to superd itself by LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; the variables are taken out of the
 * environment. */
struct inherited {
	int fd;                         /* -1: taken by a listener */
	char *name;
};

struct inheritance {
	struct inherited *list;
	size_t count;
};

void init_take_sockets(struct inheritance *inheritance);
void init_close_sockets(struct inheritance *inheritance);       /* those nobody took, and the list */

/* Sends a signal to whatever is left under us: as PID 1 everything in the namespace, else our children (who were
 * adopted, as all others are known). true when there was anybody. */
bool init_signal_rest(int signal);
