/* The state tables of a service, as data. A row reads: in this state, on this event, enter that state and do that. */
#include "superd/instance/state_table.h"

#include <assert.h>
#include <stddef.h>

#define TO(state, then) { .next = state, .action = then }
#define IF_WANTED(state, then) { .next = state, .action = then, .if_wanted = true }
#define GO(state) { .next = state, .action = IGNORE, .why = "the other regions decide" }
#define STAY(state, reason) { .next = state, .action = IGNORE, .why = reason }

#define IS_SO "it is so already"
#define RELOAD "only a reload restores what a reload has removed"
#define LOCKS "the lock is undone for the time when it is enabled (superd/service/operator_locks)"
#define PRESENT "the configuration had it all the time"

const struct service_cell admin_table[ADMIN_STATES][SERVICE_EVENTS] = {
	[ADMIN_ENABLED] = {
		[ENABLE] = STAY(ADMIN_ENABLED, IS_SO),          [HOLD] = GO(ADMIN_HELD),
		[DRAIN] = GO(ADMIN_DRAINING),                   [RELEASE] = STAY(ADMIN_ENABLED, IS_SO),
		[DISABLE] = GO(ADMIN_DISABLED),                 [REMOVE] = GO(ADMIN_REMOVED),
		[RETURN] = STAY(ADMIN_ENABLED, PRESENT),
	},
	[ADMIN_HELD] = {
		[ENABLE] = STAY(ADMIN_HELD, "a start and a reload do not release it"),
		[HOLD] = STAY(ADMIN_HELD, IS_SO),
		[DRAIN] = STAY(ADMIN_HELD, "it is held when it has drained, too"),
		[RELEASE] = GO(ADMIN_ENABLED),                  [DISABLE] = GO(ADMIN_DISABLED),
		[REMOVE] = GO(ADMIN_REMOVED),                   [RETURN] = STAY(ADMIN_HELD, PRESENT),
	},
	[ADMIN_DRAINING] = {
		[ENABLE] = STAY(ADMIN_DRAINING, "a start and a reload do not release it"),
		[HOLD] = GO(ADMIN_HELD),                        [DRAIN] = STAY(ADMIN_DRAINING, IS_SO),
		[RELEASE] = GO(ADMIN_ENABLED),                  [DISABLE] = GO(ADMIN_DISABLED),
		[REMOVE] = GO(ADMIN_REMOVED),                   [RETURN] = STAY(ADMIN_DRAINING, PRESENT),
	},
	[ADMIN_DISABLED] = {
		[ENABLE] = GO(ADMIN_ENABLED),
		[HOLD] = STAY(ADMIN_DISABLED, LOCKS),           [DRAIN] = STAY(ADMIN_DISABLED, LOCKS),
		[RELEASE] = STAY(ADMIN_DISABLED, LOCKS),        [DISABLE] = STAY(ADMIN_DISABLED, IS_SO),
		[REMOVE] = GO(ADMIN_REMOVED),                   [RETURN] = STAY(ADMIN_DISABLED, PRESENT),
	},
	[ADMIN_REMOVED] = {
		[ENABLE] = STAY(ADMIN_REMOVED, RELOAD),         [HOLD] = STAY(ADMIN_REMOVED, RELOAD),
		[DRAIN] = STAY(ADMIN_REMOVED, RELOAD),          [RELEASE] = STAY(ADMIN_REMOVED, RELOAD),
		[DISABLE] = STAY(ADMIN_REMOVED, RELOAD),        [REMOVE] = STAY(ADMIN_REMOVED, IS_SO),
		[RETURN] = GO(ADMIN_ENABLED),
	},
};

#define CLOSED_ALREADY \
	{ .next = SOCKETS_CLOSED, .action = IGNORE, .alone = true, .why = "it is off, or on its way there" }
#define FOR_SOCKETS(state, then) { .next = state, .action = then, .alone = true }

const struct service_cell sockets_table[SOCKETS_STATES][SERVICE_EVENTS] = {
	[SOCKETS_CLOSED] = {
		[ENABLE] = GO(SOCKETS_LOST),
		[DISABLE] = CLOSED_ALREADY,                     [SHUTDOWN] = CLOSED_ALREADY,
		[REPLACED] = STAY(SOCKETS_CLOSED, "ENABLE follows, if they must be open"),
	},
	[SOCKETS_LOST] = {
		[ENABLE] = STAY(SOCKETS_LOST, "they are opened once nothing has them"),
		[BIND_ERROR] = STAY(SOCKETS_LOST, IS_SO),
		[DISABLE] = GO(SOCKETS_CLOSED),                 [SHUTDOWN] = GO(SOCKETS_CLOSED),
		[REPLACED] = GO(SOCKETS_OPEN),
	},
	[SOCKETS_OPENING] = {
		[ENABLE] = FOR_SOCKETS(SOCKETS_OPENING, BIND),  [TIMER] = FOR_SOCKETS(SOCKETS_OPENING, BIND),
		[BOUND] = TO(SOCKETS_OPEN, WATCH),              [BIND_ERROR] = FOR_SOCKETS(SOCKETS_OPENING, WAIT),
		[DISABLE] = GO(SOCKETS_CLOSED),                 [SHUTDOWN] = GO(SOCKETS_CLOSED),
		[REPLACED] = GO(SOCKETS_OPEN),
	},
	[SOCKETS_OPEN] = {
		[ENABLE] = STAY(SOCKETS_OPEN, IS_SO),           [BIND_ERROR] = GO(SOCKETS_LOST),
		[DISABLE] = GO(SOCKETS_CLOSED),                 [SHUTDOWN] = GO(SOCKETS_CLOSED),
		[REPLACED] = STAY(SOCKETS_OPEN, "the others are open, or BIND_ERROR follows"),
	},
};

#define SERVES "an instance has the sockets, and keeps them"
#define LATER "looked at when the instance has ended"
#define NOT_TAKEN "no client is accepted now anyway"
#define COUNTED "counted by others; the last one's GONE and ROOM are heard"
#define WATCHED "the region admin decides about the watch"
#define HELD_NOW(state) [HOLD] = STAY(state, WATCHED), [DRAIN] = STAY(state, WATCHED)
#define HELD_BY(state) [HOLD] = GO(state), [DRAIN] = GO(state)
#define ENDS(state, then) [DISABLE] = TO(state, then), [SHUTDOWN] = TO(state, then)

const struct service_cell run_table[2][RUN_STATES][SERVICE_EVENTS] = { {
	[RUN_IDLE] = {
		[ENABLE] = IF_WANTED(RUN_IDLE, WATCH),          [ACTIVITY] = IF_WANTED(RUN_STARTING, SPAWN),
		[FILLED] = { .next = RUN_QUEUED, .action = IGNORE, .if_wanted = true,
			.why = "it starts when it is its turn" },
		[BIND_ERROR] = STAY(RUN_IDLE, "the sockets are opened again"),
		[READY] = IF_WANTED(RUN_RUNNING, NOTE),
		[CRASHED] = IF_WANTED(RUN_BACKOFF, WAIT),        /* the last instance has accepted no client */
		[TIMER] = IF_WANTED(RUN_IDLE, WATCH),            /* the pause of `restart` is over */
		HELD_NOW(RUN_IDLE),                             [RELEASE] = IF_WANTED(RUN_IDLE, WATCH),
		ENDS(RUN_IDLE, CLOSE),
		[REPLACED] = STAY(RUN_IDLE, IS_SO),
		[HALT] = TO(RUN_IDLE, DISMISS),                  /* a removal has left instances running */
	},
	[RUN_QUEUED] = {
		[ROOM] = IF_WANTED(RUN_STARTING, SPAWN),        [FILLED] = STAY(RUN_QUEUED, IS_SO),
		[ENABLE] = STAY(RUN_QUEUED, "it keeps its place in line"),
		[TIMER] = STAY(RUN_QUEUED, "its pause is over while it waits for its turn"),
		[BIND_ERROR] = GO(RUN_IDLE),                    HELD_BY(RUN_IDLE),
		[RELEASE] = STAY(RUN_QUEUED, WATCHED),
		ENDS(RUN_IDLE, CLOSE),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_IDLE, DISMISS),
	},
	[RUN_STARTING] = {
		[READY] = TO(RUN_RUNNING, NOTE),                [EXEC_ERROR] = TO(RUN_BACKOFF, WAIT),
		[EXITED] = TO(RUN_IDLE, WATCH),                 [CRASHED] = TO(RUN_BACKOFF, WAIT),
		[TIMER] = TO(RUN_STOPPING, STOP),               [LIMITED] = TO(RUN_BACKOFF, REST),
		[UNNEEDED] = STAY(RUN_STARTING, "it has not served yet"),
		[ENABLE] = STAY(RUN_STARTING, IS_SO),           [BIND_ERROR] = STAY(RUN_STARTING, LATER),
		HELD_NOW(RUN_STARTING),                         [RELEASE] = STAY(RUN_STARTING, WATCHED),
		ENDS(RUN_ENDING, WITHDRAW),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_STOPPING, STOP),
	},
	[RUN_RUNNING] = {
		[READY] = STAY(RUN_RUNNING, IS_SO),             [UNNEEDED] = TO(RUN_STOPPING, STOP),
		[EXITED] = TO(RUN_IDLE, WATCH),                 [CRASHED] = TO(RUN_BACKOFF, WAIT),
		[TIMER] = TO(RUN_STOPPING, STOP),               [STILLED] = TO(RUN_FROZEN, SLEEP),
		[ENABLE] = STAY(RUN_RUNNING, IS_SO),            [BIND_ERROR] = STAY(RUN_RUNNING, LATER),
		HELD_NOW(RUN_RUNNING),                          [RELEASE] = STAY(RUN_RUNNING, SERVES),
		ENDS(RUN_ENDING, WITHDRAW),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_STOPPING, STOP),
	},
	[RUN_FROZEN] = {
		[ACTIVITY] = TO(RUN_RUNNING, THAW),             [ENABLE] = TO(RUN_RUNNING, THAW),
		[EXITED] = TO(RUN_IDLE, WATCH),                 [CRASHED] = TO(RUN_BACKOFF, WAIT),
		[TIMER] = TO(RUN_STOPPING, STOP),
		[READY] = STAY(RUN_FROZEN, "it was sent before it was frozen"),
		[UNNEEDED] = STAY(RUN_FROZEN, "it sleeps"),     [STILLED] = STAY(RUN_FROZEN, IS_SO),
		[BIND_ERROR] = STAY(RUN_FROZEN, LATER),
		HELD_NOW(RUN_FROZEN),                           [RELEASE] = STAY(RUN_FROZEN, SERVES),
		ENDS(RUN_ENDING, WITHDRAW),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_STOPPING, STOP),
	},
	[RUN_STOPPING] = {
		[READY] = STAY(RUN_STOPPING, "it was sent before the stop was heard of"),
		[UNNEEDED] = STAY(RUN_STOPPING, IS_SO),
		[EXITED] = TO(RUN_IDLE, WATCH),                 [CRASHED] = TO(RUN_BACKOFF, WAIT),
		[TIMER] = TO(RUN_STOPPING, KILL),
		[ENABLE] = STAY(RUN_STOPPING, LATER),           [BIND_ERROR] = STAY(RUN_STOPPING, LATER),
		HELD_NOW(RUN_STOPPING),                         [RELEASE] = STAY(RUN_STOPPING, LATER),
		ENDS(RUN_ENDING, WITHDRAW),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_STOPPING, DISMISS),
	},
	[RUN_BACKOFF] = {
		[TIMER] = TO(RUN_IDLE, WATCH),                  [ENABLE] = TO(RUN_IDLE, WATCH),
		[BIND_ERROR] = GO(RUN_IDLE),                    HELD_BY(RUN_IDLE),
		[RELEASE] = STAY(RUN_BACKOFF, "the pause is another matter"),
		ENDS(RUN_IDLE, CLOSE),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_BACKOFF, DISMISS),
	},
	[RUN_ENDING] = {
		[READY] = STAY(RUN_ENDING, "it was sent before the stop was heard of"),
		[UNNEEDED] = STAY(RUN_ENDING, IS_SO),
		[EXITED] = TO(RUN_IDLE, CLOSE),                 [CRASHED] = TO(RUN_IDLE, CLOSE),
		[TIMER] = TO(RUN_ENDING, KILL),
		[ENABLE] = GO(RUN_STOPPING),                     /* the old instance ends first */
		HELD_NOW(RUN_ENDING),                           [RELEASE] = STAY(RUN_ENDING, WATCHED),
		[REPLACED] = GO(RUN_IDLE),                       /* an operator had disabled it */
		[HALT] = TO(RUN_ENDING, DISMISS),
	},
}, {
	[RUN_IDLE] = {
		[ENABLE] = IF_WANTED(RUN_IDLE, WATCH),          [ACTIVITY] = IF_WANTED(RUN_IDLE, SERVE),
		[BIND_ERROR] = STAY(RUN_IDLE, "the sockets are opened again"),
		[EXEC_ERROR] = IF_WANTED(RUN_BACKOFF, WAIT),    [LIMITED] = IF_WANTED(RUN_BACKOFF, REST),
		[EXITED] = STAY(RUN_IDLE, COUNTED),             [CRASHED] = STAY(RUN_IDLE, COUNTED),
		[FILLED] = { .next = RUN_FULL, .action = IGNORE, .if_wanted = true,
			.why = "the others wait in the queue" },
		[ROOM] = STAY(RUN_IDLE, IS_SO),                 [GONE] = STAY(RUN_IDLE, "the next client starts one"),
		[TIMER] = IF_WANTED(RUN_IDLE, WATCH),            /* more clients are parked than one batch accepts */
		HELD_NOW(RUN_IDLE),                             [RELEASE] = IF_WANTED(RUN_IDLE, WATCH),
		ENDS(RUN_ENDING, WITHDRAW),
		[REPLACED] = STAY(RUN_IDLE, IS_SO),             [HALT] = TO(RUN_IDLE, DISMISS),
	},
	[RUN_FULL] = {
		[ROOM] = TO(RUN_IDLE, WATCH),                   [FILLED] = STAY(RUN_FULL, IS_SO),
		[EXITED] = STAY(RUN_FULL, COUNTED),             [CRASHED] = STAY(RUN_FULL, COUNTED),
		[GONE] = STAY(RUN_FULL, COUNTED),
		[EXEC_ERROR] = TO(RUN_BACKOFF, WAIT),           [LIMITED] = TO(RUN_BACKOFF, REST),
		[BIND_ERROR] = GO(RUN_IDLE),                    HELD_BY(RUN_IDLE),
		[ENABLE] = STAY(RUN_FULL, "the code that raises the limit sends ROOM"),
		[TIMER] = STAY(RUN_FULL, "it was set for the next turn, while there was room"),
		[RELEASE] = STAY(RUN_FULL, WATCHED),
		ENDS(RUN_ENDING, WITHDRAW),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_FULL, DISMISS),
	},
	[RUN_BACKOFF] = {
		[TIMER] = TO(RUN_IDLE, WATCH),                  [ENABLE] = TO(RUN_IDLE, WATCH),
		[EXITED] = STAY(RUN_BACKOFF, COUNTED),          [CRASHED] = STAY(RUN_BACKOFF, COUNTED),
		[FILLED] = STAY(RUN_BACKOFF, "WATCH looks at the limit"),
		[ROOM] = STAY(RUN_BACKOFF, "WATCH looks at the limit"),
		[GONE] = STAY(RUN_BACKOFF, COUNTED),
		[EXEC_ERROR] = STAY(RUN_BACKOFF, NOT_TAKEN),    [LIMITED] = STAY(RUN_BACKOFF, NOT_TAKEN),
		[BIND_ERROR] = GO(RUN_IDLE),                    HELD_BY(RUN_IDLE),
		[RELEASE] = STAY(RUN_BACKOFF, "the pause is another matter"),
		ENDS(RUN_ENDING, WITHDRAW),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_BACKOFF, DISMISS),
	},
	[RUN_ENDING] = {
		[EXITED] = STAY(RUN_ENDING, COUNTED),           [CRASHED] = STAY(RUN_ENDING, COUNTED),
		[FILLED] = STAY(RUN_ENDING, NOT_TAKEN),         [ROOM] = STAY(RUN_ENDING, NOT_TAKEN),
		[EXEC_ERROR] = STAY(RUN_ENDING, NOT_TAKEN),     [LIMITED] = STAY(RUN_ENDING, NOT_TAKEN),
		[GONE] = TO(RUN_IDLE, CLOSE),                   [TIMER] = TO(RUN_ENDING, KILL),
		[ENABLE] = GO(RUN_IDLE),                         /* its old instances run on beside it */
		HELD_NOW(RUN_ENDING),                           [RELEASE] = STAY(RUN_ENDING, WATCHED),
		[REPLACED] = GO(RUN_IDLE),                      [HALT] = TO(RUN_ENDING, DISMISS),
	},
} };

struct service_state service_ordered(struct service_state state, enum service_event event)
{
	const struct service_cell *cell = &admin_table[state.admin][event];

	if (cell->action != IMPOSSIBLE)
		state.admin = cell->next;
	return state;
}

/* Applies a cell of one region to the step. The first region with an action decides what is done. */
static void apply_cell(struct service_step *step, const struct service_cell *cell, unsigned char *region)
{
	if (cell->action == IMPOSSIBLE)
		return;
	if (step->action <= IGNORE)
		step->action = (enum action)cell->action;
	*region = cell->next;
}

struct service_step service_transition(bool accepts, struct service_state state, enum service_event event)
{
	struct service_step step = { .next = state, .action = IMPOSSIBLE };
	const struct service_cell *sockets = &sockets_table[state.sockets][event];
	const struct service_cell *run = &run_table[accepts][state.run][event];

	apply_cell(&step, &admin_table[state.admin][event], &step.next.admin);
	apply_cell(&step, sockets, &step.next.sockets);
	if (run->if_wanted && !service_is_wanted(step.next))
		step.action = step.action == IMPOSSIBLE ? IGNORE : step.action;
	else if (!sockets->alone)
		apply_cell(&step, run, &step.next.run);
	if (step.next.sockets == SOCKETS_LOST && step.next.run == RUN_IDLE) {
		step.next.sockets = SOCKETS_OPENING;
		step.action = BIND;
	}
	return step;
}

enum state state_of(struct service_state state)
{
	static const unsigned char by_run[RUN_STATES] = {
		[RUN_QUEUED] = QUEUED, [RUN_STARTING] = STARTING, [RUN_RUNNING] = RUNNING, [RUN_FROZEN] = FROZEN,
		[RUN_STOPPING] = STOPPING,
		[RUN_BACKOFF] = BACKOFF, [RUN_FULL] = FULL, [RUN_ENDING] = CLOSING,
	};

	if (state.run != RUN_IDLE)
		return (enum state)by_run[state.run];
	if (state.sockets == SOCKETS_CLOSED)
		return OFF;
	if (state.sockets != SOCKETS_OPEN)
		return BINDING;
	return service_is_held(state) ? HELD : LISTENING;
}

struct service_state state_loaded(enum state state, struct service_state admin)
{
	static const struct service_state by_word[STATES] = {
		[OFF] = { .sockets = SOCKETS_CLOSED, .run = RUN_IDLE },
		[BINDING] = { .sockets = SOCKETS_OPENING, .run = RUN_IDLE },
		[LISTENING] = { .sockets = SOCKETS_OPEN, .run = RUN_IDLE },
		[STARTING] = { .sockets = SOCKETS_OPEN, .run = RUN_STARTING },
		[RUNNING] = { .sockets = SOCKETS_OPEN, .run = RUN_RUNNING },
		[STOPPING] = { .sockets = SOCKETS_OPEN, .run = RUN_STOPPING },
		[CLOSING] = { .sockets = SOCKETS_CLOSED, .run = RUN_ENDING },
		[BACKOFF] = { .sockets = SOCKETS_OPEN, .run = RUN_BACKOFF },
		[FROZEN] = { .sockets = SOCKETS_OPEN, .run = RUN_FROZEN },
		[HELD] = { .sockets = SOCKETS_OPEN, .run = RUN_IDLE },
		[FULL] = { .sockets = SOCKETS_OPEN, .run = RUN_FULL },
		[QUEUED] = { .sockets = SOCKETS_OPEN, .run = RUN_QUEUED },
	};
	struct service_state resumed = by_word[state];

	resumed.admin = admin.admin;
	return resumed;
}

static const char *const state_names[] = {
	"off",	   "binding", "listening", "starting", "running", "stopping",
	"closing", "backoff", "frozen",	   "held",     "full",     "queued",
};
static_assert(sizeof(state_names) / sizeof(*state_names) == STATES, "every state has a name");

static const char *const service_event_names[] = {
	"enable", "bound", "bind_error", "activity", "ready", "exec_error", "exited", "crashed", "unneeded", "timer",
	"hold", "drain", "release", "disable", "remove", "return", "shutdown", "filled", "room", "gone", "limited",
	"replaced", "stilled", "halt",
};
static_assert(sizeof(service_event_names) / sizeof(*service_event_names) == SERVICE_EVENTS,
	      "every event has a name");

static const char *const action_names[] = {
	"impossible", "ignore", "bind", "watch", "spawn",    "serve", "note",
	"wait",	      "rest",	"stop", "kill",	"sleep", "thaw", "withdraw", "close", "dismiss",
};
static_assert(sizeof(action_names) / sizeof(*action_names) == ACTIONS, "every action has a name");

const char *state_name(enum state state)
{
	return state_names[state];
}

const char *service_event_name(enum service_event service_event)
{
	return service_event_names[service_event];
}

const char *action_name(enum action action)
{
	return action_names[action];
}
