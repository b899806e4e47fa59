/* How long activations took, as a histogram with bounds that never change, so that those of many machines can be added
 * up. A zeroed struct has counted nothing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 16

struct histogram {
	uint64_t count;                 /* those beyond the last bound too */
	double sum;                     /* seconds */
	uint32_t buckets[HISTOGRAM_BUCKETS];    /* those above the bound before, up to their own */
};

void histogram_add(struct histogram *histogram, double seconds);
double histogram_bound(size_t bucket);          /* seconds */
