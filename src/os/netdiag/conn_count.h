/* Counts the clients of listeners: connections that a process has accepted and holds, and connections that wait in the
 * accept queue. A count contains the data of the kernel's lists about a listener. Once it is filled in, the listener's
 * descriptor is not needed, so a helper process can do the counting.
 *
 * The numbers come from sock_diag(7), or from /proc/net where that is missing. They are exact for TCP, and for unix
 * stream and seqpacket sockets with a path or an abstract name. For UDP they count the sockets of the listener's port
 * that are connected to a peer; os/netdiag/datagram_stamp covers the rest. Connections that a backend opens elsewhere
 * have another port or name, and do not count. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

struct access;

#define SILENT_MOST 16                  /* silent connections of one count that are noted */

/* A connection in the queue that has brought no byte yet, as the kernel identifies it. */
struct silent_conn {
	unsigned char family;
	uint32_t id[12];                /* struct inet_diag_sockid */
};

/* A set of connections by the kernel's socket cookies (SO_COOKIE, socket(7)), which a connection keeps from its
 * handshake to its end. The kernel counts up from 1, so COOKIE_HELD is free: a process had accepted the connection when
 * it was noted. A zeroed struct is empty. */
#define COOKIE_HELD ((uint64_t)1 << 62)

struct cookie_set {
	uint64_t *list;                 /* owned; sorted by cookie_set_sort, for lookups */
	size_t count, room;
	bool failed;                    /* some are missing: out of memory, or the kernel does not report cookies */
	struct silent_conn *silent;     /* SILENT_MOST of them; owned; NULL: none was seen (wants_words) */
	size_t silent_count;
};

enum conn_kind { CONN_NONE, CONN_TCP, CONN_UDP, CONN_UNIX, CONN_KINDS };

/* Which connections count. For TCP only, unless stated otherwise. */
enum conn_which {
	CONN_WHICH_CLIENTS,             /* established connections, accepted or not; all kinds */
	CONN_WHICH_QUEUED,              /* only those not yet accepted, and those in their handshake; for unix sockets only with cookies */
	CONN_WHICH_ALL,                 /* clients, and those in their handshake */
	CONN_WHICH_ACCEPTED,            /* those in their handshake, and clients that a process has accepted; unix sockets too */
};

#define CONN_PEERS_MOST 4               /* addresses of clients that a count keeps */

/* The count of one listener: its identity and what to count, filled in before, and the result. */
struct conn_count {
	unsigned char kind;             /* enum conn_kind; CONN_NONE: the kernel cannot list such a socket's clients */
	bool is_wildcard;               /* inet: bound to the wildcard address, so every connection of its family and port is its own */
	bool takes_ipv4;                /* TCP: AF_INET sockets of its port are its own, too (conn_count_take_ipv4) */
	bool known;                     /* result: `count` is valid */
	unsigned char family;           /* AF_INET or AF_INET6, also of its connections */
	uint16_t port;
	uint32_t interface;             /* index of the interface that it is bound to; 0: none */
	union {
		unsigned char address[16];
		struct {
			uint32_t inode;                         /* inode of the listener, whose entry shows the queue */
			unsigned char length;                   /* bytes of `name`, which begins with a NUL if it is abstract */
			char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
		};
	};
	const struct access *probes;    /* addresses whose connections do not count (health checks); NULL: none */
	unsigned char which;            /* enum conn_which */
	bool only_known;                /* only connections in `cookies` count; otherwise the counted ones are added to it */
	bool skips_known;               /* connections that are COOKIE_HELD in `cookies` do not count, and none is added */
	unsigned char peer_count;       /* TCP: of `peers`, the addresses of the first counted connections, each once */
	unsigned char peers[CONN_PEERS_MOST][16];
	uint32_t quiet_after;           /* TCP: milliseconds without movement from which a connection is quiet; 0: none is */
	bool by_turn;                   /* with quiet_after: only a connection that waits for its client is quiet */
	bool wants_words;               /* TCP in the queue: only those count that have brought a byte; others are in cookies->silent */
	bool skips_left;                /* TCP in the queue: a client that has left without a byte does not count */
	uint32_t count;                 /* result: number of connections */
	uint32_t quiet;                 /* result: number of quiet ones, which are not in `count` */
	uint32_t moved;                 /* result: the same of the one that moved last; UINT32_MAX: there is none */
	struct cookie_set *cookies;     /* borrowed; NULL: only count */
};

/* Fills in the identity of an open socket that listens or receives datagrams. */
void conn_count_init(struct conn_count *conn, int fd);

/* Makes connections count that belong to a TCP socket for both IP versions and have become AF_INET sockets, as a
 * program with an IPv4 socket has them (worker/bind/answer; IPV6_ADDRFORM of ipv6(7)). Does nothing for other
 * sockets. It costs one more list. */
void conn_count_take_ipv4(struct conn_count *conn, int fd);

/* Counts for all listeners at once. With quiet_after the kernel takes the lock of each connection
 * (os/netdiag/foreign_socket): only a helper process may do that. */
void conn_counts_run(struct conn_count *conns, size_t count);

/* Whether both listeners have the same address, so that one socket can take the other's place. */
bool conn_count_is_same(const struct conn_count *a, const struct conn_count *b);

/* Whether fd is a TCP connection to one of these listeners, also one that was reset. Sets *is_probe if it comes from
 * the listener's `probes`. Takes the socket's lock. */
bool conn_counts_own(const struct conn_count *conns, size_t count, int fd, bool *is_probe);

void cookie_set_sort(struct cookie_set *cookies);
void cookie_set_free(struct cookie_set *cookies);       /* the set is then empty */

/* Whether a silent connection is still silent. Takes no lock, and examines no other connection. */
enum silence { SILENT_STILL, SILENT_SPOKE, SILENT_LEFT };
enum silence silent_conn_look(const struct silent_conn *conn);
