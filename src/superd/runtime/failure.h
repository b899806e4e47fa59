/* The failures of a service: the last five, for the verbs status and why, and how many of its instances have failed
 * in a row, for its health. superd/health/exit_verdict decides what is a failure. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"

#define FAILURES_KEPT 5
#define FAILURES_ALARM 5                /* number of failures in a row that makes a service degraded */

/* The commonest first mistake: the program opens the port that superd holds. */
enum failure_hint { HINT_NONE, HINT_PORT_TAKEN, HINT_PORT_PERHAPS, FAILURE_HINTS };

struct failure {
	double at;                      /* loop time of the end, or of the failed start */
	double lasted;                  /* seconds that the process has run */
	pid_t pid;                      /* 0: there was no process, or it is unknown */
	int status;                     /* wait status; meaningless if why is set */
	unsigned char result;           /* enum result */
	unsigned char hint;             /* enum failure_hint */
	char peer[64];                  /* address of the client it served; "": none */
	char why[160];                  /* the reason, if there is no wait status: "cannot start: …"; else "" */
};

/* Owner: struct service_stats. Zeroed: no failures. */
struct failures {
	struct {                        /* saved */
		unsigned in_row;        /* number of instances that have failed since one ended well */
	};
	struct failure *kept;           /* array of FAILURES_KEPT, the youngest first; NULL: none, or out of memory */
	unsigned count;                 /* number of failures in kept */
};

void failures_add(struct failures *failures, const struct failure *failure);
/* The same, without counting it in in_row. */
void failures_keep(struct failures *failures, const struct failure *failure);
void failures_free(struct failures *failures);

static inline bool failures_alarm(const struct failures *failures)
{
	return failures->in_row >= FAILURES_ALARM;
}

/* The cure in words, as the end of a sentence: ": the program …"; "": there is none. */
const char *failure_hint(enum failure_hint hint);

/* Adds the reason in words: "signal SEGV (core dumped)", "cannot start: …". */
void failure_describe(const struct failure *failure, struct buf *out);
