/* Shared by the files of os/netdiag/conn_count. */
#pragma once

#include "os/netdiag/conn_count.h"

/* A socket as one of the kernel's lists has it. */
struct seen_inet {
	unsigned char family, state;    /* state as in netinet/tcp.h */
	uint16_t port;
	uint32_t interface;
	bool held;                      /* a process has it open */
	bool knows_interface;
	const void *address, *peer;     /* 4 bytes or 16 */
	uint64_t id;                    /* 0: unknown */
};

struct seen_unix {
	bool listens;
	uint32_t inode;
	uint32_t queue;                 /* connections in its accept queue, if it listens */
	uint64_t id;                    /* 0: unknown */
	uint32_t peer;                  /* inode of the other end; 0: it is gone, or unknown */
	const char *name;
	size_t length;
};

/* Counts a socket for each count that it belongs to. */
void conn_counts_see_inet(struct conn_count *conns, size_t count, enum conn_kind kind, const struct seen_inet *seen);
void conn_counts_see_unix(struct conn_count *conns, size_t count, const struct seen_unix *seen);

/* Notes a client in the accept queue of a unix socket, by the inode of the client's end; the other end has no number
 * before accept(2). */
void conn_count_see_queued(struct conn_count *conn, uint32_t peer);

/* Count the counts of one kind, by sock_diag or by /proc/net. false: the kernel does not answer, or only in part. */
bool conn_counts_ask_diag(struct conn_count *conns, size_t count, enum conn_kind kind);
bool conn_counts_read_proc(struct conn_count *conns, size_t count, enum conn_kind kind);
