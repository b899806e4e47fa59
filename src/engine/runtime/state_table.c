/* The two tables of transitions, as data. Read a row as: in this state, when this happens, go there and do that.
 *
 * Some events arrive late. The runtime remembers a HOLD that comes while an instance runs, and repeats it once the
 * state is LISTENING. An instance that is being stopped may still report READY. A service that comes back into the
 * table while it is CLOSING lets its old instance end first. */
#include "engine/runtime/state_table.h"

#include <assert.h>
#include <stddef.h>

#define TO(state, action) { state, action }

const struct step handing_over[STATES][SERVICE_EVENTS] = {
	[OFF] = {
		[ENABLE] = TO(BINDING, BIND),           [DISABLE] = TO(OFF, IGNORE),
		[HOLD] = TO(OFF, IGNORE),               [RELEASE] = TO(OFF, IGNORE),
		[HALT] = TO(OFF, DISMISS),               /* instances that a removal let run on */
	},
	[BINDING] = {
		[BOUND] = TO(LISTENING, WATCH),         [BIND_ERROR] = TO(BINDING, WAIT),
		[TIMER] = TO(BINDING, BIND),            [ENABLE] = TO(BINDING, BIND),
		[HOLD] = TO(BINDING, IGNORE),           [RELEASE] = TO(BINDING, IGNORE),
		[DISABLE] = TO(OFF, CLOSE),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(BINDING, DISMISS),
	},
	[LISTENING] = {
		[ACTIVITY] = TO(STARTING, SPAWN),       [BIND_ERROR] = TO(BINDING, BIND),
		[READY] = TO(RUNNING, NOTE),            [ENABLE] = TO(LISTENING, WATCH),
		[CRASHED] = TO(BACKOFF, WAIT),          /* the last instance has taken no client */
		[TIMER] = TO(LISTENING, WATCH),         /* the pause of restart is over */
		[HOLD] = TO(HELD, IGNORE),              [RELEASE] = TO(LISTENING, IGNORE),
		[DISABLE] = TO(OFF, CLOSE),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(LISTENING, DISMISS),
	},
	[STARTING] = {
		[READY] = TO(RUNNING, NOTE),            [EXEC_ERROR] = TO(BACKOFF, WAIT),
		[EXITED] = TO(LISTENING, WATCH),        [CRASHED] = TO(BACKOFF, WAIT),
		[TIMER] = TO(STOPPING, STOP),           [IDLE] = TO(STARTING, IGNORE),
		[LIMITED] = TO(BACKOFF, REST),
		[ENABLE] = TO(STARTING, IGNORE),        [BIND_ERROR] = TO(STARTING, IGNORE),
		[HOLD] = TO(STARTING, IGNORE),          [RELEASE] = TO(STARTING, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(STOPPING, STOP),
	},
	[RUNNING] = {
		[READY] = TO(RUNNING, IGNORE),          [IDLE] = TO(STOPPING, STOP),
		[EXITED] = TO(LISTENING, WATCH),        [CRASHED] = TO(BACKOFF, WAIT),
		[TIMER] = TO(STOPPING, STOP),           [BIND_ERROR] = TO(RUNNING, IGNORE),
		[ENABLE] = TO(RUNNING, IGNORE),
		[HOLD] = TO(RUNNING, IGNORE),           [RELEASE] = TO(RUNNING, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[STILLED] = TO(FROZEN, SLEEP),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(STOPPING, STOP),
	},
	[STOPPING] = {
		[READY] = TO(STOPPING, IGNORE),         [IDLE] = TO(STOPPING, IGNORE),
		[EXITED] = TO(LISTENING, WATCH),        [CRASHED] = TO(BACKOFF, WAIT),
		[TIMER] = TO(STOPPING, KILL),           [BIND_ERROR] = TO(STOPPING, IGNORE),
		[ENABLE] = TO(STOPPING, IGNORE),
		[HOLD] = TO(STOPPING, IGNORE),          [RELEASE] = TO(STOPPING, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(STOPPING, DISMISS),
	},
	[CLOSING] = {
		[READY] = TO(CLOSING, IGNORE),          [IDLE] = TO(CLOSING, IGNORE),
		[EXITED] = TO(OFF, CLOSE),              [CRASHED] = TO(OFF, CLOSE),
		[TIMER] = TO(CLOSING, KILL),            [ENABLE] = TO(STOPPING, IGNORE),
		[HOLD] = TO(CLOSING, IGNORE),           [RELEASE] = TO(CLOSING, IGNORE),
		[DISABLE] = TO(CLOSING, IGNORE),
		[HALT] = TO(CLOSING, DISMISS),
		[REPLACED] = TO(OFF, IGNORE),            /* the operator had disabled it */
	},
	[BACKOFF] = {
		[TIMER] = TO(LISTENING, WATCH),         [ENABLE] = TO(LISTENING, WATCH),
		[BIND_ERROR] = TO(BINDING, BIND),
		[HOLD] = TO(HELD, IGNORE),              [RELEASE] = TO(BACKOFF, IGNORE),
		[DISABLE] = TO(OFF, CLOSE),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(BACKOFF, DISMISS),
	},
	[FROZEN] = {
		[ACTIVITY] = TO(RUNNING, THAW),         [IDLE] = TO(FROZEN, IGNORE),
		[EXITED] = TO(LISTENING, WATCH),        [CRASHED] = TO(BACKOFF, WAIT),
		[TIMER] = TO(STOPPING, STOP),           [READY] = TO(FROZEN, IGNORE),
		[ENABLE] = TO(RUNNING, THAW),           [BIND_ERROR] = TO(FROZEN, IGNORE),
		[HOLD] = TO(FROZEN, IGNORE),            [RELEASE] = TO(FROZEN, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[STILLED] = TO(FROZEN, IGNORE),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(STOPPING, STOP),
	},
	[HELD] = {
		[RELEASE] = TO(LISTENING, WATCH),       [HOLD] = TO(HELD, IGNORE),
		[ENABLE] = TO(HELD, IGNORE),            [BIND_ERROR] = TO(BINDING, BIND),
		[TIMER] = TO(HELD, IGNORE),             /* the pause before it was held */
		[DISABLE] = TO(OFF, CLOSE),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(HELD, DISMISS),
	},
};

const struct step accepting[STATES][SERVICE_EVENTS] = {
	[OFF] = {
		[ENABLE] = TO(BINDING, BIND),           [DISABLE] = TO(OFF, IGNORE),
		[HOLD] = TO(OFF, IGNORE),               [RELEASE] = TO(OFF, IGNORE),
		[HALT] = TO(OFF, DISMISS),
	},
	[BINDING] = {
		[BOUND] = TO(LISTENING, WATCH),         [BIND_ERROR] = TO(BINDING, WAIT),
		[TIMER] = TO(BINDING, BIND),            [ENABLE] = TO(BINDING, BIND),
		[EXITED] = TO(BINDING, IGNORE),         [CRASHED] = TO(BINDING, IGNORE),
		[FILLED] = TO(BINDING, IGNORE),         [ROOM] = TO(BINDING, IGNORE),
		[GONE] = TO(BINDING, IGNORE),           [EXEC_ERROR] = TO(BINDING, IGNORE),
		[LIMITED] = TO(BINDING, IGNORE),
		[HOLD] = TO(BINDING, IGNORE),           [RELEASE] = TO(BINDING, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(BINDING, DISMISS),
	},
	[LISTENING] = {
		[ACTIVITY] = TO(LISTENING, SERVE),      [EXEC_ERROR] = TO(BACKOFF, WAIT),
		[LIMITED] = TO(BACKOFF, REST),
		[EXITED] = TO(LISTENING, IGNORE),       [CRASHED] = TO(LISTENING, IGNORE),
		[FILLED] = TO(FULL, IGNORE),            [ROOM] = TO(LISTENING, IGNORE),
		[GONE] = TO(LISTENING, IGNORE),         [BIND_ERROR] = TO(BINDING, BIND),
		[ENABLE] = TO(LISTENING, WATCH),
		[TIMER] = TO(LISTENING, WATCH),         /* more are parked than one turn takes */
		[HOLD] = TO(HELD, IGNORE),              [RELEASE] = TO(LISTENING, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(LISTENING, DISMISS),
	},
	[FULL] = {
		[ROOM] = TO(LISTENING, WATCH),          [FILLED] = TO(FULL, IGNORE),
		[EXITED] = TO(FULL, IGNORE),            [CRASHED] = TO(FULL, IGNORE),
		[GONE] = TO(FULL, IGNORE),              [EXEC_ERROR] = TO(BACKOFF, WAIT),
		[LIMITED] = TO(BACKOFF, REST),
		[BIND_ERROR] = TO(BINDING, BIND),       [ENABLE] = TO(FULL, IGNORE),
		[TIMER] = TO(FULL, IGNORE),             /* set while it was LISTENING, for the next turn */
		[HOLD] = TO(HELD, IGNORE),              [RELEASE] = TO(FULL, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(FULL, DISMISS),
	},
	[BACKOFF] = {
		[TIMER] = TO(LISTENING, WATCH),         [ENABLE] = TO(LISTENING, WATCH),
		[EXITED] = TO(BACKOFF, IGNORE),         [CRASHED] = TO(BACKOFF, IGNORE),
		[FILLED] = TO(BACKOFF, IGNORE),         [ROOM] = TO(BACKOFF, IGNORE),
		[GONE] = TO(BACKOFF, IGNORE),           [EXEC_ERROR] = TO(BACKOFF, IGNORE),
		[LIMITED] = TO(BACKOFF, IGNORE),
		[BIND_ERROR] = TO(BINDING, BIND),
		[HOLD] = TO(HELD, IGNORE),              [RELEASE] = TO(BACKOFF, IGNORE),
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(BACKOFF, DISMISS),
	},
	[HELD] = {
		[RELEASE] = TO(LISTENING, WATCH),       [HOLD] = TO(HELD, IGNORE),
		[EXITED] = TO(HELD, IGNORE),            [CRASHED] = TO(HELD, IGNORE),
		[FILLED] = TO(HELD, IGNORE),            [ROOM] = TO(HELD, IGNORE),
		[GONE] = TO(HELD, IGNORE),              [EXEC_ERROR] = TO(HELD, IGNORE),
		[LIMITED] = TO(HELD, IGNORE),
		[ENABLE] = TO(HELD, IGNORE),            [BIND_ERROR] = TO(BINDING, BIND),
		[TIMER] = TO(HELD, IGNORE),             /* the pause before it was held */
		[DISABLE] = TO(CLOSING, WITHDRAW),
		[REPLACED] = TO(LISTENING, IGNORE),
		[HALT] = TO(HELD, DISMISS),
	},
	[CLOSING] = {
		[EXITED] = TO(CLOSING, IGNORE),         [CRASHED] = TO(CLOSING, IGNORE),
		[FILLED] = TO(CLOSING, IGNORE),         [ROOM] = TO(CLOSING, IGNORE),
		[GONE] = TO(OFF, CLOSE),                [TIMER] = TO(CLOSING, KILL),
		[ENABLE] = TO(BINDING, BIND),           [EXEC_ERROR] = TO(CLOSING, IGNORE),
		[LIMITED] = TO(CLOSING, IGNORE),
		[HOLD] = TO(CLOSING, IGNORE),           [RELEASE] = TO(CLOSING, IGNORE),
		[DISABLE] = TO(CLOSING, IGNORE),
		[HALT] = TO(CLOSING, DISMISS),
		[REPLACED] = TO(OFF, IGNORE),
	},
};

bool state_is_watching(enum state state)
{
	return state == LISTENING || state == FROZEN;
}

static const char *const state_names[] = {
	"off",	   "binding", "listening", "starting", "running", "stopping",
	"closing", "backoff", "frozen",	   "held",     "full",
};
static_assert(sizeof(state_names) / sizeof(*state_names) == STATES, "every state has a name");

static const char *const service_event_names[] = {
	"enable", "bound", "bind_error", "activity", "ready", "exec_error", "exited", "crashed", "idle", "timer",
	"hold", "release", "disable", "filled", "room", "gone", "limited", "replaced",
	"stilled", "halt",
};
static_assert(sizeof(service_event_names) / sizeof(*service_event_names) == SERVICE_EVENTS,
	"every happening has a name");

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
