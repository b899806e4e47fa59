/* The inside of the measuring of idle time, for the files of engine/idle alone. */
#pragma once

#include <ev.h>

#include "engine/clients/close_events.h"
#include "engine/clients/conn_query.h"
#include "engine/clients/service_clients.h"

/* What superd knows of the clients of a running backend, and what it waits for.
 *
 *	COOL      it is unknown whether clients are there; a connection may have ended just now
 *	          waits for an idle_timeout in which none ends, as a client may have come that stays; then it counts
 *	DEAF      the same, and connections end too often to hear of each
 *	          waits for an idle_timeout; then it counts
 *	USED      the last count found clients
 *	          waits for the end of a connection, without a timer: a service whose clients stay costs nothing
 *	CALM      the last count found no client
 *	          waits for the end of idle_timeout and min_awake; then it counts
 *	LOOKING   the kernel does not report the end of connections at every socket, so that only counts tell
 *	          waits for the next count
 *	REPORTED  no client is there, and that was logged (idle_action = report)
 *	          waits for the end of a connection: another client has come and gone
 *	POSTPONED idle_timeout is over, and too many other backends are being let go
 *	          waits for a moment
 *	FREEZING  idle_timeout is over
 *	          waits for its processes to stand still
 *	CHECKING  its processes stand still, so no client is accepted any more
 *	          waits for the last count, of the queue, too */
enum idle_phase {
	IDLE_NOT_COUNTED,
	IDLE_NOT_LISTENING,
	IDLE_HAS_CLIENTS,
	IDLE_NO_CLIENTS,
	IDLE_POLLING,
	IDLE_WAS_REPORTED,
	IDLE_WAITS_FOR_TURN,
	IDLE_FREEZING,
	IDLE_LAST_COUNT
};

struct idle {
	struct service_runtime *runtime;
	ev_timer timer;
	struct close_listener close_listener; /* reports the end of connections; not while DEAF */
	struct service_clients clients; /* visitors.query counts the connections */
	enum idle_phase phase;
	bool polls;                     /* ends are not reported for all of its sockets: LOOKING stands for CALM, COOL and USED */
	bool closed_meanwhile;          /* a connection has ended since the count under way was asked for */
	bool many_closes;               /* too many connections ended in the last idle_timeout */
	bool reported;                  /* idle_action = report: it was logged, and nobody has come since */
	unsigned closes;                /* connections that have ended since the last count */
	double timeout;                 /* seconds, by the row it began with */
	double entered;                 /* loop time when phase began */
	double last_closed;             /* loop time of the last ended connection that was reported, or of the beginning; 0: unknown */
	double since;                   /* loop time since when no client was there, by a count; 0: clients were, or unknown */
	double counted;                 /* loop time of the last count; 0: never */
};
