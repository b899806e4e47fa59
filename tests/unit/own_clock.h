/* A test's own clock: real time, and what the test has put it forward by. The processes that the test starts read the same
 * one. What waits in the kernel waits in real time: a test turns its loop, puts the clock forward, and turns it again. */
#pragma once

struct own_clock {
	double ahead;           /* seconds */
	double wall_ahead;      /* of these, the wall clock alone */
	double step;            /* that each look takes */
	double held;            /* CLOCK_MONOTONIC from which on real time does not count; 0: it counts */
};

extern struct own_clock *own_clock;     /* shared with children */

void own_clock_advance(double seconds);
void own_clock_hold(void);              /* from now on real time does not count */
