/* Who uses the sockets of a service, as engine/idle/idle wants to know it: connections that were counted, and datagrams. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/service/keeper.h"
#include "os/netdiag/connections.h"
#include "os/netdiag/last_datagram.h"

struct visitors {
	struct keeper *keeper;
	size_t count;                   /* its listeners */
	struct tally *tallies;          /* for engine/clients/census to count */
	struct last_datagram *datagrams;        /* of UDP, as they were the last time */
	bool known;                     /* connections says something */
	bool is_told;                   /* that it does not was logged */
	uint32_t connections;           /* when they were counted last */
};

bool visitors_init(struct visitors *visitors, struct keeper *keeper);    /* false: out of memory */
void visitors_free(struct visitors *visitors);

/* Before a count: sockets may have been made anew. */
void visitors_prepare(struct visitors *visitors);

/* Whether all its sockets are such that the kernel tells when a client has gone. After visitors_prepare. */
bool visitors_is_told_of(const struct visitors *visitors);

/* From now on datagrams count. */
void visitors_begin(struct visitors *visitors);

/* After a count: whether somebody is there, or was since the last time. What nobody knows may be somebody. */
bool visitors_is_seen(struct visitors *visitors);
