/* Who wants to hear of connections that are over: engine/idle/idle, by the ports of its service. One socket for all
 * (os/netdiag/departures); it hears of the ports that somebody waits for and of no others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "engine/core/engine.h"
#include "os/netdiag/connections.h"

/* Embedded in whoever waits. */
struct departed {
	struct list link;               /* while it hears */
	const struct keeper *keeper;    /* whose probes are nobody */
	const struct tally *tallies;    /* whose TCP ports it is about */
	size_t count;
	void (*gone)(struct departed *departed);        /* a connection at one of them is over, or may be; it may end it */
	void (*deaf)(struct departed *departed);        /* from now on nothing is heard any more; it has ended */
};

void departed_init(struct departed *departed, const struct keeper *keeper, void (*gone)(struct departed *departed),
		   void (*deaf)(struct departed *departed));

/* Whether anything can be heard at all. */
bool departed_is_possible(struct engine *engine);

/* Hears from the moment the loop waits again, which is before anything is counted (engine/clients/census). */
void departed_begin(struct departed *departed, struct engine *engine);

/* at_once: more is expected to come, and is to wake nobody; else the kernel is told once something does. */
void departed_end(struct departed *departed, struct engine *engine, bool at_once);

/* What the kernel has told by now is handed on before this returns. */
void departed_hear(struct engine *engine);

void departed_free(struct engine *engine);
