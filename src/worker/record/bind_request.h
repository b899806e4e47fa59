/* What superd asks superd-worker for a program with pass = bind, and what that reports: as in worker/record/request.h. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/record.h"
#include "os/netdiag/socket_address.h"
#include "os/socket/carried_options.h"

#define BIND_TEXT 144                   /* room for an address as text */
#define BIND_ALONE_MS 10000             /* for one call, until the process kills itself */

/* ---- bind: answers the calls of a program ---- */

/* A socket of superd's that the program may request. */
struct bind_offer {
	int fd;                         /* -1: it is not open, and fits nothing */
	bool given;                     /* true: the program has it */
	bool locks;                     /* true: its filter is locked before the program gets it, as it has address rules */
	struct socket_address *addresses;       /* addresses that also mean it; borrowed */
	size_t count;                   /* of addresses */
};

/* What a service's own processes are. */
struct caller_rule {
	uid_t uid;                      /* user and group of the start */
	gid_t gid;
	bool is_apart;                  /* superd gave the program namespaces or a root: those of the main process count */
	bool has_network;               /* one of them is a network; else superd's own counts */
	pid_t program;                  /* the main process */
	bool is_complete;               /* the program has all its sockets, and is ready */
};

/* Comes with the descriptor of the program's filter, and the file of a struct bind_progress. The sockets that are open
 * follow in messages of their own. */
struct bind_request {
	struct bind_offer *offers;      /* as read, `fd` is 0 where a socket follows */
	size_t count;
	struct caller_rule rule;        /* whose calls it answers; program and completeness are those of the progress */
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

/* An event to log: one message of the channel. */
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

void bind_request_record(struct record *record, struct bind_request *request);

/* ---- bind-left: lets the calls go of programs that superd has left ---- */

/* The descriptors of their filters follow. */
struct bind_left_request {
	uint32_t count;
};

void bind_left_request_record(struct record *record, struct bind_left_request *request);
