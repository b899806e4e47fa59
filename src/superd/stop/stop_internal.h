/* The fields of a stop, for this folder alone: superd/stop/stop performs it, superd/stop/save_stop saves it for an
 * upgrade. */
#pragma once

#include <ev.h>

#include "superd/clients/client_look.h"
#include "superd/clients/conn_query.h"
#include "superd/instance/instance.h"
#include "superd/stop/drain_deadline.h"
#include "superd/stop/standby_socket.h"

struct stop {
	struct instance *instance;
	unsigned char reason;           /* enum stop_reason */
	unsigned char phase;            /* enum stop_phase */
	bool clear;                     /* true: the last look found no client */
	ev_timer timer;                 /* next look for clients */
	struct drain_deadline deadline; /* limit of STOP_END; its `since` is the beginning of any phase */
	struct conn_query query;        /* first notes the clients, then seeks them */
	struct client_look turns;       /* looks which of them wait for an answer */
	double turns_due;               /* loop time of the next such look */
	uint32_t resting;               /* clients at the last such look, if all have rested since before the phase; else 0 */
	/* Starts of the service until the stop began, if what a process had accepted when the clients were noted is no
	 * successor's; else 0. */
	uint64_t activations;
	struct held held;               /* link of `sockets` in engine->listeners->drained */
	size_t count;                   /* sockets of the instance, kept for clients in their queues and in handshakes */
	struct drained_socket *sockets; /* owned; NULL: they are those in the pairs of the service's standby sockets */
};

static inline bool stop_knows_clients(const struct stop *stop) /* whether the clients were noted */
{
	return stop->query.use == COOKIES_SOUGHT;
}

/* reason: enum stop_reason. sockets: owned from now on, unless NULL. Returns the stop as instance->stop; NULL: out of memory. */
struct stop *stop_make(struct instance *instance, unsigned reason, struct drained_socket *sockets, size_t count);

void stop_look_later(struct stop *stop);
void stop_close_sockets(struct drained_socket *sockets, size_t count); /* frees them, too; accepts NULL */
