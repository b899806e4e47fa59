/* Counts latencies in buckets, from half a millisecond, which the quickest start takes, to a minute for the slowest. */
#include "superd/limits/histogram.h"

static const double bounds[HISTOGRAM_BUCKETS] = {
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
};

double histogram_bound(size_t bucket)
{
	return bounds[bucket];
}

void histogram_add(struct histogram *histogram, double seconds)
{
	size_t bucket = 0;

	if (!(seconds > 0))
		seconds = 0;            /* the clock was set */
	histogram->count++;
	histogram->sum += seconds;
	while (bucket < HISTOGRAM_BUCKETS && seconds > bounds[bucket])
		bucket++;
	if (bucket < HISTOGRAM_BUCKETS)
		histogram->buckets[bucket]++;
}
