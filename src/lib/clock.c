/* Readings of clock_gettime(2), which cannot fail for these clocks. */
#include "lib/clock.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

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

/* A time limit that leaves out the time in which nothing runs. */

void run_limit_begin(struct run_limit *limit, double seconds)
{
	*limit = (struct run_limit){ seconds, clock_now() };
}

double run_limit_left(struct run_limit *limit)
{
	double now = clock_now(), passed = now - limit->looked;

	limit->looked = now;
	limit->left -= passed < RUN_LIMIT_STEP ? passed : RUN_LIMIT_STEP;
	if (limit->left < 0)
		limit->left = 0;
	return limit->left;
}

bool run_limit_wait(struct run_limit *limit, int fd)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN };
	double left = limit->left;
	int ready;

	while ((ready = poll(&ask, 1, (int)((left < RUN_LIMIT_STEP ? left : RUN_LIMIT_STEP) * 1000) + 1)) <= 0) {
		if (ready < 0 && errno != EINTR)        /* out of memory: it did not wait */
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
		left = run_limit_left(limit);
		if (left <= 0)
			return poll(&ask, 1, 0) > 0;
	}
	return true;
}
