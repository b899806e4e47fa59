/* The tables of a service's state machine. No other code decides which state follows which. A state has three regions,
 * as in a statechart (Harel 1987; UML: orthogonal regions), and each region has a table of its own:
 *
 *   admin    what operators and the configuration want
 *   sockets  whether its sockets are open
 *   run      whether it waits, starts, runs or pauses
 *
 * There are two tables for run. A service that hands its sockets to a backend (accept = no) is QUEUED, STARTING,
 * RUNNING, FROZEN or STOPPING. One that accepts itself (accept = yes) never is, because each client has an instance; it
 * may be FULL.
 *
 * Cells hold words, not code, so this file has no side effects; superd/service/runtime_event performs the actions. A
 * region without a cell for an event ignores it. A cell that does nothing says why. An event that no region handles is
 * a bug. */
#pragma once

#include <stdbool.h>

enum admin_state {
	ADMIN_ENABLED,
	ADMIN_HELD,                     /* held by an operator: it listens, and clients wait in the accept queue */
	ADMIN_DRAINING,                 /* the same, until its instances have ended */
	ADMIN_DISABLED,                 /* disabled by an operator: its sockets stay closed, also over a reload */
	ADMIN_REMOVED,                  /* removed by a reload; its instance may run on with the sockets */
	ADMIN_STATES
};

enum sockets_state {
	SOCKETS_CLOSED,
	SOCKETS_LOST,                   /* not all are open; superd opens the rest as soon as no instance has the others */
	SOCKETS_OPENING,                /* commands around the sockets run, or a pause before the next try */
	SOCKETS_OPEN,
	SOCKETS_STATES
};

enum run_state {
	RUN_IDLE,                       /* waits for clients, if the other regions allow it */
	RUN_QUEUED,                     /* accept = no: it waits in line, as enough other starts are under way */
	RUN_STARTING,                   /* accept = no: an instance was started, and is not ready yet */
	RUN_RUNNING,                    /* accept = no: the instance is ready */
	RUN_FROZEN,                     /* accept = no: the instance is frozen until a client comes */
	RUN_STOPPING,                   /* accept = no: the instance is being stopped */
	RUN_BACKOFF,                    /* a pause after a failure or a limit */
	RUN_FULL,                       /* accept = yes: the limit `instances` is reached */
	RUN_ENDING,                     /* the sockets are closed; instances that must end have not ended yet */
	RUN_STATES
};

struct service_state {
	unsigned char admin, sockets, run;      /* enum admin_state, sockets_state, run_state; all 0: not enabled yet */
};

enum service_event {
	ENABLE,                         /* a table has the service, or an operator starts or enables it */
	BOUND, BIND_ERROR,              /* all sockets are open; one cannot be opened, or was lost */
	ACTIVITY,                       /* a listener is readable, or a start without one is due */
	READY,                          /* the instance is ready to serve */
	EXEC_ERROR,                     /* the instance could not be started */
	EXITED, CRASHED,                /* the instance ended well; it failed, or ended repeatedly without accepting a client */
	UNNEEDED,                       /* the instance ends as soon as its clients can do without it (run->stop_reason) */
	TIMER,                          /* the timer of a pause or of a time limit has expired */
	HOLD, DRAIN, RELEASE,           /* an operator holds, drains, releases; RELEASE also at the end of a drain */
	DISABLE,                        /* an operator disables the service */
	REMOVE, RETURN,                 /* a reload has removed the service; a reload has it again */
	SHUTDOWN,                       /* superd stops, or a removed service has nothing left that would run on */
	FILLED, ROOM,                   /* accept = yes: the limit of instances is reached; an instance has ended since.
	                                 * accept = no: the same of starts (max_starting) */
	GONE,                           /* accept = yes: the last instance has ended */
	LIMITED,                        /* cps or trigger_limit is reached, or no start is allowed at this time */
	REPLACED,                       /* the service has new sockets, without the instances it had */
	STILLED,                        /* all processes of the instance are frozen */
	HALT,                           /* an operator stops its instances; it continues to listen */
	SERVICE_EVENTS
};

enum action {
	IMPOSSIBLE,                     /* no region handles the event */
	IGNORE,
	BIND,                           /* open closed sockets; BOUND or BIND_ERROR follows */
	WATCH,                          /* watch the listeners again; clients that came in the meantime start it at once */
	SPAWN,                          /* start an instance; READY or EXEC_ERROR follows, or later EXITED */
	SERVE,                          /* accept = yes: accept waiting clients, and start an instance for each */
	NOTE,                           /* the instance is ready: its time limits begin */
	WAIT,                           /* pause for the back-off time; TIMER follows */
	REST,                           /* pause for the time of the limit; TIMER follows */
	STOP,                           /* stop the instance: kill_signal; TIMER follows after timeout_stop */
	KILL,                           /* send SIGKILL to all its processes */
	SLEEP,                          /* the instance is frozen: watch everything that may need it */
	THAW,                           /* thaw the instance */
	WITHDRAW,                       /* close the sockets and stop the instances */
	CLOSE,                          /* close the sockets; the service is off */
	DISMISS,                        /* stop every instance, and continue to listen */
	ACTIONS
};

struct service_cell {
	unsigned char next;             /* next state of the region */
	unsigned char action;           /* enum action; IMPOSSIBLE: the region does not handle the event */
	bool if_wanted;                 /* true: the cell does nothing unless service_is_wanted */
	bool alone;                     /* sockets: the run region does not handle the event */
	const char *why;                /* reason why the cell does nothing; NULL: it does something */
};

extern const struct service_cell admin_table[ADMIN_STATES][SERVICE_EVENTS];
extern const struct service_cell sockets_table[SOCKETS_STATES][SERVICE_EVENTS];
extern const struct service_cell run_table[2][RUN_STATES][SERVICE_EVENTS];     /* [1]: accept = yes */

struct service_step {
	struct service_state next;
	enum action action;             /* action of the first region that has one; IMPOSSIBLE: no region handled the event */
};

/* Returns the new states and the actions after an event. The regions handle it in the order above, and each sees the
 * new states of those before it. Sockets that are LOST become OPENING as soon as the service is IDLE. */
struct service_step service_transition(bool accepts, struct service_state state, enum service_event event);

/* Returns the state after the region admin alone has handled the event: while a service is made or loaded, or before
 * an order takes effect. */
struct service_state service_ordered(struct service_state state, enum service_event event);

static inline bool service_is_held(struct service_state state)
{
	return state.admin == ADMIN_HELD || state.admin == ADMIN_DRAINING;
}

/* Whether the service is enabled and its sockets are open, so that clients may start it. */
static inline bool service_is_wanted(struct service_state state)
{
	return state.admin == ADMIN_ENABLED && state.sockets == SOCKETS_OPEN;
}

/* Whether superd watches the listeners of the service. A frozen instance has the sockets and serves even if it is
 * held. */
static inline bool service_is_watched(struct service_state state)
{
	return state.run == RUN_FROZEN || (state.run == RUN_IDLE && service_is_wanted(state));
}

/* The state as the one word that users read. */
enum state { OFF, BINDING, LISTENING, STARTING, RUNNING, STOPPING, CLOSING, BACKOFF, FROZEN, HELD, FULL, QUEUED, STATES };

enum state state_of(struct service_state state);

/* Returns a state for this word, as an upgrade saves it, with the admin region of `admin`. */
struct service_state state_loaded(enum state state, struct service_state admin);

const char *state_name(enum state state);
const char *service_event_name(enum service_event service_event);
const char *action_name(enum action action);
