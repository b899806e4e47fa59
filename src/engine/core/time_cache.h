/* The time of day and the load of the machine, looked up no more often than they change. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A zeroed struct knows nothing yet. */
struct time_cache {
	time_t from, until;             /* wall clock: in between the minute holds */
	unsigned minute;                /* of the day, 0 to 1439, local time */
	double looked;                  /* when the load was looked up, on a clock that never goes back; 0: never */
	int64_t load;                   /* thousandths of the average of a minute; -1: the system does not say */
};

/* The minute of the day. wall is the time as time(2) has it. */
unsigned time_cache_minute(struct time_cache *time_cache, double wall);

/* Seconds from now to the beginning of a minute of the day; a day where it is the one that now is. */
double time_cache_seconds_to(struct time_cache *time_cache, double wall, unsigned minute);

/* The load, not older than a second; now is any clock that never goes back. */
int64_t time_cache_load(struct time_cache *time_cache, double now);
