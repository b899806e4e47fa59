/* Backends that nobody is connected to: after idle_timeout they are stopped, frozen or told of, as idle_action says.
 *
 * Each running service with an idle_timeout has one of these, which follows the keeper's state and so is gone when it is
 * not RUNNING. For TCP it sleeps until a connection is over (engine/clients/departed), and counts once none was for an
 * idle_timeout; nobody wakes for a service with clients that stay, and one whose clients come and go all the time costs
 * some two wake-ups in an idle_timeout.
 * Where no such word comes, of unix sockets and UDP, it looks four times in an idle_timeout.
 *
 * Nobody is cut off: the backend is frozen, its clients are counted once more, those in the queue too, and only then it
 * is let go. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/service/keeper.h"

/* Something has happened to the keeper: it begins, goes on under another row, or ends. */
void idle_follow(struct keeper *keeper);
void idle_forget(struct keeper *keeper);        /* it ends, whatever the state is */

/* For an upgrade (engine/upgrade/upgrade): it ends, and goes on from there when it follows the keeper next. */
void idle_set_aside(struct keeper *keeper);
void idle_remains(const struct keeper *keeper, struct idle_left *left); /* what it would go on from */

/* How a service stands, for status. */
enum idle_standing {
	IDLE_UNKNOWN,                   /* a connection has ended, or it began, and nobody has counted since */
	IDLE_USED,                      /* somebody was there at the last count, and nobody is known to have left since */
	IDLE_UNUSED,                    /* nobody was, the time is not over, and nobody has left since */
	IDLE_REPORTED,                  /* the same, and that it would be stopped was said */
	IDLE_POSTPONED,                 /* the time is over, and too many others are being let go */
	IDLE_LETTING_GO,                /* it is being frozen, or counted for the last time */
	IDLE_FROZEN,
};

struct idle_account {
	enum idle_standing standing;
	double timeout;                 /* seconds */
	unsigned action;                /* enum idle_action */
	bool known;                     /* connections were counted */
	uint32_t connections;           /* the last time */
	double counted;                 /* when, loop time; 0: never */
	double since;                   /* loop time: nobody is there since; 0: somebody is, or it is not known */
};

bool idle_describe(const struct keeper *keeper, struct idle_account *account);  /* false: it is not looked after */

/* The same, and has the connections counted for it where that takes no time. */
bool idle_describe_now(struct keeper *keeper, struct idle_account *account);
const char *idle_standing_word(enum idle_standing standing);
