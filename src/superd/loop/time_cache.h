/* Caches the minute of the day and the load average, which are expensive to look up for each client. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A zeroed struct knows nothing yet. */
struct time_cache {
	time_t from, until;             /* wall clock; minute is valid from `from` to before `until` */
	unsigned minute;                /* minute of the day, 0 to 1439, local time */
	double looked;                  /* monotonic time when the load was read; 0: never */
	int64_t load;                   /* load average of the last minute, in thousandths; -1: unknown */
};

/* Returns the minute of the day. wall: the time as time(2) returns it. */
unsigned time_cache_minute(struct time_cache *time_cache, double wall);

/* Returns the seconds until a minute of the day begins; a day, if it is the present minute. */
double time_cache_seconds_to(struct time_cache *time_cache, double wall, unsigned minute);

/* Returns the load, not older than a second. now: monotonic time. */
int64_t time_cache_load(struct time_cache *time_cache, double now);
