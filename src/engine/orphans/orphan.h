/* An orphan is a control group with processes that a killed superd (kill -9, OOM killer) has left, and that belongs to
 * no instance. The group proves their origin, because only the user of that superd could have put them there.
 * Environment and names of processes prove nothing.
 *
 * An orphan runs on by itself, unless a service needs its address: then superd stops it, and kills it when its time
 * is over. engine/orphans/orphans finds orphans, engine/orphans/orphan_end stops them. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "config/service/service.h"
#include "engine/serialize/state_field.h"

struct engine;

struct orphan {
	struct list link;               /* link in engine->orphans->list */
	char *group;                    /* path of its control group; owned */
	char *service;                  /* name of its service; NULL: the table has none of them; owned */
	char *wanted_by;                /* name of the service that waits for its end; NULL: none; owned */
	pid_t pid;                      /* its first process; 0: unknown */
	bool ends, killed;
	double until;                   /* loop time of SIGKILL, then of giving up */
};

/* All orphans that no service has taken over; engine->orphans. */
struct orphans {
	struct list list;
	ev_timer check_timer;           /* active while an orphan is being stopped */
};

void orphans_init(struct engine *engine, struct orphans *orphans);

extern const struct field_table orphan_state;   /* for an upgrade (engine/serialize/state_field) */

/* Adds an orphan, whose texts are copied. NULL: out of memory. */
struct orphan *orphan_add(struct engine *engine, const char *group, const char *service);
void orphan_free(struct orphan *orphan);

/* If an orphan has this address, adds the process and the operator's remedy to why. */
void orphan_explain(const struct engine *engine, const char *service, const struct endpoint *address, struct buf *why);

/* Returns the orphan that has the port of this address, or, if the address has no port, that of the service. NULL:
 * none. *holder gets the process that has the port, else the first process; 0: unknown. */
struct orphan *orphan_find(const struct engine *engine, const char *service, const struct endpoint *address,
			   pid_t *holder);
