/* Between the files of os/netdiag/connections. */
#pragma once

#include "os/netdiag/connections.h"

/* A socket as one of the kernel's lists has it. */
struct seen_inet {
	unsigned char family, state;    /* state as in netinet/tcp.h */
	uint16_t port;
	uint32_t interface;
	bool held;                      /* a process has it */
	bool knows_interface;
	const void *address, *peer;     /* 4 bytes or 16 */
	uint64_t id;                    /* 0: unknown */
};

struct seen_unix {
	bool listens;
	uint32_t inode;
	uint32_t queue;                 /* of one that listens */
	uint64_t id;                    /* 0: unknown */
	uint32_t peer;                  /* inode of the other end; 0: it is gone, or unknown */
	const char *name;
	size_t length;
};

/* Counts it for each tally whose it is. */
void tallies_see_inet(struct tally *tallies, size_t count, enum tally_kind kind, const struct seen_inet *seen);
void tallies_see_unix(struct tally *tallies, size_t count, const struct seen_unix *seen);

/* Somebody in the queue of a unix socket, by the inode of his own end: what he will be served by has no number yet. */
void tally_see_queued(struct tally *tally, uint32_t peer);

/* Count those of one kind by one of two ways; false: the kernel does not tell, or stopped half-way. */
bool tallies_ask(struct tally *tallies, size_t count, enum tally_kind kind);
bool tallies_read(struct tally *tallies, size_t count, enum tally_kind kind);
