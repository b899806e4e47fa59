/* What superd asks superd-hold, and what that answers: as in worker/record/request.h, in one request and one answer. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/record.h"

#define HOLD_PLACES 4                   /* descriptors of a program that are its connection, at most */
#define HOLD_TAKEN_BYTE 't'             /* a program sends this as soon as only its death can separate it from its client */

/* One program to hold. It comes with superd's end of the pair. */
struct hold_request {
	pid_t program;
	int64_t limit_ms;               /* time until it must wait for its connection */
	int places[HOLD_PLACES];        /* the program's descriptors that are the placeholder, none twice */
	size_t place_count;             /* 1 or more */
};

/* Why a program cannot be held. */
enum hold_obstacle {
	HOLD_NONE,
	HOLD_UNTRACEABLE,               /* also a program that forbids it by PR_SET_DUMPABLE (prctl(2)) */
	HOLD_GAINS_PRIVILEGE,           /* setuid, setgid, or capabilities of its file */
	HOLD_OWN_FILTER,                /* it installs a seccomp filter, or traces */
	HOLD_32_BIT,
	HOLD_THREADS,
	HOLD_CALLS_REFUSED,             /* the service's system call filter forbids a call that the hand-over needs */
	HOLD_ENDED,                     /* before it had to do with the placeholder, or before its exec */
	HOLD_TOO_LATE,                  /* it did not get there in time */
	HOLD_UNSUPPORTED,
	HOLD_OBSTACLES
};

/* The report, at the end of superd-hold. */
struct hold_report {
	enum hold_obstacle obstacle;    /* HOLD_NONE: the program waits for its connection; else it was killed */
	int error;                      /* errno of HOLD_UNTRACEABLE and HOLD_CALLS_REFUSED; 0: none */
	long call;                      /* number of the system call at which it is held; -1: it is not held */
};

void hold_request_record(struct record *record, struct hold_request *request);
