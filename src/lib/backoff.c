/* The pause before the next try: it doubles with each failure in a row. */
#include "lib/lib.h"

/* The count saturates, so a service that fails for years overflows nothing. */
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

/* What is zero is not written, as that may take memory (zone.h). */
void backoff_reset(struct backoff *backoff)
{
	if (backoff->failures)
		backoff->failures = 0;
}
