/* Reports TCP connections at the moment when the server's side of them is completely gone: a netlink socket of
 * sock_diag(7) in the kernel's groups SKNLGRP_INET_TCP_DESTROY. It needs no privilege, and ports that were not
 * subscribed do not wake it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens a non-blocking socket that reports no port yet; the caller closes it. -1 and errno: this system has none. */
int tcp_destroy_open(void);

/* Limits the reports to these ports, which are sorted and unique. If they are too many for a filter, all ports are
 * reported. 0; -1 and errno: nothing has changed. */
int tcp_destroy_subscribe(int fd, const uint16_t *ports, size_t count);

/* A closed connection: the server's port and the client's address, 4 or 16 bytes, borrowed. */
struct tcp_destroy_event {
	uint16_t port;
	unsigned char family;
	bool silent;                    /* the client has never sent a byte */
	const void *peer;
};

/* Reads a message of the kernel, of this length. false: it reports no closed connection. */
bool tcp_destroy_parse(const void *message, size_t length, struct tcp_destroy_event *event);

/* Calls `gone` for each closed connection. false: the socket's buffer overflowed, so any connection may be gone. */
bool tcp_destroy_read(int fd, void (*gone)(void *context, const struct tcp_destroy_event *event), void *context);
