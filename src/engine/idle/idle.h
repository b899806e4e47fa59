/* Backends without clients: after idle_timeout superd stops, freezes or reports them, as idle_action says.
 *
 * Each running service with an idle_timeout has a struct idle, which follows the runtime's state and is freed when
 * that is not RUNNING. For TCP it sleeps until a connection ends (engine/clients/close_events), and counts when none
 * has ended for an idle_timeout. superd does not wake for a service whose clients stay; one whose clients come and go
 * all the time costs some two wakeups in an idle_timeout. For unix sockets and UDP, where the kernel reports
 * nothing, it counts four times in an idle_timeout.
 *
 * No client is cut off: superd freezes the backend, counts its clients once more, with those in the queue, and lets
 * it go only then. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/runtime/runtime.h"
#include "engine/serialize/state_field.h"

/* What is known of a service's idle time while nothing measures it: of a frozen one, and over an upgrade. Owner: struct
 * service_runtime, until the measuring begins again. */
struct idle_saved {
	bool is_there;                  /* the measuring goes on from here: below is how an upgrade found it */
	bool reported;                  /* idle_action = report: it was logged, and nobody has come since */
	double since;                   /* loop time since when no client was connected; 0: clients were */
	double last_closed;             /* loop time when the last connection ended; 0: unknown */
	double wait;                    /* seconds until the next count was due */
	double unused_since;            /* of a frozen one: loop time since when no client was connected; 0: unknown */
};

/* Follows a change of the runtime: begins, goes on under another row, or ends. */
void idle_follow(struct service_runtime *runtime);
void idle_forget(struct service_runtime *runtime); /* ends, whatever the state is */
void idle_free(struct service_runtime *runtime);

/* For an upgrade (engine/upgrade/upgrade): ends, and goes on from there at the next idle_follow. */
void idle_set_aside(struct service_runtime *runtime);
void idle_get_saved(const struct service_runtime *runtime, struct idle_saved *left); /* what idle_follow would go on from */
void idle_load(struct service_runtime *runtime, struct state_section *section);
extern const struct field_table saved_idle;

/* The state of a service, for status. */
enum idle_status {
	IDLE_UNKNOWN,                   /* a connection has ended, or it has begun, and no count was made since */
	IDLE_USED,                      /* the last count found clients, and none is known to have left since */
	IDLE_UNUSED,                    /* the last count found none, idle_timeout is not over, and none has left since */
	IDLE_REPORTED,                  /* the same, and it was logged that it would be stopped */
	IDLE_POSTPONED,                 /* idle_timeout is over, and too many others are being let go */
	IDLE_LETTING_GO,                /* it is being frozen, or its clients counted for the last time */
	IDLE_FROZEN,
};

struct idle_account {
	enum idle_status standing;
	double timeout;                 /* seconds */
	unsigned action;                /* enum idle_action */
	bool known;                     /* connections were counted */
	uint32_t connections;           /* at the last count */
	double counted;                 /* loop time of the last count; 0: never */
	double since;                   /* loop time since when no client is there; 0: clients are there, or unknown */
};

bool idle_describe(const struct service_runtime *runtime, struct idle_account *account); /* false: it has no idle_timeout now */

/* The same, with a new count if that is quick. */
bool idle_describe_now(struct service_runtime *runtime, struct idle_account *account);
const char *idle_status_word(enum idle_status standing);
