/* Hearing of TCP connections that are gone, at the moment when nothing of the server's side of one is left: a netlink
 * socket of sock_diag that has joined the kernel's groups for this. It needs no privilege, and ports nobody asked for
 * don't wake it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A non-blocking socket that hears of no port yet, to be closed by the caller. -1 and errno: this system has none. */
int departures_open(void);

/* From now on it hears of these ports and no others; ports is sorted, none twice. Where they are too many for the
 * kernel's programs it hears of all there are. 0, or -1 and errno: as before. */
int departures_listen(int fd, const uint16_t *ports, size_t count);

/* One of them: whose server was at this port, and whose client had this address, of 4 bytes or 16. */
struct departure {
	uint16_t port;
	unsigned char family;
	const void *peer;
};

/* Calls gone with each that was heard of. false: there were more than fit in, so any may have been. */
bool departures_take(int fd, void (*gone)(void *context, const struct departure *departure), void *context);
