/* A time limit that leaves out the time in which nothing runs. */
#include "lib/run_limit.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "lib/clock.h"

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
