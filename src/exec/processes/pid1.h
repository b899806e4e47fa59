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
 * but HUP, USR1, USR2, ALRM and the stray ones (os/host/signals), and as PID 1 those that stop it, until the loop
 * watches them, and the soft limit of descriptors is raised to the hard one (process defaults keeps what was found, and
 * what is sane). */
void pid1_enter(struct process_defaults *defaults);

/* The same for a process in which another superd was until now: every signal that is blocked stays so until the loop
 * watches it. */
void pid1_enter_again(struct process_defaults *defaults);

/* The soft limit of descriptors for a backend, where superd was started with this one. */
rlim_t pid1_sane_nofile(rlim_t soft);

/* From now on orphans among our descendants come to us: as PID 1 they do anyway. Not inherited over fork(2). */
void pid1_adopt_orphans(void);

bool pid1_is_first(void);               /* PID 1 of its namespace */

/* Sockets given to superd itself by LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; the variables are taken out of the
 * environment. */
struct listen_fd {
	int fd;                         /* -1: taken by a listener */
	char *name;
};

struct listen_fds {
	struct listen_fd *list;
	size_t count;
	int *others;                    /* listen_fds_note_others */
	size_t other_count, other_room;
};

void listen_fds_take(struct listen_fds *listen_fds);

/* Behind listen_fds_take, before anything is opened: what else is open. Then, once the table is read, which may be one
 * of them, closes it, as a daemon would hold a lock or a pipe of others for ever. */
void listen_fds_note_others(struct listen_fds *listen_fds);
void listen_fds_close_others(struct listen_fds *listen_fds);

/* "web, 127.0.0.1:80": its name, where it has one, and its address. */
void listen_fd_describe(const struct listen_fd *inherited, struct buf *out);
void listen_fds_close(struct listen_fds *listen_fds);           /* those nobody took, and the list */
