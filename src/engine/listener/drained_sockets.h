/* Sockets that instances which drain still have, and a socket beside them: at the address of one, or at its port. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/list.h"
#include "config/service/service.h"

struct engine;

/* A socket that a listener was parted from. */
struct drained_socket {
	int fd;                         /* -1: there is none */
	bool younger;                   /* than the listener, so that it is the second of their pair */
};

/* The sockets of one such instance (engine/drain/drain). */
struct held {
	struct list link;               /* in engine->listeners->drained */
	const struct drained_socket *sockets;
	size_t count;
};

/* For a socket that cannot be bound, as its address is in use: where such sockets have its port, one beside them is
 * opened. -1: there are none, or that failed, too. */
int bind_beside_open(struct engine *engine, const struct listen *listen, struct buf *why, struct buf *warnings);

/* Whether the socket (-1: there is none) has the port that is wanted. */
bool bind_beside_is_at_port(int fd, const struct listen *listen);
