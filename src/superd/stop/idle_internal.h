/* The fields of struct idle, for superd/stop alone. */
#pragma once

#include <ev.h>

#include "superd/stop/close_events.h"
#include "superd/stop/conn_query.h"
#include "superd/stop/service_clients.h"
#include "superd/stop/stop.h"
#include "superd/instance/aux_command.h"

/* Whether a backend without clients works: by its processor time since its last client left (idle_cpu), or by the answer
 * of a command (idle_unless). Then superd neither stops nor freezes it, and checks again after another idle_timeout. */
struct busy {
	struct aux_command command;     /* idle_unless */
	double sampled;                 /* loop time when cpu was read; 0: never */
	double cpu;                     /* processor time of the instance at that time, in seconds; below 0: unknown */
	double until;                   /* loop time of the next look; 0: it was not busy at the last one */
	bool failure_is_logged;         /* true: superd logged that idle_unless does not answer */
	char why[160];                  /* "idle_cpu: 12 % of a processor"; "": it was not busy */
};

/* superd's knowledge of the clients of a running backend, and the event that it waits for.
 *
 * 	IDLE_NOT_COUNTED     it is unknown whether clients are connected; a connection may have closed just now
 * 	                     waits until no connection has closed for an idle_timeout; then superd counts
 * 	IDLE_NOT_LISTENING   the same, and connections close too often for superd to listen for each
 * 	                     waits for an idle_timeout; then superd counts
 * 	IDLE_HAS_CLIENTS     the last count found clients
 * 	                     waits for the close of a connection, without a timer: a service whose clients stay costs
 * 	                     nothing
 * 	IDLE_NO_CLIENTS      the last count found no client
 * 	                     waits for the end of idle_timeout and min_awake; then superd counts
 * 	IDLE_WAS_REPORTED    no client is connected, and superd has logged that (idle_action = report)
 * 	                     waits for the close of a connection: another client has come and gone
 * 	IDLE_WAITS_FOR_TURN  idle_timeout is over, and superd stops too many other backends at present
 * 	                     waits for TURN_SECONDS
 * 	IDLE_ASKING          idle_timeout is over, and the command of idle_unless runs
 * 	                     waits for its end
 * 	IDLE_GOES            idle_timeout is over, and a stop of it is tried (superd/stop/stop)
 * 	                     waits until it is stopped or frozen, or that is called off
 * 	IDLE_ASLEEP          it is frozen, perhaps with quiet clients
 * 	                     waits for nothing; clients are counted if somebody asks */
enum idle_phase {
	IDLE_NOT_COUNTED,
	IDLE_NOT_LISTENING,
	IDLE_HAS_CLIENTS,
	IDLE_NO_CLIENTS,
	IDLE_WAS_REPORTED,
	IDLE_WAITS_FOR_TURN,
	IDLE_ASKING,
	IDLE_GOES,
	IDLE_ASLEEP
};

struct idle {
	struct service_runtime *runtime;
	ev_timer timer;                 /* next count, or next step of the phase; inactive: the phase waits for a close */
	struct close_listener close_listener; /* reports closed connections; not in IDLE_NOT_LISTENING */
	struct service_clients clients; /* counts connections and datagrams */
	struct busy busy;               /* whether it works without clients */
	enum idle_phase phase;
	enum stop_reason reason;        /* STOP_MEMORY: it may go if nobody is found now, though idle_timeout is not over */
	bool polls;                     /* true: closes are not reported for every socket, so superd counts from time to time */
	bool closed_meanwhile;          /* true: a connection has closed since the present count began */
	bool reported;                  /* true: idle_action = report was logged, and no client has come since */
	unsigned closes;                /* connections that have closed since the last count */
	double timeout;                 /* seconds of idle_timeout when the measuring began */
	double entered;                 /* loop time when phase began */
	double last_closed;             /* loop time of the last reported close, or of the beginning; 0: unknown */
	double since;                   /* loop time since when no client was connected, by a count; 0: clients were, or unknown */
};
