/* A line of the log that a backend or a client can bring about as often as it likes: it is said once in ten seconds, along
 * with how many were not. */
#pragma once

#include <stdbool.h>

struct complaint {                      /* zeroed: none was said yet */
	double said;                    /* when the last was, loop time */
	unsigned unsaid;                /* since */
};

#define COMPLAINT_MORE 40

/* Whether it is to be said now; then more is what to add: "; 7 more before it", or nothing. */
bool complaint_is_due(struct complaint *complaint, char more[COMPLAINT_MORE]);
