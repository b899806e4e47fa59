/* The clients of a service's sockets, for engine/idle/idle: counted connections, and datagrams. Embedded in struct
 * idle. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/clients/conn_query.h"
#include "engine/runtime/runtime.h"
#include "os/netdiag/datagram_stamp.h"

struct service_clients {
	struct conn_query query;        /* count for each listener of the service, also for those without a socket */
	struct datagram_stamp *datagrams;       /* last datagram of each UDP socket at the last look; owned */
	size_t count;                   /* listeners of the service */
	bool known;                     /* true: connections is known */
	bool is_logged;                 /* true: superd logged that it is unknown */
	uint32_t connections;           /* connections at the last count */
};

bool service_clients_init(struct service_clients *clients, struct service_runtime *runtime,
			  void (*counted)(struct conn_query *query)); /* false: out of memory */
void service_clients_free(struct service_clients *clients);

/* Called before each count, because sockets may have been opened anew. */
void service_clients_prepare(struct service_clients *clients);

/* Whether all sockets are of a kind whose closed connections the kernel reports. Call service_clients_prepare
 * before. */
bool service_clients_closes_are_reported(const struct service_clients *clients);

/* Makes datagrams count from now on. */
void service_clients_begin(struct service_clients *clients);

/* Called after a count: whether a client is connected, or sent a datagram since the last count. An unknown number
 * counts as a client. */
bool service_clients_are_there(struct service_clients *clients);
