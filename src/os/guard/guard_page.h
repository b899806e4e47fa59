/* The memory that the guard and superd share, the messages between them, and how either starts the other. Only os/guard
 * knows it. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/guard/guard_link.h"
#include "os/host/program.h"

#define GUARD_MAGIC "superd guard 1"
#define GUARD_PATH_MOST 4096            /* bytes of a program's path */
#define GUARD_NAME_MOST 16              /* bytes of a process's name */
#define GUARD_SOCKET_MOST 128           /* bytes of the name of a notify socket */
#define GUARD_NOTICE_MOST 512           /* bytes of a text for it */
#define GUARD_PROGRAMS 16
#define GUARD_FAULTS_MOST 3             /* superds in a row that a fault ends young; the next one gets no saved state */

/* The progress of an upgrade. The next superd takes over by one exchange of this word, and superd withdraws by one, so
 * that one of the two serves, whoever dies. */
enum succession {
	SUCCESSION_NONE,                /* no upgrade yet */
	SUCCESSION_OFFERED,             /* by superd: it waits, and serves no client */
	SUCCESSION_EXECUTING,           /* by the guard: it is about to execute the new program */
	SUCCESSION_STARTING,            /* by the guard: it is the new program, and starts the next superd */
	SUCCESSION_TAKEN,               /* by the next superd: the one before ends */
	SUCCESSION_REFUSED,             /* by the guard: it could not execute the program; superd continues */
	SUCCESSION_WITHDRAWN,           /* by superd, which continues */
};

struct guard_area {
	int32_t fd;                     /* its file; -1: none */
	uint64_t end;                   /* bytes that are valid */
};

/* The progress of a text that the guard sends to superd's service manager (guard_notify). */
enum notice_state {
	NOTICE_NONE,
	NOTICE_ASKED,                   /* by superd, which waits */
	NOTICE_CANCELLED,               /* by superd, as the guard did not answer; the message that asks for it is unread */
	NOTICE_SENDING,                 /* by the guard */
	NOTICE_DONE,                    /* by the guard: error is the result */
};

struct guard_notice {
	_Atomic int32_t state;          /* enum notice_state */
	int32_t error;                  /* errno; 0: it was sent */
	int32_t sender, descriptor;     /* descriptors of superd's: to send by, and to send along; -1: none */
	char socket[GUARD_SOCKET_MOST]; /* NOTIFY_SOCKET */
	char text[GUARD_NOTICE_MOST];
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
	struct noted_fd handovers[GUARD_STARTS]; /* by the number of a start: the channel that the client is given by */
	uint64_t promise_sent[GUARD_PROMISES]; /* bytes that the client of each promise had been sent before */
	uint64_t blocked;               /* by the first guard: signals that it found blocked; bit n - 1 is signal n */
	int32_t command;                /* pid of the main command; 0: superd has started none */
	_Atomic uint64_t unanswered;    /* by the guard: orders that no superd has taken yet; bit n - 1 is signal n */
	_Atomic int32_t succession;     /* enum succession */
	int32_t refusal;                /* by the guard: errno of SUCCESSION_REFUSED */
	int32_t predecessor;            /* pid of the superd that has offered its place, until the guard has reaped it; 0 */
	int32_t noted;                  /* by superd: counts notes of starts; a note has its negative number until it has a pid */
	uint64_t unheard;               /* by that superd, as it ends: signals that it has not handled; bit n - 1 is signal n */
	int32_t successor;              /* pid of the superd that the guard has started last; written by the kernel, too */
	char name[GUARD_NAME_MOST];     /* by superd, as it becomes the guard: the name of its process; "": the program's */
	struct kept_program programs[GUARD_PROGRAMS];   /* by enum program: those of the guard and its superds */
	int32_t taken_back[GUARD_STARTS]; /* by superd: the number of the last start that it has taken back, by its note */
	struct guard_notice notice;
	/* By superd; the guard resets it for the next one. */
	_Atomic int64_t alive_until;    /* ms of CLOCK_MONOTONIC: superd hangs if it does not write another by then; 0: it does not say */
	int32_t hung;                   /* by the guard: the superd before has been ended for that */
};
_Static_assert(PROGRAMS <= GUARD_PROGRAMS, "room for all of superd's own programs");

enum guard_message_kind {
	GUARD_ENDED,                    /* to superd: a child of the guard's has ended, and waits for being reaped */
	GUARD_REAP,                     /* to the guard: reap it */
	GUARD_UPGRADE,                  /* to the guard: become the program at this path, and start the next superd by it */
	GUARD_NOTIFY,                   /* to the guard: send the notice of the page */
};

struct guard_message {
	int32_t kind;
	int32_t pid, status;            /* status as of waitpid(2) */
	double cpu;                     /* seconds of processor time, with the processes that it reaped */
	char path[];                    /* GUARD_UPGRADE: NUL-terminated */
};
