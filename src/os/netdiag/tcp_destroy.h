/* Hearing of TCP connections that are gone, at the moment when nothing of the server's side of one is left: a netlink
 * socket of sock_diag that has joined the kernel's groups for this. It needs no privilege, and ports nobody asked for
 * don't wake it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A non-blocking socket that hears of no port yet, to be closed by the caller. -1 and errno: this system has none. */
int tcp_destroy_open(void);

/* Limits the reports to these ports, which are sorted and unique. If they are too many for a filter, all ports are
 * reported. 0; -1 and errno: nothing has changed. */
int tcp_destroy_subscribe(int fd, const uint16_t *ports, size_t count);

/* A closed connection: the server's port and the client's address, of 4 or 16 bytes. */
struct tcp_destroy_event {
	uint16_t port;
	unsigned char family;
	const void *peer;
};

/* Calls gone with each closed connection. false: the socket's buffer overflowed, so any connection may be gone. */
bool tcp_destroy_read(int fd, void (*gone)(void *context, const struct tcp_destroy_event *event), void *context);
