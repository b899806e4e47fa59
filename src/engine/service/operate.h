/* What an operator has done with a service, beside what its clients and its table do: a word to the keeper's table of
 * transitions each. What takes its time goes on by itself, whether anybody waits for its end or not. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "engine/service/keeper.h"
#include "engine/service/locks.h"
#include "engine/service/standing.h"

enum deed {
	DEED_START,                     /* accept = no: now, without a client */
	DEED_STOP,                      /* ends its instances; it goes on listening */
	DEED_RESTART,                   /* the same, and what ran is started again */
	DEED_HOLD,                      /* clients queue, nothing is started */
	DEED_RELEASE,
	DEED_DRAIN,                     /* clients queue until the instances of now have ended by themselves */
	DEED_FREEZE, DEED_THAW,
	DEED_ENABLE,
	DEED_DISABLE,                   /* closes its sockets, until it is enabled */
	DEED_EVICT,                     /* ends what a superd that was killed has left at its addresses */
	DEED_REFRESH,                   /* has it read its configuration again (engine/service/refresh) */
	DEEDS
};

/* One thing asked of one service. */
struct operation {
	enum deed deed;
	uid_t uid;                      /* who asks */
	double asked;                   /* loop time */
	uint64_t activations;           /* there were so many then */
	uint64_t killed, parted;        /* the activity's, then */
	bool ran;                       /* and an instance */
};

/* Does what can be done at once. Unless it is under way, says gets what came of it, or why not. Once all that are asked
 * for in this turn have begun, locks_settle is the caller's to call. */
enum standing operate_begin(struct operation *operation, struct keeper *keeper, enum deed deed, uid_t uid,
			    struct buf *says);

/* How far it is, of the same keeper, once something has happened. */
enum standing operate_look(const struct operation *operation, struct keeper *keeper, struct buf *says);

/* For one that is under way: whom it waits for, and until when. */
void operate_add_wait(const struct operation *operation, struct keeper *keeper, struct buf *says);

/* "; this ends with superd: cannot write PATH: REASON", where the next one will not know that it is locked, or is not. */
void operate_add_lasting(const struct keeper *keeper, enum lock_kind kind, struct buf *says);

/* "it does not listen: REASON", or why else a client may not reach it now. false: its sockets are open. */
bool operate_add_unbound(const struct keeper *keeper, struct buf *says);
