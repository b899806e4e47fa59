/* The clients of a service's sockets, for engine/idle/idle: counted connections, and datagrams. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/clients/conn_query.h"
#include "engine/runtime/runtime.h"
#include "os/netdiag/datagram_stamp.h"

struct service_clients {
	struct conn_query query;        /* a count for each listener of the runtime, also for those without a socket */
	struct datagram_stamp *datagrams;       /* last datagram of each UDP socket, at the last look */
	size_t count;                   /* listeners of the runtime */
	bool known;                     /* connections is known */
	bool is_logged;                 /* it was logged that it is unknown */
	uint32_t connections;           /* connections at the last count */
};

bool service_clients_init(struct service_clients *clients, struct service_runtime *runtime,
			  void (*counted)(struct conn_query *query)); /* false: out of memory */
void service_clients_free(struct service_clients *clients);

/* Called before a count, as sockets may have been opened anew. */
void service_clients_prepare(struct service_clients *clients);

/* Whether the kernel reports ended connections for all of its sockets. After service_clients_prepare. */
bool service_clients_closes_are_reported(const struct service_clients *clients);

/* Datagrams count from now on. */
void service_clients_begin(struct service_clients *clients);

/* After a count: whether a client is there, or was since the last count. An unknown number counts as a client. */
bool service_clients_are_there(struct service_clients *clients);
