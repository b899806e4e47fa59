/* Facts about sockets by netlink (sock_diag(7)), some of which the kernel reports in no other way. Never blocks: the
 * kernel answers within the request. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/netdiag/socket_address.h"

struct nlmsghdr;
struct rtattr;
struct stat;

/* The kernel's report about a unix socket; has_node and has_queue show which fields are valid. */
struct sock_diag_unix {
	bool has_node, has_queue;
	uint32_t node;                  /* lower 32 bits of the inode number of its node in the file system */
	uint32_t queue;                 /* connections in a listener's accept queue; else bytes to read */
};

/* false: the kernel does not report it (no sock_diag, no netlink). The kernel searches all unix sockets of
 * the machine. */
bool sock_diag_unix(int fd, struct sock_diag_unix *out);

/* Whether a unix socket of this network namespace listens at this node, by what name ever. false: also if the kernel does
 * not report it, if it was shut down, or if the file system shows its nodes under other numbers (overlayfs, btrfs). */
bool sock_diag_unix_listens(const struct stat *node);

/* As sock_diag_ask, for all unix sockets in these states, bits 1 << TCP_LISTEN and so on, with the attributes that the
 * bits UDIAG_SHOW_... ask for. */
bool sock_diag_list_unix(unsigned states, unsigned show, void (*each)(struct nlmsghdr *message, void *context),
			 void *context);

/* The attribute of this type in a message about a unix socket; NULL: it has none with so many bytes. */
const struct rtattr *sock_diag_unix_attribute(struct nlmsghdr *message, unsigned short type, size_t least);

/* Which inet sockets to list. */
struct sock_diag_filter {
	int family, protocol;           /* AF_INET or AF_INET6; IPPROTO_TCP or IPPROTO_UDP */
	uint32_t states;                /* bits 1 << TCP_LISTEN and so on */
	uint16_t port;                  /* local port; 0: any */
};

/* As sock_diag_ask, for the sockets that the filter selects. */
bool sock_diag_inet(const struct sock_diag_filter *filter, void (*each)(struct nlmsghdr *message, void *context),
		    void *context);

/* The accept queue's length and limit of a TCP socket that listens at this address, read without the socket's lock.
 * false: the kernel does not report it, or the socket does not listen. */
bool sock_diag_tcp(int fd, const struct socket_address *name, uint32_t *queue, uint32_t *limit);

/* The address of a socket that listens, or of a UDP socket, read without the socket's lock: the kernel lists all of the
 * domain and protocol. false: the kernel does not report it. */
bool sock_diag_name(int fd, int domain, int protocol, struct socket_address *name);

/* The state of the TCP connection with this struct inet_diag_sockid, and the number of its unread bytes; takes no lock.
 * false: there is none, or the kernel does not report it. */
bool sock_diag_find(unsigned char family, const void *id, unsigned *state, uint32_t *unread);

/* Whether the machine has so few sockets that sock_diag_unix takes less than a millisecond or so. */
bool sock_diag_unix_is_quick(void);

/* Sends a request (a struct nlmsghdr and what follows) and calls `each` for every message of the answer, which is
 * limited to some millions of sockets. false: no answer, or not a complete one. */
bool sock_diag_ask(const void *question, size_t size, void (*each)(struct nlmsghdr *message, void *context),
		   void *context);

const void *sock_diag_attribute(const struct rtattr *attribute);        /* the data of an attribute */
