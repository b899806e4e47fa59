/* The control socket: accepts clients, limits their number and rights, and runs their sessions. superd has one, or
 * none; it works without. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/list.h"
#include "os/socket/control_socket.h"
#include "superd/control/recent_log.h"
#include "superd/control/session.h"
#include "superd/loop/fd_watch.h"
#include "superd/supervisor/supervisor.h"

struct service_row_writer;

#define CLIENTS_MOST 16                 /* sessions at once */
#define OWN_MOST 32                     /* sessions of superd's own programs that serve clients of one service, beside the above */
#define READERS_MOST 12                 /* sessions with RIGHT_READ; the others are left to clients that may act */

#define SERVER_RESERVE 3                /* descriptors: two for connections, one to look at a client in /proc */

struct server {
	struct supervisor *supervisor;
	struct control_socket socket;
	struct watch watch;             /* of the listening socket */
	struct watch changes;           /* has no descriptor; engine.changes wakes it once for all changes of a turn */
	struct watch node_watch;        /* of the inotify descriptor that reports changes of the socket's file */
	int node_fd;                    /* that descriptor; -1: nothing is watched */
	struct alarm node_delay;        /* until superd looks whether the file is gone */
	char *awaited;                  /* path of the socket that another superd has, or that cannot be made now, owned; NULL: none */
	struct alarm retry;             /* until the next try to make that */
	double retry_pause;             /* seconds from that try to the next one */
	bool is_lost;                   /* it waits for its own socket, whose file was removed */
	struct alarm pause;             /* until clients are accepted again, after accept4(2) has failed */
	gid_t group;                    /* group whose members may read; -1: none */
	const gid_t *wanted_group;      /* the group by the last look-up; the caller's variable */
	struct list sessions;
	size_t count, readers;          /* number of sessions of operators, and of those with RIGHT_READ */
	size_t change_waiters;          /* requests that follow changes of services */
	int reserve[SERVER_RESERVE];    /* descriptors to close if all others are used; -1: closed */
	int place;                      /* a descriptor that is closed for the socket to open; -1: the socket is open */
	struct recent_log recent_log;
	struct service_row_writer *rows[2]; /* of the verb show, by whether secrets are hidden; NULL: it was not asked for yet */
	struct buf reload_results;      /* results of the present reload (service_list.report), while a request waits for it */
	size_t reload_waiters;          /* number of these requests */
};

/* Initializes a zeroed server, which listens to the log from now on. *group: the group whose members may read, -1:
 * none; the caller may change it at each reading of the table. */
void server_init(struct server *server, struct supervisor *supervisor, const gid_t *group);

/* Takes the socket of a superd that was killed between opening it and saving that, if it has left one. Call it before
 * the table is run. */
void server_take_left(struct server *server, const char *path);

/* Reads the services that are disabled at boot and, unless another superd answers at path, the operators' locks of the
 * superd before. Call it before the table is run. */
void server_read_locks(struct server *server, const char *path);

/* Opens the socket at path. false with the reason in `why`: superd has none, or not yet. */
bool server_open(struct server *server, const char *path, struct buf *why);

void server_close(struct server *server);
