/* What serves the listeners of all services: their watcher, and objects that are each made at its first use. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "lib/list.h"

struct listener;
struct path_watches;
struct restorer;
struct rpc;
struct socket_store;

enum { RESTORERS = 2 };

/* As engine->listeners. */
struct listeners {
	/* The loop watches this epoll(7) set, and the kernel the listeners in it: with a watcher of libev's for each, a
	 * service that only listens would take a third more memory. fd -1: it is not open. */
	ev_io watched;
	/* It was restored or lost, or its address can be shared. Called within others, only notes that. */
	void (*on_restored)(struct listener *listener);
	struct list condition_queries;  /* the first ones are under way (superd/socket/socket_condition) */
	struct list drained;            /* struct held: sockets of draining instances (superd/socket/drained_sockets) */
	struct rpc *rpc;                /* registrations with rpcbind (superd/socket/rpcbind); NULL: none yet */
	struct socket_store *store;     /* where listeners outlive superd (superd/socket/socket_store); NULL: nowhere */
	/* They restore options of listeners, and take clients there (superd/socket/restore); NULL: none yet. */
	struct restorer *restorers[RESTORERS];
	bool shortage_logged;           /* true: none has opened since superd logged that descriptors are too few */
	struct path_watches *path_watches;      /* watched socket paths (superd/socket/socket_path_watch); NULL: none yet */
};

/* on_ready asks listeners_find_ready for the listener. */
void listeners_init(struct listeners *listeners, void (*on_ready)(struct ev_loop *loop, ev_io *io, int events),
		    void (*on_restored)(struct listener *listener));
bool listeners_open(struct listeners *listeners);               /* opens the set; false and errno: that failed */

/* The next listener of the set that has clients, or that was shut down. One at a time, as what its service does may close
 * another. NULL: none. */
struct listener *listeners_find_ready(const ev_io *watched);
void listeners_close(struct listeners *listeners, struct ev_loop *loop);
