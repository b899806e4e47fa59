/* Facts about sockets by netlink (sock_diag(7)), some of which the kernel tells in no other way. Never waits: the
 * kernel answers while it is asked. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/netdiag/socket_address.h"

struct nlmsghdr;

struct sock_diag_unix {
	bool has_node, has_queue;
	uint32_t node;                  /* inode number of its node in the file system, the lower 32 bits */
	uint32_t queue;                 /* a listener: connections waiting; else bytes to read */
};

/* false: the kernel does not say (no sock_diag, no netlink). It looks through all unix sockets there are. */
bool sock_diag_unix(int fd, struct sock_diag_unix *out);

/* sock_diag_ask for the IP sockets of a family (AF_INET, AF_INET6), a protocol, states (bits of 1 << TCP_LISTEN and so on) and
 * a port (0: any). */
bool sock_diag_inet(int family, int protocol, uint32_t states, uint16_t port,
		    void (*each)(struct nlmsghdr *message, void *context), void *context);

/* Of a TCP socket that listens at this address, without its lock: connections waiting, and how many may. false: the
 * kernel does not say, or it does not listen. */
bool sock_diag_tcp(int fd, const struct socket_address *name, uint32_t *queue, uint32_t *limit);

/* Whether the sockets of the machine are so few that this takes less than a millisecond or so. */
bool sock_diag_unix_is_quick(void);

/* Puts a whole question (its struct nlmsghdr and what follows) and calls each with every message of the answer, which is bounded
 * to some millions of sockets. false: the kernel does not say, or not all of it. */
bool sock_diag_ask(const void *question, size_t size, void (*each)(struct nlmsghdr *message, void *context),
		   void *context);
