/* The inside of the measuring of idle time, for the files of engine/idle alone. */
#pragma once

#include <ev.h>

#include "engine/clients/conn_query.h"
#include "engine/clients/departed.h"
#include "engine/clients/visitors.h"

/* What superd waits for. */
enum idle_phase {
	CALM,                           /* the last count found no client: for the end of idle_timeout */
	USED,                           /* the last count found clients: for the end of a connection */
	COOL,                           /* begun, or a connection has ended; clients unknown: for the end of idle_timeout */
	LOOKING,                        /* the kernel does not report ended connections: for the next count */
	REPORTED,                       /* no client is there, which was logged: for the end of a connection */
	FREEZING,                       /* for its processes to stand still */
	CHECKING,                       /* for the last count */
};

struct idle {
	struct keeper *keeper;
	ev_timer timer;
	struct departed departed;
	enum idle_phase phase;
	bool touched;                   /* a connection has ended since the count was asked for, or since the last one */
	bool reported;
	bool postponed;                 /* idle_timeout is over, and too many others are being let go */
	bool looks;                     /* the kernel reports no ended connections for some of its sockets */
	bool deaf;                      /* COOL: too many connections end to listen to them, or nothing could be heard */
	bool crowd;                     /* too many connections ended in the last idle_timeout */
	unsigned heard;                 /* connections that have ended since the last count */
	double timeout;                 /* seconds, by the row it began with */
	double entered;                 /* loop time when phase began */
	double left;                    /* loop time of the last ended connection that was reported, or of the beginning; 0: unknown */
	double since;                   /* loop time since when no client was there, by a count; 0: clients were, or unknown */
	double counted;                 /* loop time of the last count; 0: never */
	struct visitors visitors;       /* visitors.query counts the connections */
};

const struct life *idle_life(const struct idle *idle);
void idle_begin(struct idle *idle);     /* begins anew */
void idle_enter(struct idle *idle, enum idle_phase phase);
void idle_ask(struct idle *idle);       /* asks for a count of its clients */
void idle_wait_for_departure(struct idle *idle, enum idle_phase phase);         /* or for the next look */
void idle_wake_in(struct idle *idle, double wait);
void idle_start_timer(struct idle *idle, double wait);  /* the same, rounded up to coincide with others */

/* idle_timeout is over; the last count found no client; it found one. */
void idle_act(struct idle *idle);
void idle_let_go(struct idle *idle);
void idle_go_on(struct idle *idle);

static inline bool idle_is_letting_go(enum idle_phase phase)
{
	return phase == FREEZING || phase == CHECKING;
}
