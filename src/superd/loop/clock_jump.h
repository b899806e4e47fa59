/* Reports that the wall clock was set, for all that goes by the time of day. Limits and pauses do not need it: they go by
 * the monotonic clock. */
#pragma once

#include <ev.h>

struct clock_jump {
	ev_periodic watch;
	double ahead;                   /* seconds that the wall clock was ahead of the monotonic one */
	void (*jumped)(struct clock_jump *jump, double seconds);
};

/* Starts it. The struct stays where it is until the loop is destroyed. seconds: how far the clock was set forward, less
 * than 0 if back. */
void clock_jump_begin(struct clock_jump *jump, struct ev_loop *loop,
		      void (*jumped)(struct clock_jump *jump, double seconds));
