/* The control socket: who may connect, and what they may ask. One of it in superd, or none, without which all goes
 * on. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "control/recent_log.h"
#include "control/session.h"
#include "control/socket_wait.h"
#include "engine/core/fd_watch.h"
#include "engine/supervisor/supervisor.h"
#include "os/socket/control_socket.h"

#define CLIENTS_MOST 16
#define READERS_MOST 12                 /* of them; the rest is left to those who may act */

#define SERVER_RESERVE 3                /* two for connections, one to look who asks */

struct server {
	struct supervisor *supervisor;
	struct control_socket socket;
	struct watch watch;
	struct watch changes;           /* has no descriptor: woken by engine.changes, once for many changes in a turn */
	struct socket_wait socket_wait; /* for the place of another superd */
	struct alarm pause;             /* until clients are accepted again: descriptors were out */
	gid_t group;                    /* whose members may read; -1: none */
	const gid_t *wanted;            /* whose shall, since the table was last read; the caller's */
	struct list sessions;
	size_t count, readers;
	size_t waiting;                 /* requests that are told of changes of runtimes */
	int reserve[SERVER_RESERVE];    /* descriptors given up for an operator when all others are used; -1: given up */
	struct recent_log recent_log;
	struct buf fates;               /* of a reload that somebody waits for (service_list.report) */
	size_t reload_waiters;          /* who wait for it */
};

/* Hears what is logged from now on, so that it can be told. group: whose members may read, -1: none; the caller may
 * have another there whenever the table is read. */
void server_listen_in(struct server *server, struct supervisor *supervisor, const gid_t *group);

/* The table was read again: the socket is for the group that is wanted now. */
void server_follow_group(struct server *server);

/* What operators of a superd before have locked is in effect, unless another one answers at path. Before the table is
 * run. */
void server_take_locks(struct server *server, const char *path);

/* Makes the socket at path. false with the reason in why: there is none. */
bool server_open(struct server *server, const char *path, struct buf *why);

void server_close(struct server *server);

/* Takes a connection over; one who may not ask, or finds no room, is told so. NULL: it was, and the connection is
 * closed. */
struct session *server_admit(struct server *server, int fd);
