/* The failures of a service: the last of them, for status and why, and how many of its instances have failed in a
 * row, for health. What counts as one is up to engine/health/exit_verdict. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"

#define FAILURES_KEPT 5
#define FAILURES_ALARM 5                /* instances that all failed, one after another, make a service degraded */

struct failure {
	double at;                      /* loop time of the end, or of the start that failed */
	double lasted;                  /* seconds */
	pid_t pid;                      /* 0: there was no process, or it is unknown by now */
	int status;                     /* wait status; meaningless if why is set */
	unsigned char result;           /* enum result */
	char peer[64];                  /* address of its client; "": none */
	char why[160];                  /* the reason, if no status tells it: "cannot start: …"; else "" */
};

/* Zeroed: nothing has failed yet. */
struct failures {
	struct failure *kept;           /* the youngest first; NULL: none, or there was no memory for them */
	unsigned count;                 /* failures in kept */
	unsigned in_row;                /* instances that have failed since one ended well */
};

void failures_add(struct failures *failures, const struct failure *failure);
void failures_keep(struct failures *failures, const struct failure *failure);   /* without counting it in the row */
void failures_free(struct failures *failures);

static inline bool failures_alarm(const struct failures *failures)
{
	return failures->in_row >= FAILURES_ALARM;
}

/* "signal SEGV (core dumped)", "cannot start: …". */
void failure_describe(const struct failure *failure, struct buf *out);
