/* Backends without clients: after idle_timeout superd stops, freezes or reports them, by idle_action. What is here only
 * measures; superd/stop/stop freezes and stops them, and looks once more before.
 *
 * Each service in state RUNNING with an idle_timeout has a struct idle, owned by its run. For TCP superd waits until a
 * connection closes (superd/stop/close_events), and counts connections when none has closed for an idle_timeout. So
 * it never wakes for a service whose clients stay; a service whose clients come and go all the time costs about ten
 * wakeups in an idle_timeout. For unix sockets and UDP the kernel reports nothing, so superd counts four times in an
 * idle_timeout. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "superd/stop/service_clients.h"
#include "superd/instance/runtime.h"

/* Called after each change of the service's state or configuration: begins, continues or ends the measurement. */
void idle_follow(struct service_runtime *runtime);
void idle_forget(struct service_runtime *runtime); /* ends the measuring in any state, and a stop that is only tried */
void idle_take_freeze(struct service_runtime *runtime); /* SETTLED: counts the clients of a stop that is tried */
void idle_go_on(struct service_runtime *runtime); /* measures anew, if such a stop was called off */

/* sleep_under_pressure (superd/stop/memory_pressure). The first: loop time since when no client is connected, as far as
 * superd knows; 0: clients are, or it may not go now. The second: since when superd tries to stop it; 0: it does not.
 * The third counts its clients now, and takes idle_action if there are none, though
 * idle_timeout is not over. */
double idle_unused_since(const struct service_runtime *runtime);
double idle_leaving_since(const struct service_runtime *runtime);
void idle_hurry(struct service_runtime *runtime);

/* The data that superctl reports about a service. */
enum idle_status {
	IDLE_UNKNOWN,                   /* no count was made since the start or since a connection closed */
	IDLE_USED,                      /* the last count found clients, and no connection has closed since */
	IDLE_UNUSED,                    /* the last count found no client, and idle_timeout is not over */
	IDLE_REPORTED,                  /* idle_timeout is over, and superd logged that it would stop the service */
	IDLE_BUSY,                      /* idle_timeout is over, and it works without clients (idle_unless, idle_cpu) */
	IDLE_POSTPONED,                 /* idle_timeout is over, and superd stops too many other services at present */
	IDLE_LETTING_GO,                /* superd tries to stop or to freeze it */
	IDLE_FROZEN,
};

struct idle_account {
	enum idle_status standing;      /* present status */
	double timeout;                 /* seconds of idle_timeout */
	unsigned action;                /* enum idle_action */
	const char *busy;               /* IDLE_BUSY: why; borrowed */
	bool known;                     /* true: connections is known */
	bool quiet_sleep;               /* true: quiet connections keep nothing awake (idle_means = quiet) */
	uint32_t connections;           /* connections at the last count, quiet ones too */
	uint32_t own_connections;       /* clients of ports that the backend has opened itself */
	const char *peers;              /* addresses of some, as text, until the loop continues */
	const struct conn_count *own;   /* one of these ports, until the loop continues; NULL: no client is connected to any */
	double counted;                 /* loop time of the last count; 0: never */
	double since;                   /* loop time since when no client is connected; 0: clients are, or unknown */
};

/* Has the clients counted now, so that the account below is of this moment. false: the service has no idle_timeout now,
 * or out of memory. */
bool idle_ask(struct service_runtime *runtime, struct clients_question *question);

/* By the last count. false: the service has no idle_timeout now. */
bool idle_describe(const struct service_runtime *runtime, struct idle_account *account);

/* Loop time when a client was connected last, as far as superd knows; 0: one is, or unknown. */
double idle_last_used(const struct service_runtime *runtime);

const char *idle_status_word(enum idle_status standing);
