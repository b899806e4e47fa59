/* The inside of a look whether a backend is idle, for the files of engine/idle/idle alone. */
#pragma once

#include <ev.h>

#include "engine/clients/census.h"
#include "engine/clients/departed.h"
#include "engine/clients/visitors.h"

/* What it is waiting for. */
enum idle_phase {
	CALM,                           /* nobody was there at the last count: for the end of the time */
	USED,                           /* somebody was: for a connection that is over */
	COOL,                           /* it began, or one is over, and who is left is not known: for the end of the time */
	LOOKING,                        /* nothing tells: for the next look */
	REPORTED,                       /* nobody is there, which was said: for a connection that is over */
	FREEZING,                       /* for its processes to stand still */
	CHECKING,                       /* for the last count */
};

struct idle {
	struct keeper *keeper;
	ev_timer timer;
	struct inquiry inquiry;
	struct departed departed;
	enum idle_phase phase;
	bool touched;                   /* a connection was over since the count was asked for, or the last look */
	bool reported;
	bool postponed;                 /* it is due, and too many others are being let go */
	bool looks;                     /* some of its sockets tell nothing by themselves */
	bool deaf;                      /* COOL: too many are over for hearing of them, or nothing was to be heard */
	bool crowd;                     /* there were too many the last time */
	unsigned heard;                 /* connections that were over, in this part of the time */
	double timeout;                 /* seconds, of the row it began with */
	double entered;                 /* the phase; loop time */
	double left;                    /* the last one that was heard of was over, or it began; loop time */
	double since;                   /* nobody was there since, as was counted; 0: somebody was, or it is not known */
	double counted;                 /* when visitors.connections were; 0: never */
	struct visitors visitors;
};

const struct life *idle_life(const struct idle *idle);
void idle_begin(struct idle *idle);     /* anew */
void idle_enter(struct idle *idle, enum idle_phase phase);
void idle_ask(struct idle *idle);       /* has its clients counted */
void idle_wait_for_departure(struct idle *idle, enum idle_phase phase);         /* or for the next look */
void idle_wake_in(struct idle *idle, double wait);
void idle_start_timer(struct idle *idle, double wait);  /* the same, together with others of about that time */

/* Nobody was there for long enough; nobody is, as it stands still; and somebody is. */
void idle_act(struct idle *idle);
void idle_let_go(struct idle *idle);
void idle_go_on(struct idle *idle);

static inline bool idle_is_letting_go(enum idle_phase phase)
{
	return phase == FREEZING || phase == CHECKING;
}
