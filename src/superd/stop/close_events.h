/* Reports closed TCP connections to superd/stop/idle, by the local ports of a service. All services share one netlink
 * socket (SKNLGRP_INET_TCP_DESTROY, os/netdiag/tcp_destroy), with a filter for the ports that a service listens for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/list.h"
#include "superd/stop/conn_query.h"
#include "superd/loop/engine.h"

/* Embedded in the struct that listens. */
struct close_listener {
	struct list link;               /* in a list of struct tcp_close_events, while it listens */
	const struct conn_query *query; /* its service and its TCP ports; borrowed */
	/* A connection has closed, or may have; it may call close_events_end. silent: by probe = silent it was a
	 * probe. */
	void (*gone)(struct close_listener *listener, bool silent);
	void (*deaf)(struct close_listener *listener); /* the kernel reports nothing any more; the listener was removed */
};

void close_events_init(struct close_listener *listener, const struct conn_query *query,
		       void (*gone)(struct close_listener *listener, bool silent),
		       void (*deaf)(struct close_listener *listener));

/* Whether this kernel reports closed connections. */
bool close_events_is_possible(struct engine *engine);

/* Begins to listen before the loop waits again, and so before superd/stop/conn_query counts anything. */
void close_events_begin(struct close_listener *listener, struct engine *engine);

/* Stops listening. at_once: sets a new filter now, because many more closes are expected that must not wake superd;
 * else superd sets one only after unwanted reports. */
void close_events_end(struct close_listener *listener, struct engine *engine, bool at_once);

/* Reads the kernel's reports up to now, and calls the listeners before it returns. */
void close_events_read(struct engine *engine);

void close_events_free(struct engine *engine);
