/* Answers the calls that a service's filter has stopped (superd/bind/bind_filter), in a process of its own: reading the
 * backend's memory, and changing its descriptors, may take any time, and then only the backend waits.
 *
 * The process ends by itself when no call has come for a while; superd watches the filter's descriptor meanwhile and
 * starts another one. superd kills one that hangs. If superd cannot, as it has ended or become another program, the
 * process kills itself a little later. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/socket/carried_options.h"
#include "superd/bind/bind_address.h"
#include "superd/bind/caller.h"
#include "superd/spawn/worker_process.h"

#define BIND_ALONE_MS 10000             /* for one call, until the process kills itself */

/* A socket of superd's that the program may request. */
struct bind_offer {
	int fd;                         /* -1: it is not open, and fits nothing */
	bool given;                     /* true: the program has it */
	bool locks;                     /* true: its filter is locked before the program gets it, as it has address rules */
	const struct socket_address *addresses;         /* addresses that also mean it; borrowed */
	size_t count;                   /* of addresses */
};

/* The present call of the process, and the time of its start, in memory shared with superd. */
struct bind_progress {
	_Atomic uint64_t id;            /* number of the call that it has not answered yet; 0: none */
	_Atomic int64_t since;          /* clock_ms() since when it is busy; 0: it waits for a call */
	_Atomic pid_t program;          /* written by superd: the main process */
	_Atomic bool complete;          /* written by superd: the program has all its sockets, and is ready */
};

enum bind_event {
	BIND_GIVEN,                     /* the program has the socket */
	BIND_OTHER,                     /* it has bound another address, by itself */
	BIND_HIDDEN,                    /* its memory or descriptors cannot be seen; the kernel carried the call out */
	BIND_STRANGER,                  /* the caller is none of the service's own; the kernel carries the call out */
	BIND_FAILED,                    /* the socket could not be put into its place; bind(2) failed with EADDRINUSE */
};

/* An event to log, from the process to superd: one message of its channel. */
struct bind_report {
	enum bind_event event;
	unsigned offer;                 /* GIVEN, FAILED: index of the offer */
	pid_t thread;                   /* thread that made the call */
	int error;                      /* HIDDEN, FAILED: errno */
	uid_t uid;                      /* STRANGER: its user */
	bool elsewhere;                 /* STRANGER: it is in another user or network namespace */
	bool other_address;             /* GIVEN: the program requested an address other than the socket's */
	bool as_ipv4;                   /* GIVEN: it asked for an IPv4 socket, and has one that takes both IP versions */
	bool other_family;              /* GIVEN: it asked for an IPv6 socket, and has an IPv4 one */
	bool has_copies;                /* GIVEN: descriptors of its own socket are left, as it has too many */
	char text[BIND_TEXT];           /* the address that it requested; "": unknown */
	struct left_options left;       /* GIVEN: options that it had set before, and that the socket does not get */
};

struct bind_worker {
	struct worker_process process;  /* its channel receives reports; the end of that means that it has ended */
	struct bind_progress *progress; /* NULL: not allocated yet */
};

void bind_worker_init(struct bind_worker *worker);

/* How the process works. */
struct bind_work {
	uint64_t owner;                 /* of struct worker_start */
	int notif;                      /* the filter's descriptor; stays the caller's */
	const struct bind_offer *offers;
	size_t count;
	struct caller_rule rule;        /* whose calls it answers; program and completeness are those of the progress */
};

/* Starts the process; no other one of this struct is there. false and errno, as of worker_process_start. */
bool bind_worker_start(struct bind_worker *worker, const struct bind_work *work);

/* Reads the next report without blocking. false and errno; EAGAIN: there is none; EPIPE: the process has ended. */
bool bind_worker_hear(struct bind_worker *worker, struct bind_report *report);

/* Milliseconds for which it has worked on one call, or on its start; 0: it waits for a call. INT64_MAX: it reports a
 * time that cannot be, as only one that was taken over does. */
int64_t bind_worker_busy(const struct bind_worker *worker);

/* Lets it finish its present call, and end; bind_worker_hear reports that. */
void bind_worker_dismiss(struct bind_worker *worker);

/* Whose calls it answers changes: the main process is another one, or the program has all its sockets and is ready. */
void bind_worker_note(const struct bind_worker *worker, pid_t program, bool is_complete);

/* The number of the call that it works on; 0: none. For an upgrade, which leaves the process behind: it ends when
 * superd's end of the channel is closed, or kills itself after BIND_ALONE_MS. */
uint64_t bind_worker_call(const struct bind_worker *worker);

/* Kills it if it is still there. If it has left a call without an answer, the kernel carries that out. false: there was
 * none. */
bool bind_worker_kill(struct bind_worker *worker, int notif);

/* Frees the struct; there is no process any more. */
void bind_worker_free(struct bind_worker *worker);

/* For superd's end: passes the calls of these filters on to the kernel, in a process that outlives superd, until no
 * process has them any more. false and errno: it could not be started. */
bool bind_worker_leave(const int *notifs, size_t count);
