/* What superd and superd-bind say to each other. superd has one superd-bind for each instance with pass = bind, and a
 * channel to it (SOCK_SEQPACKET). Both ends survive the death of the other. */
#pragma once

#include "os/netdiag/netdiag.h"

enum { BIND_TEXT = 144, BIND_SOCKETS = 200 };

/* The number of a socket: its row's, and the IP version where it is for that alone (AF_INET, AF_INET6; 0: it is what the
 * row says). It stays the same wherever superd has the socket. */
#define BIND_NUMBER(row, family) ((unsigned)(row) | (unsigned)(family) << 8)
#define BIND_ROW(number) ((number)&255)
#define BIND_FAMILY_OF(number) ((number) >> 8)

/* IP_MINTTL of a socket of TCP while it is tried: the kernel drops who connects there, and he tries again, at the
 * socket that it is by then. No program asks for this number: 255 is the one of BGP. */
#define BIND_HELD_BACK 254

/* A socket of the service, or an address of its `binds`. */
struct bind_entry {
	unsigned number;
	enum {
		BIND_LOCKS = 1, /* its filter is locked before a program has it, as it has address rules */
		BIND_DUAL = 2, /* its row has a port without an address: superd opens it for one IP version, if asked */
		BIND_TRIAL = 4, /* it is beside others of its row until it shows whether the program keeps it */
	} flags;
	struct socket_address address; /* its length is 0: a descriptor of the message is the socket */
};

/* From superd. */
struct bind_order {
	enum {
		BIND_BEGIN, /* the first: its first descriptor is the end of a channel by which the program's filter comes */
		BIND_SOCKET, /* answers BIND_NEEDS: an entry, or none if it cannot be opened */
		BIND_TELL,   /* by a new superd, which asks what the program has */
		BIND_LEAVE, /* the instance has ended: what is left of it has the kernel's answers, but for superd's paths */
		BIND_SETTLE, /* the program has bound nothing for a while: what has it kept of what it tries? */
	} word;
	pid_t superd;
	uid_t uid; /* BEGIN: of the service; and its group */
	gid_t gid;
	bool any_network; /* BEGIN: its program has a network of its own */
	char group[1024]; /* BEGIN: the control group that has all processes of the instance; "": there is none */
	unsigned count;
	struct bind_entry entries[];
};

/* From superd-bind: what a process asked for, and what it has got. */
struct bind_note {
	enum bind_event {
		BIND_GIVEN, /* more: names of the options that it had set and does not have any more */
		BIND_NEEDS, /* superd is to open the socket for this IP version alone, or for what the row says (family 0)
			     * where it is for one alone; and superd-bind waits */
		BIND_OTHER, /* more: why the kernel binds it, as it is none of superd's, or the process is of another user */
		BIND_LISTENS, /* text: where, at a port of the kernel's choice */
		BIND_WIDE, /* refused: superd's socket is for all addresses; more: it has not this option, and what to do */
		BIND_FAMILY, /* refused: it is an IPv4 socket, and superd's is an IPv6 one, or the reverse */
		BIND_FAULT,  /* more: another reason for which it has not got superd's */
		BIND_OVER,   /* the last: no process can ask any more */
		BIND_KEPT, /* a process has what was tried, and none has those that it was beside: they are to close */
		BIND_DROPPED, /* none has it any more: it is to close */
	} event;
	unsigned number;
	pid_t pid;
	int family;
	char text[BIND_TEXT]; /* the address, as an endpoint */
	char more[256];
};
