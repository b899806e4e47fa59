/* THE table of transitions: the only place that knows what state follows which, and what is done on the way.
 *
 * There are two machines. A service that hands its listeners over (accept = no) goes through all states but FULL;
 * one that accepts itself (accept = yes) never is STARTING, RUNNING, STOPPING or FROZEN, for its instances come
 * and go singly. Cells hold words, not code, so this is pure; engine/service/runtime_event performs the actions. An empty
 * cell is a bug, a legal no-op says IGNORE. */
#pragma once

#include <stdbool.h>

enum state { OFF, BINDING, LISTENING, STARTING, RUNNING, STOPPING, CLOSING, BACKOFF, FROZEN, HELD, FULL, STATES };

enum service_event {
	ENABLE,                         /* the table has it, or the operator wants it now */
	BOUND, BIND_ERROR,              /* all listeners stand; one can't be had, or was lost */
	ACTIVITY,                       /* a listener is readable, or a start without one is due */
	READY,                          /* the instance serves */
	EXEC_ERROR,                     /* it could not be started */
	EXITED, CRASHED,                /* it ended well, or badly, or again and again without taking anything */
	IDLE,                           /* nobody has been connected for idle_timeout */
	TIMER,                          /* the state's timer: a pause is over, or a limit of time is reached */
	HOLD, RELEASE,
	DISABLE,                        /* the table has it no more, or superd stops */
	FILLED, ROOM,                   /* accept = yes: at the limit of instances; below it again */
	GONE,                           /* accept = yes: the last instance ended */
	LIMITED,                        /* as many as cps or trigger_limit let in have come, or it is no time to start */
	REPLACED,                       /* it goes on with other sockets, without the instances it had */
	STILLED,                        /* all processes of the instance are frozen, and are to be until it is needed */
	HALT,                           /* the operator wants its instances gone; it goes on listening */
	SERVICE_EVENTS
};

enum action {
	IMPOSSIBLE,                     /* an empty cell */
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
	WITHDRAW,                       /* close the listeners and end the instances */
	CLOSE,                          /* close the listeners; the service is off */
	DISMISS,                        /* end every instance there is, and go on */
	ACTIONS
};

struct step {
	unsigned char next, action;
};

extern const struct step handing_over[STATES][SERVICE_EVENTS];      /* accept = no */
extern const struct step accepting[STATES][SERVICE_EVENTS];         /* accept = yes */

static inline struct step transition(bool accepts, enum state state, enum service_event service_event)
{
	return accepts ? accepting[state][service_event] : handing_over[state][service_event];
}

/* Whether a service in this state wants to hear of activity on its listeners. */
bool state_is_watching(enum state state);

const char *state_name(enum state state);
const char *service_event_name(enum service_event service_event);
const char *action_name(enum action action);
