/* An operator's orders for a service. Each order becomes events for the state machine of the service. An order that
 * takes time is completed even if nobody waits for it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/service/order_result.h"
#include "superd/service/runtime_event.h"
#include "superd/service/service_reload.h"

#define SIGNALLED_MOST 10               /* pids that an answer names */

enum operator_action {
	OPERATOR_START,                 /* accept = no: starts an instance now, without a client */
	OPERATOR_STOP,                  /* stops its instances; the service continues to listen */
	OPERATOR_RESTART,               /* stops its instances, and starts one again if one ran */
	OPERATOR_HOLD,                  /* clients wait in the accept queue, and no instance is started */
	OPERATOR_RELEASE,
	OPERATOR_DRAIN,                 /* clients wait in the queue until the present instances have ended by themselves */
	OPERATOR_FREEZE, OPERATOR_THAW,
	OPERATOR_ENABLE,
	OPERATOR_DISABLE,               /* closes its sockets, until it is enabled */
	OPERATOR_SIGNAL,                /* sends a signal to the main process of each of its instances */
	OPERATOR_REFRESH,               /* makes the backend read its configuration again (superd/service/service_reload) */
	OPERATOR_SLEEP,                 /* by its idle_action: OPERATOR_FREEZE or OPERATOR_STOP */
	OPERATOR_WAKE,                  /* OPERATOR_THAW if it is frozen, or OPERATOR_START */
	/* Change nothing: complete when the next client would be served, when an instance runs, when none does. */
	OPERATOR_AWAIT_READY, OPERATOR_AWAIT_AWAKE, OPERATOR_AWAIT_ASLEEP,
	OPERATOR_ACTIONS
};

/* An operator's order. */
struct operator_command {
	enum operator_action action;
	uid_t uid;                      /* user who gives the order */
	int signal;                     /* OPERATOR_SIGNAL: its number */
	bool at_boot;                   /* OPERATOR_ENABLE, OPERATOR_DISABLE: also at each start of superd */
};

/* One order for one service. Owner: the caller. */
struct operator_order {
	enum operator_action action;
	uid_t uid;                      /* user who ordered it */
	double asked;                   /* loop time of the order */
	uint64_t activations, failures, killed, parted; /* counts of struct service_stats at that time */
	bool ran;                       /* true: an instance ran at that time */
	uint64_t boot_change;           /* number of its change of the services disabled at boot; 0: it changes none */
	int signal;                     /* OPERATOR_SIGNAL: its number */
	size_t signalled;               /* number of processes that got it */
	pid_t pids[SIGNALLED_MOST];     /* the first of them */
};

/* Begins an order, and does what can be done at once. ORDER_FAILED comes with the reason in why, and some other results
 * of a failure may. The caller calls locks_settle once it has begun all orders of this turn. */
enum order_result operator_begin(struct operator_order *order, struct service_runtime *runtime,
				 const struct operator_command *command, struct buf *why);

/* Returns how far the order is, with why as above. runtime is that of operator_begin. */
enum order_result operator_look(const struct operator_order *order, struct service_runtime *runtime, struct buf *why);

/* Whether the instance that an order has started runs. */
bool operator_has_started(const struct operator_order *order, const struct service_runtime *runtime);

/* An order to start waits for the first failure this long, if the program does not report that it is ready. Returns the
 * seconds after which operator_look has a result although nothing changes; 0: it waits for a change. */
double operator_wait(const struct operator_order *order, const struct service_runtime *runtime);

/* Counts the instances from before the order that it waits for; *one gets one of them. */
unsigned operator_awaited(const struct operator_order *order, struct service_runtime *runtime, struct instance **one);
