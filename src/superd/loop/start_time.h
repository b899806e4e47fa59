/* How long the present turn of the loop has been starting processes. Nothing else is served meanwhile: services whose
 * clients cost many starts, each with a superd-advise maybe, must not take a turn of any length. */
#pragma once

#include <stddef.h>

#include <ev.h>

#define START_TIME_ALL .004             /* seconds of a turn in which superd starts processes for clients */
/* Seconds of a turn in which superd accepts clients while lookups are under way: the rest is for clients whose lookups
 * are done. */
#define START_TIME_CLIENTS .002

/* Owner: struct engine. Zeroed: nothing was started yet. */
struct start_time {
	unsigned turn;                  /* ev_iteration of the last start */
	double spent;                   /* seconds that starts took in that turn */
	double each;                    /* seconds that a start takes, averaged over the last ones; 0: unknown */
};

/* Notes `count` starts that have taken so many seconds together. */
void start_time_add(struct start_time *times, struct ev_loop *loop, size_t count, double seconds);

/* Returns how many starts fit into the rest of `seconds` of this turn, at most `most`. */
size_t start_time_room(const struct start_time *times, struct ev_loop *loop, double seconds, size_t most);
