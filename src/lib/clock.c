/* Readings of clock_gettime(2), which cannot fail for these clocks. */
#include "lib/lib.h"

static double read_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double clock_now(void)
{
	return read_seconds(CLOCK_MONOTONIC);
}

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double clock_wall(void)
{
	return read_seconds(CLOCK_REALTIME);
}
