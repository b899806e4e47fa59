/* How many clients a listener has now: connections that somebody has accepted and still holds, and those that wait in
 * its queue. A count is what the kernel's lists of sockets know a listener by; once it is taken nothing of the listener
 * itself is needed, so counting may be done beside the loop.
 *
 * Asked of the kernel by sock_diag, and read in /proc/net where there is none. Of TCP that is exact, and of stream and
 * seqpacket sockets in the file system or the abstract space; of UDP it is those sockets of the listener's port that
 * are connected to one peer, and os/netdiag/datagram_stamp tells the rest. Connections that a backend opens elsewhere
 * are at another port or name, and so nobody's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

struct access;

/* Connections by the kernel's numbers for them, which one keeps from its handshake to its end. */
struct cookie_set {
	uint64_t *list;                 /* free() it; sorted, for whoever is sought among them */
	size_t count, room;
	bool failed;                    /* some could not be noted: no memory, or the kernel does not tell the numbers */
};

enum conn_kind { CONN_NONE, CONN_TCP, CONN_UDP, CONN_UNIX, CONN_KINDS };

/* Which connections count. For TCP only, unless stated. */
enum conn_which {
	CONN_WHICH_CLIENTS,
	CONN_WHICH_QUEUED,              /* only those not accepted yet, or whose handshake is under way; of unix sockets
					 * only with cookies */
	CONN_WHICH_HANDSHAKE,           /* only those whose handshake is under way */
	CONN_WHICH_ALL,                 /* clients, and those whose handshake is under way */
	CONN_WHICH_HELD,                /* clients that a process has accepted */
	CONN_WHICH_ACCEPTED,            /* the same without those that no process has accepted; unix sockets too */
};

struct conn_count {
	unsigned char kind;             /* enum conn_kind; NONE: nothing is known of such a socket */
	bool anywhere;                  /* inet: it is bound to no address, so all of its family and port are its */
	bool known;                     /* count says something */
	unsigned char family;           /* AF_INET, AF_INET6; its connections are of the same */
	uint16_t port;
	uint32_t interface;             /* it is bound to; 0: to none */
	union {
		unsigned char address[16];
		struct {
			uint32_t inode;                         /* of the listener itself, which knows its queue */
			unsigned char length;                   /* of name, which begins with a NUL where it is abstract */
			char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
		};
	};
	const struct access *probes;    /* addresses whose connections do not count; NULL: none */
	unsigned char which;            /* enum conn_which */
	bool only_known;                /* only those among cookies count; else they are noted there */
	bool skips_known;               /* those among cookies don't count, and nobody is noted */
	bool knows_peer;                /* TCP: peer holds the address of the first connection counted */
	unsigned char peer[16];
	uint32_t count;
	struct cookie_set *cookies;     /* NULL: only count */
};

/* Fills in a count from an open socket that listens or receives datagrams. */
void conn_count_init(struct conn_count *conn, int fd);

/* Counts for all counts at once. */
void conn_counts_run(struct conn_count *conns, size_t count);

/* Whether both are of the same address, so that one socket can take the other's place. */
bool conn_count_is_same(const struct conn_count *a, const struct conn_count *b);

void cookie_set_sort(struct cookie_set *cookies);
