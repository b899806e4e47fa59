/* The fields of a drain, for this folder alone: superd/stop/drain performs it, superd/stop/save_drain saves it for an
 * upgrade. */
#pragma once

#include <ev.h>

#include "superd/clients/conn_query.h"
#include "superd/instance/instance.h"
#include "superd/stop/drain_deadline.h"
#include "superd/stop/standby_socket.h"

struct drain {
	struct instance *instance;
	ev_timer timer;                 /* next look for clients */
	double wait;                    /* seconds until that look */
	bool ending;                    /* true: drain_end was called, and deadline runs */
	struct drain_deadline deadline; /* limit of the time until the instance is stopped */
	bool waits_if_unknown;          /* true: an instance with unknown clients runs on; false: superd stops it */
	bool has_copies;                /* true: drain_lend created sockets, copies of the sockets at which the instance still accepts */
	bool paused;                    /* true: superd does not look for clients before drain_end */
	struct held held;               /* link of `sockets` in engine->listeners->drained */
	bool unknown;                   /* true: the kernel could not list the clients */
	bool clear;                     /* true: the last look found no client */
	struct conn_query query;        /* first notes the clients, then seeks them */
	uint64_t activations;           /* starts of the service until drain_begin; 0: superd drains it by other means */
	bool has_own;                   /* true: clients that a process had accepted when they were noted are no successor's */
	size_t count;
	struct drained_socket *sockets; /* sockets of the instance, kept for clients in their queues and in handshakes; owned */
};

static inline bool drain_knows_clients(const struct drain *drain)       /* whether the clients were noted */
{
	return drain->query.use == COOKIES_SOUGHT;
}

struct drain *drain_make(struct instance *instance, size_t count);      /* NULL: out of memory */
void drain_start(struct drain *drain, struct drained_socket *sockets, size_t count); /* owns the sockets from now on */
void drain_look_later(struct drain *drain);
