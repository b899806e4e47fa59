/* The inside of a drain, for the files that know it: engine/drain/drain performs it, engine/drain/save_drain
 * carries it over an upgrade. */
#pragma once

#include <ev.h>

#include "engine/clients/conn_query.h"
#include "engine/drain/drain_deadline.h"
#include "engine/drain/standby_socket.h"
#include "engine/instance/instance.h"

/* The clients that the instance had before it had a successor (engine/drain/drain_snapshot). */
struct drain_snapshot {
	struct conn_query query;        /* its guests are the clients, if known */
	uint64_t activations;           /* the runtime's when it was asked: no successor may have started since */
	bool known;
};

struct drain {
	struct instance *instance;
	ev_timer timer;
	double wait;
	bool ending;                    /* the instance was told to end, within its patience */
	struct drain_deadline deadline; /* patience since then */
	bool waits_if_unknown;          /* if its clients are unknown, the instance is left alone */
	bool has_copies;                /* its sockets are copies: the instance has no twin, and clients that wait there are left to it */
	bool paused;                    /* it does not look for clients before the instance is told to end */
	struct held held;               /* its sockets, in engine->listeners->drained */
	bool unknown;
	bool clear;                     /* the last look found no client */
	struct conn_query query;        /* notes its clients, and then seeks them */
	struct drain_snapshot snapshot; /* clients that surely are not its successor's */
	size_t count;
	struct drained_socket *sockets; /* sockets of the instance, kept for clients in their queues and in handshakes */
};

static inline bool drain_knows_clients(const struct drain *drain)       /* as far as the kernel could tell them */
{
	return drain->query.use == COOKIES_SOUGHT;
}

struct drain *drain_make(struct instance *instance, size_t count);      /* NULL: out of memory */
void drain_start(struct drain *drain, struct drained_socket *sockets, size_t count); /* takes the sockets over */
void drain_look_later(struct drain *drain);
