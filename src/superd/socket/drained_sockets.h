/* The sockets of draining instances. A service may need a new socket at the address of one of them, or at its port:
 * this opens it beside the old one, which serves its last clients. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/list.h"
#include "table/service/service.h"

struct engine;

/* The sockets of one draining instance. Owner: struct stop (superd/stop/stop). */
struct held {
	struct list link;               /* in engine->listeners->drained */
	const int *sockets;             /* those that its listeners had before it began to drain; -1: none */
	size_t count;
};

/* For a socket that cannot be bound, as its address is in use: opens one beside the sockets of draining instances that
 * have its port. -1: no such socket has it, or that failed, too. */
int bind_beside_open(struct engine *engine, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Whether the socket (-1: there is none) has the port that is wanted. */
bool bind_beside_is_at_port(int fd, const struct listen *listen);
