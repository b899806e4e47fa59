/* What the guard and superd share in memory, and the messages between them. Only os/guard knows it. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "os/guard/guard_link.h"

#define GUARD_MAGIC "superd guard 1"
#define GUARD_PATH_MOST 4096            /* bytes of a program's path */
#define GUARD_FAULTS_MOST 3             /* superds in a row that a fault ends young; the next one gets no saved state */

struct guard_area {
	int32_t fd;                     /* its file; -1: none */
	uint64_t end;                   /* bytes that are valid */
};

/* A memory file, which outlives an exec of the guard. Members are only ever added at the end. */
struct guard_page {
	char magic[16];
	/* Written by the guard. */
	int32_t guard;                  /* its pid */
	int32_t channel;                /* superd's end of the channel */
	int32_t own_end, signals;       /* the guard's descriptors, which superd leaves open */
	int32_t cause;                  /* enum guard_cause of the present superd */
	int32_t stop_signal;            /* the last signal to stop that superd was sent; 0: none */
	uint32_t failures;              /* superds in a row that died young */
	int32_t death;                  /* GUARD_RESTARTS: wait status of the superd before */
	/* Written by superd. */
	int32_t successor_state;        /* descriptor of the state of an upgrade; -1: none */
	/* Its saved state: one of two files, while it writes the other one. */
	int32_t area;                   /* 0 or 1: the one that counts; -1: none */
	struct guard_area areas[2];
	struct start_note starts[GUARD_STARTS];
	struct promise promises[GUARD_PROMISES];
	uint32_t next_promise;          /* index of the oldest one */
	int32_t has_begun;              /* superd has written a saved state of its own; the guard resets it */
	uint32_t faults;                /* by the guard: superds in a row that died young by a fault of their own */
};

enum guard_message_kind {
	GUARD_ENDED,                    /* to superd: a child of the guard's has ended, and waits for being reaped */
	GUARD_REAP,                     /* to the guard: reap it */
	GUARD_UPGRADE,                  /* to the guard: superd ends now; become the program at this path, and start it */
};

struct guard_message {
	int32_t kind;
	int32_t pid, status;            /* status as of waitpid(2) */
	double cpu;                     /* seconds of processor time, with the processes that it reaped */
	char path[];                    /* GUARD_UPGRADE: NUL-terminated */
};
