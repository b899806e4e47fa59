/* warm = N: programs that were started ahead of their clients. Such a program has one end of a pair of sockets in the
 * place of its connection. It runs up to its first system call on this placeholder, and is held there: a few planted
 * instructions make it wait in recvmsg(2) for its connection. Then it repeats that call, on the connection. Nothing
 * traces it while it waits, or later.
 *
 * Why ptrace(2), and not a seccomp filter that notifies superd (SECCOMP_RET_USER_NOTIF): such a filter stays for the
 * life of the program, and each of its later system calls costs 20 to 50 ns more (pass = bind has one, and
 * tests/bench/bound measures it). A detached tracer leaves nothing: the calls of a program that was held take as long
 * as those of one that was never traced (getppid(2), measured in turns).
 *
 * A life: hold_make_pair; spawn_start with the placeholder in `wanted` and as `hold_channel`; hold_start, as soon as
 * the process is known; hold_hear, when the worker process's channel is readable; hold_give, when there is a client;
 * hold_taken, when superd's end of the pair is readable. If superd closes its end instead, the program continues with a
 * placeholder at its end of file, as if its client had left at once.
 *
 * Where this is not possible (hold_none.c), hold_start fails with ENOTSUP. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "superd/spawn/worker_process.h"

#define HOLD_PLACES 4                   /* descriptors of a program that are its connection, at most */
#define HOLD_TAKEN_BYTE 't'             /* a program sends this as soon as only its death can separate it from its client */

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

/* The report of a worker process at its end. */
struct hold_report {
	enum hold_obstacle obstacle;    /* HOLD_NONE: the program waits for its connection; else it was killed */
	int error;                      /* errno of HOLD_UNTRACEABLE and HOLD_CALLS_REFUSED; 0: none */
	long call;                      /* number of the system call at which it is held; -1: it is not held */
};

/* One program to hold. */
struct hold_work {
	uint64_t owner;                 /* of struct worker_start */
	pid_t program;
	int channel;                    /* superd's end of the pair */
	int places[HOLD_PLACES];        /* the program's descriptors that are the placeholder, none twice */
	size_t place_count;
	int64_t limit_ms;               /* time until it must wait for its connection */
};

bool hold_is_supported(void);           /* whether this superd can hold programs on this kind of machine */

/* Makes a pair: superd's end, non-blocking, and the placeholder, which blocks. Both are close-on-exec. false and
 * errno. */
bool hold_make_pair(int *ours, int *theirs);

/* Starts the process that lets the program run and holds it. It ends by itself some time after limit_ms at the latest,
 * and then the program is killed; so it is if superd ends the process before. false and errno. */
bool hold_start(struct worker_process *worker, const struct hold_work *work);

/* Reads the report without blocking. false and errno; EAGAIN: there is none yet; EPIPE: the process ended without
 * one, and the program was killed, if it was traced already. */
bool hold_hear(struct worker_process *worker, struct hold_report *report);

/* Sends the connection, without blocking. superd keeps its own copy until hold_taken reports that the program has taken
 * it. false and errno: the program has ended. */
bool hold_give(int channel, int connection);

enum hold_taken {
	HOLD_WAITS,                     /* no report yet: it has not taken its connection, if it was given one */
	HOLD_TAKEN,                     /* it has the connection, and continues with it */
	HOLD_NOT_TAKEN,                 /* the program is gone, and nothing of it has seen the connection */
	HOLD_WROTE,                     /* it wrote to the placeholder, or could not receive: end it, it has no connection */
};

/* Reads the report from the pair, without blocking. After any answer but HOLD_WAITS, the caller closes the channel:
 * another call could return another answer. */
enum hold_taken hold_taken(int channel);

const char *hold_obstacle_text(enum hold_obstacle obstacle);    /* for messages: "it uses threads" */
