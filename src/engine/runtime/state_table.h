/* THE tables of a service's state: the only place that knows what follows what. A state has three regions, as in a
 * statechart, and each has a table of its own:
 *
 *   admin    what operators and the table of services want of it
 *   sockets  whether its sockets are open
 *   run      what it does with them: it waits, starts, runs, pauses
 *
 * There are two tables for run. A service that hands its sockets to a backend (accept = no) is STARTING, RUNNING, FROZEN
 * or STOPPING; one that accepts itself (accept = yes) never is, as its instances come and go singly, but may be FULL.
 *
 * Cells hold words, not code, so this is pure; engine/service/runtime_event performs the actions. A region without a cell
 * for an event does not hear of it. A cell that does nothing says why. An event that no region hears of is a bug. */
#pragma once

#include <stdbool.h>

enum admin_state {
	ADMIN_ENABLED,
	ADMIN_HELD,                     /* by an operator: it listens, and clients wait in the queue */
	ADMIN_DRAINING,                 /* the same until its instances have ended */
	ADMIN_DISABLED,                 /* by an operator: its sockets are closed, whatever a reload brings */
	ADMIN_REMOVED,                  /* a reload has removed it; its instance may run on with the sockets */
	ADMIN_STATES
};

enum sockets_state {
	SOCKETS_CLOSED,
	SOCKETS_LOST,                   /* some are not open, and will be opened as soon as nothing has the others */
	SOCKETS_OPENING,                /* their commands run, or there is a pause before the next try */
	SOCKETS_OPEN,
	SOCKETS_STATES
};

enum run_state {
	RUN_IDLE,                       /* nothing is under way: clients are waited for, if the other regions are for it */
	RUN_STARTING,                   /* accept = no: an instance was started, and is not ready */
	RUN_RUNNING,                    /* it is */
	RUN_FROZEN,                     /* its processes stand still until a client comes */
	RUN_STOPPING,                   /* the instance is being ended */
	RUN_BACKOFF,                    /* a pause after a failure or a limit */
	RUN_FULL,                       /* accept = yes: as many instances as may be */
	RUN_ENDING,                     /* the sockets are closed, and what still runs is waited for */
	RUN_STATES
};

struct service_state {
	unsigned char admin, sockets, run;      /* enum admin_state ...; all 0: a service that was not wanted yet */
};

enum service_event {
	ENABLE,                         /* the table has it, or an operator wants it now */
	BOUND, BIND_ERROR,              /* all sockets stand; one can't be had, or was lost */
	ACTIVITY,                       /* a listener is readable, or a start without one is due */
	READY,                          /* the instance serves */
	EXEC_ERROR,                     /* it could not be started */
	EXITED, CRASHED,                /* it ended well, or badly, or again and again without taking anything */
	IDLE,                           /* nobody has been connected for idle_timeout */
	TIMER,                          /* the timer of a pause, or a limit of time */
	HOLD, DRAIN, RELEASE,           /* an operator's, or the end of a drain */
	DISABLE,                        /* an operator's */
	REMOVE, RETURN,                 /* a reload's: the table has it no more; it has it again */
	SHUTDOWN,                       /* superd stops, or nothing is left of a removed service that would run on */
	FILLED, ROOM,                   /* accept = yes: at the limit of instances; below it again */
	GONE,                           /* accept = yes: the last instance ended */
	LIMITED,                        /* as many as cps or trigger_limit let in have come, or it is no time to start */
	REPLACED,                       /* it goes on with other sockets, without the instances it had */
	STILLED,                        /* all processes of the instance are frozen, and are to be until it is needed */
	HALT,                           /* the operator wants its instances gone; it goes on listening */
	SERVICE_EVENTS
};

enum action {
	IMPOSSIBLE,                     /* no region hears of the event */
	IGNORE,
	BIND,                           /* open what is not open yet; gives BOUND or BIND_ERROR */
	WATCH,                          /* back to the queue: look at what came in between */
	SPAWN,                          /* start an instance; gives READY or EXEC_ERROR, or later EXITED */
	SERVE,                          /* accept = yes: accept what waits, an instance each */
	NOTE,                           /* it is ready: limits of running begin */
	WAIT,                           /* pause by back-off, then TIMER */
	REST,                           /* pause for as long as the limit says, then TIMER */
	STOP,                           /* end the instance: kill_signal, then TIMER after timeout_stop */
	KILL,                           /* SIGKILL to all of it */
	SLEEP,                          /* it is frozen: watch what else could need it */
	THAW,                           /* its processes go on */
	WITHDRAW,                       /* close the sockets and end the instances */
	CLOSE,                          /* close the sockets; the service is off */
	DISMISS,                        /* end every instance there is, and go on */
	ACTIONS
};

struct service_cell {
	unsigned char next;             /* state of the cell's region */
	unsigned char action;           /* enum action; IMPOSSIBLE: the region does not hear of the event */
	bool if_wanted;                 /* it counts only while clients are waited for (service_is_wanted); else it does nothing */
	bool alone;                     /* sockets: the run region does not hear of the event */
	const char *why;                /* why a cell does nothing */
};

extern const struct service_cell admin_table[ADMIN_STATES][SERVICE_EVENTS];
extern const struct service_cell sockets_table[SOCKETS_STATES][SERVICE_EVENTS];
extern const struct service_cell run_table[2][RUN_STATES][SERVICE_EVENTS];     /* [1]: accept = yes */

struct service_step {
	struct service_state next;
	enum action action;             /* what the one region says that has an action; IMPOSSIBLE: no region heard of it */
};

/* What follows on an event: the regions hear of it in the order above, each of what has become of those before. Sockets
 * that are LOST are OPENING as soon as the service is IDLE. */
struct service_step service_transition(bool accepts, struct service_state state, enum service_event event);

/* The region admin alone hears of the event: for a service that is being made or loaded. */
struct service_state service_ordered(struct service_state state, enum service_event event);

static inline bool service_is_held(struct service_state state)
{
	return state.admin == ADMIN_HELD || state.admin == ADMIN_DRAINING;
}

/* It is enabled and its sockets are open: what a client does counts. */
static inline bool service_is_wanted(struct service_state state)
{
	return state.admin == ADMIN_ENABLED && state.sockets == SOCKETS_OPEN;
}

/* Whether the service wants to hear of clients. A frozen instance has the sockets and serves, if it is held, too. */
static inline bool service_is_watched(struct service_state state)
{
	return state.run == RUN_FROZEN || (state.run == RUN_IDLE && service_is_wanted(state));
}

/* The state in the one word that users read. */
enum state { OFF, BINDING, LISTENING, STARTING, RUNNING, STOPPING, CLOSING, BACKOFF, FROZEN, HELD, FULL, STATES };

enum state state_of(struct service_state state);

/* A state for this word that may rest, with the admin region of `admin`. */
struct service_state state_loaded(enum state state, struct service_state admin);

const char *state_name(enum state state);
const char *admin_state_name(enum admin_state state);
const char *sockets_state_name(enum sockets_state state);
const char *run_state_name(enum run_state state);
const char *service_event_name(enum service_event service_event);
const char *action_name(enum action action);
