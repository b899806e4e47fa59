/* When a datagram was last received from a socket, by any process: the kernel records the time in the socket
 * (SIOCGSTAMPNS, socket(7)), which superd shares with its backend. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The state of a socket. If two are equal, no datagram was received in between. */
struct datagram_stamp {
	int64_t stamp;                  /* nanoseconds, CLOCK_REALTIME; 0: none yet */
	bool waits;                     /* a datagram is in the queue */
	bool known;                     /* false: the system does not report it, or the service receives the times itself */
};

/* Reads the state. The first call on a socket makes the kernel start recording. */
void datagram_stamp_read(int fd, struct datagram_stamp *last);
