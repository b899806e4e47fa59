/* What the kernel reports of sockets: addresses, clients, queues, ends of connections. */
#pragma once

#include <linux/netlink.h>

#include <linux/vm_sockets.h> /* behind <sys/socket.h> */

#include "os/host/host.h"

/* ---- socket_address.c ---- */

/* A socket address of any family, with its length. */
struct socket_address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_nl nl;
		struct sockaddr_vm vm;
		struct sockaddr_storage storage;
	};
	socklen_t length;
};

/* The arguments of socket(2) for a kind of endpoint. AF_INET6 means both IP versions. */
struct socket_form {
	int domain, type, protocol;
};

/* Fills in the form. false: this kind is not a socket (fifo, special), or superd does not serve it (rpc, tcpmux). */
bool socket_form(const struct endpoint *endpoint, struct socket_form *form);

/* Makes the address to bind, for an endpoint whose names are resolved. family is AF_INET or AF_INET6; other kinds
 * ignore it. false and errno: EAFNOSUPPORT: the address is of another family; ENAMETOOLONG; EINVAL. */
bool socket_address_make(const struct endpoint *endpoint, int family, struct socket_address *address);

/* AF_INET or AF_INET6 if the endpoint names one, as every literal address does; AF_UNSPEC for both. */
int socket_address_family(const struct endpoint *endpoint);

/* Whether the address is valid only with an interface: a link-local IPv6 address. */
bool socket_address_is_scoped(const struct endpoint *endpoint);

/* Turns an IPv4-mapped address into the IPv4 address; leaves others alone. */
void socket_address_unmap(struct socket_address *address);

/* Writes the host as text, "" if there is none. unix: the path, or @name. */
void socket_address_host(const struct socket_address *address, char *out, size_t size);
int socket_address_port(const struct socket_address *address);  /* -1: none */

/* The IPv6 address, or the IPv4 address as a mapped one; false: it has neither. */
bool socket_address_bytes(const struct socket_address *address, unsigned char bytes[16]);

/* The source of a client, equal for those that count as one: its address, of IPv6 the first `prefix` bits; unix peers by
 * the uid at the other end of `fd`, vsock peers by CID. false: it has none. */
bool socket_address_source(const struct socket_address *address, int fd, unsigned prefix, unsigned char source[16]);

/* ---- sock_diag.c ---- */

/* Facts about sockets by netlink (sock_diag(7)), some of which the kernel reports in no other way. Never blocks: the
 * kernel answers within the request. */

struct inet_diag_msg;
struct nlmsghdr;
struct stat;

/* The kernel's report about a unix socket. */
struct sock_diag_unix {
	uint32_t node;                  /* lower 32 bits of the inode number of its node in the file system; 0: none */
	uint32_t queue;                 /* connections in a listener's accept queue; else bytes to read */
	uint32_t first;                 /* of a listener: inode of the client that has waited longest; 0: none waits */
};

/* false: the kernel does not report it (no sock_diag, no netlink). The kernel searches all unix sockets of
 * the machine. */
bool sock_diag_unix(int fd, struct sock_diag_unix *out);

/* Whether a unix socket of this network namespace listens at this node, by what name ever. false: also if the kernel does
 * not report it, if it was shut down, or if the file system shows its nodes under other numbers (overlayfs, btrfs). */
bool sock_diag_unix_listens(const struct stat *node);

/* Calls `each` for every unix socket in these states, bits 1 << TCP_LISTEN and so on, with the attributes that the bits
 * UDIAG_SHOW_... ask for; for some millions at most. false: no answer, or not a complete one. */
bool sock_diag_list_unix(unsigned states, unsigned show, void (*each)(struct nlmsghdr *message, void *context),
			 void *context);

/* Copies what an attribute of a message has, whose fixed part is of `head` bytes: at most `size` bytes, zeroes behind them.
 * Returns how many it has; 0: there is no such attribute. The second is for messages about unix sockets. */
size_t sock_diag_attribute(const struct nlmsghdr *message, size_t head, unsigned short type, void *out, size_t size);
size_t sock_diag_unix_attribute(const struct nlmsghdr *message, unsigned short type, void *out, size_t size);

/* Which inet sockets to list. */
struct sock_diag_filter {
	int family, protocol;           /* AF_INET or AF_INET6; IPPROTO_TCP or IPPROTO_UDP */
	uint32_t states;                /* bits 1 << TCP_LISTEN and so on */
	uint16_t port;                  /* local port; 0: any */
	uint8_t extensions;             /* attributes to report, bits 1 << (INET_DIAG_INFO - 1) and so on */
	uint64_t cgroup;                /* those made in this control group, by its number (version 2); 0: all */
};

/* The same for the inet sockets that the filter selects. false also if the kernel cannot select by control group. */
bool sock_diag_inet(const struct sock_diag_filter *filter, void (*each)(struct nlmsghdr *message, void *context),
		    void *context);

/* getsockopt(2) of an int; -1 and errno: the socket does not have the option. */
int socket_int(int fd, int level, int option);

/* The kernel's number of a socket, unique until the next boot (SO_COOKIE, socket(7)); 0: it is no socket. Does not block
 * for any descriptor. */
uint64_t socket_id(int fd);

/* ---- tcp_destroy.c ---- */

/* Reports TCP connections at the moment when the server's side of them is completely gone: a netlink socket of
 * sock_diag(7) in the kernel's groups SKNLGRP_INET_TCP_DESTROY. It needs no privilege, and ports that were not
 * subscribed do not wake it. */

/* Opens a non-blocking socket that reports no port yet; the caller closes it. -1 and errno: this system has none. */
int tcp_destroy_open(void);

/* Limits the reports to these ports, which are sorted and unique. If they are too many for a filter, all ports are
 * reported. 0; -1 and errno: nothing has changed. */
int tcp_destroy_subscribe(int fd, const uint16_t *ports, size_t count);

/* Calls `gone` for each closed connection. false: the socket's buffer overflowed, so any connection may be gone. */
bool tcp_destroy_read(int fd, void (*gone)(void *context, const struct inet_diag_msg *closed), void *context);

/* ---- sock_diag.c ---- */

/* When a datagram was last received from a socket, by any process: the kernel records the time in the socket
 * (SIOCGSTAMPNS, socket(7)), which superd shares with its backend. */

/* The state of a socket. If two are equal, no datagram was received in between. */
struct datagram_stamp {
	int64_t stamp;                  /* nanoseconds, CLOCK_REALTIME; 0: none yet */
	bool waits;                     /* a datagram is in the queue */
	bool known;                     /* false: the system does not report it, or the service receives the times itself */
};

/* Reads the state. The first call on a socket makes the kernel start recording. */
void datagram_stamp_read(int fd, struct datagram_stamp *last);
