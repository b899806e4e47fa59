/* An operator's orders for a service. Each becomes events for the runtime's table of transitions. An order that takes
 * time goes on by itself, whether anybody waits for its end or not. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "engine/service/operator_locks.h"
#include "engine/service/runtime_event.h"
#include "engine/service/service_reload.h"

enum operator_action {
	OPERATOR_START,                 /* accept = no: starts an instance now, without a client */
	OPERATOR_STOP,                  /* ends its instances; it goes on listening */
	OPERATOR_RESTART,               /* the same, and starts it again if it ran */
	OPERATOR_HOLD,                  /* clients queue, and nothing is started */
	OPERATOR_RELEASE,
	OPERATOR_DRAIN,                 /* clients queue until the present instances have ended by themselves */
	OPERATOR_FREEZE, OPERATOR_THAW,
	OPERATOR_ENABLE,
	OPERATOR_DISABLE,               /* closes its sockets, until it is enabled */
	OPERATOR_EVICT,                 /* ends processes that a killed superd has left at its addresses */
	OPERATOR_REFRESH,               /* makes it read its configuration again (engine/service/service_reload) */
	OPERATOR_ACTIONS
};

/* One order for one service. */
struct operator_order {
	enum operator_action action;
	uid_t uid;                      /* user that has given the order */
	double asked;                   /* loop time of the order */
	uint64_t activations, killed, parted;   /* counts of the service (struct service_stats) at that time */
	bool ran;                       /* an instance ran at that time */
};

/* Does what can be done at once. Unless it is under way, says gets the result, or why it failed. The caller calls
 * locks_settle once all orders of this turn have begun. */
enum operator_status operator_begin(struct operator_order *order, struct service_runtime *runtime,
				    enum operator_action action, uid_t uid, struct buf *answer);

/* Returns how far the order is, for the same runtime, after a change. */
enum operator_status operator_look(const struct operator_order *order, struct service_runtime *runtime,
				   struct buf *answer);

/* Adds what an order under way waits for, and until when. */
void operator_add_wait(const struct operator_order *order, struct service_runtime *runtime, struct buf *answer);

/* "; this ends with superd: cannot write PATH: REASON", where the next one will not know that it is locked, or is
 * not. */
void operator_add_lasting(const struct service_runtime *runtime, enum lock_kind kind, struct buf *answer);

/* "it does not listen: REASON", or why else a client may not reach it now. false: its sockets are open. */
bool operator_add_unbound(const struct service_runtime *runtime, struct buf *answer);
