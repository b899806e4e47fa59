/* Sets up superd as PID 1 of a container, or as a child subreaper elsewhere (PR_SET_CHILD_SUBREAPER, prctl(2)).
 *
 * Needs no /proc, no /run, and no writable root: without them superd can do less, but it never fails. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/start/plan.h"

/* Call it once, before anything else. Afterwards descriptors 0 to 2 are open, all inherited ones are close-on-exec, no
 * signal is ignored, and the soft limit of descriptors is raised to the hard one; `defaults` keeps the original values.
 * Blocked until the loop watches them: HUP, USR1, USR2, ALRM and the stray signals (os/host/signals), and for PID 1
 * also those that stop superd. */
void pid1_enter(struct process_defaults *defaults);

/* The same for a superd that has replaced another one by exec (upgrade): signals that are blocked stay blocked until
 * the loop watches them. */
void pid1_enter_again(struct process_defaults *defaults);

/* The soft limit of descriptors for backends, if superd was started with this one. */
rlim_t pid1_sane_nofile(rlim_t soft);

/* From now on orphaned descendants become superd's children; for PID 1 they always do. Not inherited by fork(2). false
 * and errno: they do not. */
bool pid1_adopt_orphans(void);

bool pid1_is_first(void);               /* PID 1 of its namespace */

#define STORED_PREFIX "superd/"         /* of the names of sockets that a superd gave to a store (superd/socket/socket_store) */

/* Sockets that superd itself was given by LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES (sd_listen_fds(3)), or
 * that a superd before this one has left. */
struct listen_fd {
	int fd;                         /* -1: a listener has taken it */
	char *name;                     /* owned; NULL: none */
	bool is_own;                    /* a superd has bound it */
	bool is_stored;                 /* a superd has given it to the store that it came from, under this name */
};

struct listen_fds {
	struct listen_fd *list;
	size_t count, room;
	int *others;                    /* other inherited descriptors, from listen_fds_note_others */
	size_t other_count, other_room;
};

/* Takes the sockets, and removes the variables from the environment. listen_fds_close frees the list. A guard keeps the
 * variables of s6, so they count for its first superd alone. */
void listen_fds_take(struct listen_fds *listen_fds);

/* Adds a socket that a superd before this one has left, if it can be a listener. It is owned from then on. false: it
 * cannot be one, or there is no memory. */
bool listen_fds_add_own(struct listen_fds *listen_fds, int fd);

/* The first records what else is open: call it after listen_fds_take, before superd opens anything. The second closes
 * these descriptors, as a daemon would hold locks or pipes of others for ever: call it after the table was read, which
 * may be one of them. */
void listen_fds_note_others(struct listen_fds *listen_fds);
void listen_fds_close_others(struct listen_fds *listen_fds);

/* Appends "web, 127.0.0.1:80": its name, if it has one, and its address. */
void listen_fd_describe(const struct listen_fd *inherited, struct buf *out);
void listen_fds_close(struct listen_fds *listen_fds);           /* closes those that were not taken, and frees the list */
