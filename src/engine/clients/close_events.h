/* Reports connections that have ended to engine/idle/idle, by the ports of its service. There is one socket for all
 * (os/netdiag/tcp_destroy), with a filter for the ports that a service waits for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "engine/clients/conn_query.h"
#include "engine/core/engine.h"

/* Embedded in the struct that listens. */
struct close_listener {
	struct list link;               /* in a list of struct close_events, while it listens */
	const struct conn_query *query; /* of which service, and at which TCP ports */
	void (*gone)(struct close_listener *listener); /* a connection there has ended, or may have; it may end the listening */
	void (*deaf)(struct close_listener *listener); /* the kernel reports no more; the listening has ended */
};

void close_events_init(struct close_listener *listener, const struct conn_query *query,
		       void (*gone)(struct close_listener *listener), void (*deaf)(struct close_listener *listener));

/* Whether this kernel reports ended connections. */
bool close_events_is_possible(struct engine *engine);

/* Listens from the moment the loop waits again, which is before anything is counted (engine/clients/conn_query). */
void close_events_begin(struct close_listener *listener, struct engine *engine);

/* at_once: more ends are expected, which must not wake superd, so the filter is made anew now; else only after unwanted
 * reports. */
void close_events_end(struct close_listener *listener, struct engine *engine, bool at_once);

/* Passes on the kernel's reports up to now before it returns. */
void close_events_read(struct engine *engine);

void close_events_free(struct engine *engine);
