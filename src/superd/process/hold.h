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
 * the process is known; hold_hear, when the channel to superd-hold is readable; hold_give, when there is a client;
 * hold_taken, when superd's end of the pair is readable. If superd closes its end instead, the program continues with a
 * placeholder at its end of file, as if its client had left at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "superd/start/worker_process.h"
#include "worker/record/hold_request.h"

bool hold_is_supported(void);           /* whether there is a superd-hold: configure makes none for some machines */

/* Makes a pair: superd's end, non-blocking, and the placeholder, which blocks. Both are close-on-exec. false and
 * errno. */
bool hold_make_pair(int *ours, int *theirs);

/* Starts superd-hold, which lets the program run and holds it. It ends by itself some time after limit_ms at the latest,
 * and then the program is killed; so it is if superd ends the process before. owner: as of worker_process_start; channel:
 * superd's end of the pair. false and errno. */
bool hold_start(struct worker_process *worker, uint64_t owner, int channel, struct hold_request *request);

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
