/* The objects that serve the listeners of all services; each is made at its first use. */
#pragma once

#include <stdbool.h>

#include "lib/list.h"

struct path_watches;
struct restorer;
struct rpc;
struct socket_store;

/* As engine->listeners. */
struct listeners {
	struct list condition_queries;  /* the first ones are under way (superd/listener/socket_condition) */
	struct list drained;            /* struct held: sockets of draining instances (superd/listener/drained_sockets) */
	struct rpc *rpc;                /* registrations with rpcbind (superd/listener/rpcbind); NULL: none yet */
	struct socket_store *store;     /* where listeners outlive superd (superd/listener/socket_store); NULL: nowhere */
	struct restorer *restorer;      /* restores options of listeners (superd/listener/restore); NULL: none yet */
	bool shortage_logged;           /* true: none has opened since superd logged that descriptors are too few */
	struct path_watches *path_watches;      /* watched socket paths (superd/listener/socket_path_watch); NULL: none yet */
};
