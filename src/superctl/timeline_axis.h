/* The times beside the bars of a timeline: round ones of the local clock, with equal steps. */
#pragma once

#include <stddef.h>

#define TIMELINE_TIMES_MOST 24

/* Chooses times from `from` on and before `until`, Unix seconds, at multiples of 1, 2, 5, 10, 15 or 30 min, or of 1, 2, 3,
 * 6 or 12 h since midnight: the least of these steps that gives at most `most`, and TIMELINE_TIMES_MOST. most: 1 at
 * least. Returns how many; 0: the two are no times of a calendar. */
size_t timeline_axis(double from, double until, size_t most, double times[TIMELINE_TIMES_MOST]);
