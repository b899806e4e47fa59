/* The duties of a process that others are born under: PID 1 of a container, or a child subreaper elsewhere.
 *
 * Needs no /proc, no /run, no writable root; what is missing makes less possible, never fails. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "exec/plan/plan.h"

/* Once, first of all: 0 to 2 are open, every inherited descriptor is close-on-exec, no signal is ignored, none blocked
 * but HUP, USR1, USR2, ALRM and the stray ones (os/host/signals), and as PID 1 those that stop it, until the loop watches
 * them, and the soft limit of descriptors is raised to the hard one (heritage keeps what was found, and what is sane). */
void init_enter(struct heritage *heritage);

/* The same for a process in which another superd was until now: every signal that is blocked stays so until the loop
 * watches it. */
void init_enter_again(struct heritage *heritage);

/* The soft limit of descriptors for a backend, where superd was started with this one. */
rlim_t init_sane_nofile(rlim_t soft);

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
	int *others;                    /* init_note_others */
	size_t other_count, other_room;
};

void init_take_sockets(struct inheritance *inheritance);

/* Behind init_take_sockets, before anything is opened: what else is open. Then, once the table is read, which may be one of
 * them, closes it, as a daemon would hold a lock or a pipe of others for ever. */
void init_note_others(struct inheritance *inheritance);
void init_close_others(struct inheritance *inheritance);

/* "web, 127.0.0.1:80": its name, where it has one, and its address. */
void init_describe_socket(const struct inherited *inherited, struct buf *out);
void init_close_sockets(struct inheritance *inheritance);       /* those nobody took, and the list */
