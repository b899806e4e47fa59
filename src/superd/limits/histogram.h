/* A histogram of latencies. Its bounds never change, so that the histograms of many machines can be added. A zeroed
 * struct is empty. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 16

struct histogram {
	uint64_t count;                 /* all latencies, also those above the last bound */
	double sum;                     /* sum of them, seconds */
	uint32_t buckets[HISTOGRAM_BUCKETS];    /* latencies above the previous bound, up to the own one */
};

void histogram_add(struct histogram *histogram, double seconds);
double histogram_bound(size_t bucket);          /* seconds */
