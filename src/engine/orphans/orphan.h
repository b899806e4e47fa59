/* An orphan is a control group of processes that a killed superd (kill -9, out of memory) has left, and that no
 * instance has. Their group proves what they are, as only that superd's user could have put them there. Their
 * environment and their names prove nothing.
 *
 * An orphan runs on by itself, unless a service wants its address: then superd ends it, and kills it when its time
 * is over. engine/orphans/orphans finds orphans, engine/orphans/orphan_end ends them. */
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
	struct list link;               /* in engine->orphans */
	char *group;                    /* its folder of control groups */
	char *service;                  /* its service; NULL: one that the table does not have */
	char *wanted_by;                /* the service that waits for its end; NULL: none */
	pid_t pid;                      /* its first process; 0: unknown */
	bool ends, killed;
	double until;                   /* loop time when the rest of it is killed */
};

/* All of them that no service has taken over, as engine->orphans. */
struct orphans {
	struct list list;
	ev_timer check_timer;           /* active while one is being ended */
};

void orphans_init(struct engine *engine, struct orphans *orphans);

extern const struct field_table orphan_state;   /* over an upgrade */

/* NULL: out of memory. */
struct orphan *orphan_add(struct engine *engine, const char *group, const char *service);
void orphan_free(struct orphan *orphan);

/* If an orphan has this address: adds to why which one, and what the operator can do. */
void orphan_explain(const struct engine *engine, const char *service, const struct endpoint *address, struct buf *why);

/* Returns the orphan that has the port of this address; if the address has no port, that of the service. NULL: none.
 * *holder: the process that has it, or the first one; 0: unknown. */
struct orphan *orphan_find(const struct engine *engine, const char *service, const struct endpoint *address, pid_t *holder);
