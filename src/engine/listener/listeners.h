/* What watches and serves the listeners of all services. */
#pragma once

#include "base/list.h"

struct path_watches;
struct restorer;
struct rpc;

/* As engine->listeners. */
struct listeners {
	struct list drained;            /* struct held: sockets that draining instances have (engine/listener/drained_sockets) */
	struct rpc *rpc;                /* registrations with rpcbind (engine/listener/rpcbind); NULL: there never was one */
	struct restorer *restorer;      /* restores options of listeners (engine/listener/restore); NULL: never used yet */
	struct path_watches *path_watches;      /* watched nodes (engine/listener/socket_path_watch); NULL: there never was one */
};
