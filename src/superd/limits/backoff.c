/* Pauses that double with each failure. The count saturates, so a service that fails for years overflows nothing. */
#include "superd/limits/backoff.h"

#include <limits.h>

double backoff_next(struct backoff *backoff, int64_t least, int64_t most, double chance)
{
	double pause = (double)least;

	for (unsigned n = 0; n < backoff->failures && pause < (double)most; n++)
		pause *= 2;
	if (pause > (double)most)
		pause = (double)most;
	if (backoff->failures < UCHAR_MAX)
		backoff->failures++;
	return pause / 1e6 * (1 - chance / 10);
}

void backoff_forgive(struct backoff *backoff, double lasted, int64_t most)
{
	if (lasted * 1e6 > (double)most)
		backoff_reset(backoff);
}

void backoff_reset(struct backoff *backoff)
{
	backoff->failures = 0;
}
