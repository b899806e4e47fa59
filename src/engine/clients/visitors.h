/* The clients of a service's sockets, for engine/idle/idle: counted connections, and datagrams. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/clients/conn_query.h"
#include "engine/runtime/runtime.h"
#include "os/netdiag/datagram_stamp.h"

struct visitors {
	struct conn_query query;        /* a count for each listener of the keeper, also for those without a socket */
	struct datagram_stamp *datagrams;       /* last datagram of each UDP socket, at the last look */
	size_t count;                   /* listeners of the keeper */
	bool known;                     /* connections is known */
	bool is_told;                   /* it was logged that it is unknown */
	uint32_t connections;           /* connections at the last count */
};

bool visitors_init(struct visitors *visitors, struct keeper *keeper,
		   void (*counted)(struct conn_query *query));  /* false: out of memory */
void visitors_free(struct visitors *visitors);

/* Called before a count, as sockets may have been opened anew. */
void visitors_prepare(struct visitors *visitors);

/* Whether the kernel reports ended connections for all of its sockets. After visitors_prepare. */
bool visitors_is_told_of(const struct visitors *visitors);

/* Datagrams count from now on. */
void visitors_begin(struct visitors *visitors);

/* After a count: whether a client is there, or was since the last count. An unknown number counts as a client. */
bool visitors_is_seen(struct visitors *visitors);
