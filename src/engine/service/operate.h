/* An operator's orders for a service. Each becomes events for the keeper's table of transitions. An order that takes
 * time goes on by itself, whether anybody waits for its end or not. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "engine/service/keeper.h"
#include "engine/service/locks.h"
#include "engine/service/refresh.h"

enum deed {
	DEED_START,                     /* accept = no: starts an instance now, without a client */
	DEED_STOP,                      /* ends its instances; it goes on listening */
	DEED_RESTART,                   /* the same, and starts it again if it ran */
	DEED_HOLD,                      /* clients queue, and nothing is started */
	DEED_RELEASE,
	DEED_DRAIN,                     /* clients queue until the present instances have ended by themselves */
	DEED_FREEZE, DEED_THAW,
	DEED_ENABLE,
	DEED_DISABLE,                   /* closes its sockets, until it is enabled */
	DEED_EVICT,                     /* ends processes that a killed superd has left at its addresses */
	DEED_REFRESH,                   /* makes it read its configuration again (engine/service/refresh) */
	DEEDS
};

/* One order for one service. */
struct operation {
	enum deed deed;
	uid_t uid;                      /* user that has given the order */
	double asked;                   /* loop time of the order */
	uint64_t activations;           /* activity->activations at that time */
	uint64_t killed, parted;        /* the activity's at that time */
	bool ran;                       /* an instance ran at that time */
};

/* Does what can be done at once. Unless it is under way, says gets the result, or why it failed. The caller calls
 * locks_settle once all orders of this turn have begun. */
enum standing operate_begin(struct operation *operation, struct keeper *keeper, enum deed deed, uid_t uid,
			    struct buf *says);

/* Returns how far the order is, for the same keeper, after a change. */
enum standing operate_look(const struct operation *operation, struct keeper *keeper, struct buf *says);

/* Adds what an order under way waits for, and until when. */
void operate_add_wait(const struct operation *operation, struct keeper *keeper, struct buf *says);

/* "; this ends with superd: cannot write PATH: REASON", where the next one will not know that it is locked, or is
 * not. */
void operate_add_lasting(const struct keeper *keeper, enum lock_kind kind, struct buf *says);

/* "it does not listen: REASON", or why else a client may not reach it now. false: its sockets are open. */
bool operate_add_unbound(const struct keeper *keeper, struct buf *says);
