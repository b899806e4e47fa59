/* Shared by the files of os/netdiag/conn_count. */
#pragma once

#include "os/netdiag/conn_count.h"

/* An inet socket as one of the kernel's lists shows it. */
struct seen_inet {
	unsigned char family, state;    /* state: TCP_ESTABLISHED and so on of netinet/tcp.h */
	uint16_t port;
	uint32_t interface;             /* index of the interface it is bound to; 0: none */
	bool held;                      /* a process has it open */
	bool knows_interface;           /* `interface` is valid */
	const void *address, *peer;     /* local and remote address, 4 or 16 bytes, borrowed */
	uint64_t id;                    /* socket cookie; 0: unknown */
	const void *socket_id;          /* struct inet_diag_sockid, borrowed; NULL: unknown */
	uint32_t unread, unsent;        /* bytes that the process has not read, and that the peer has not acknowledged */
	bool knows_age;                 /* `age` is valid */
	uint32_t age;                   /* milliseconds since data was last sent or received */
	bool awaits_client;             /* with `age`: the last data was sent, not received */
};

/* A unix socket as one of the kernel's lists shows it. */
struct seen_unix {
	bool listens;
	uint32_t inode;
	uint32_t queue;                 /* connections in its accept queue, if it listens */
	uint64_t id;                    /* socket cookie; 0: unknown */
	uint32_t peer;                  /* inode of the other end; 0: closed, or unknown */
	const char *name;               /* its path or abstract name, borrowed, not NUL-terminated */
	size_t length;
};

/* Whether sockets of this family can be the count's own. */
bool conn_count_has_family(const struct conn_count *conn, int family);

/* Counts a socket for each count that it belongs to. */
void conn_counts_see_inet(struct conn_count *conns, size_t count, enum conn_kind kind, const struct seen_inet *seen);
void conn_counts_see_unix(struct conn_count *conns, size_t count, const struct seen_unix *seen);

/* Counts a client in the accept queue of a unix socket, by the inode of the client's end: the server's end has no inode
 * before accept(2). */
void conn_count_see_queued(struct conn_count *conn, uint32_t peer);

/* Counts the socket of one message of sock_diag, of any length. */
struct nlmsghdr;
void conn_counts_see_message(struct conn_count *conns, size_t count, enum conn_kind kind, struct nlmsghdr *message);

/* Reads a listener of one message (os/netdiag/own_ports). false: it is none that clients can reach. */
bool own_port_read_tcp(struct nlmsghdr *message, struct conn_count *own);
bool own_port_read_unix(struct nlmsghdr *message, struct conn_count *own);

/* Do the counts of one kind, by sock_diag or by /proc/net. false: the kernel does not answer, or only in part. */
bool conn_counts_ask_diag(struct conn_count *conns, size_t count, enum conn_kind kind);
bool conn_counts_read_proc(struct conn_count *conns, size_t count, enum conn_kind kind);
