/* When a socket's last datagram was taken out of it, by whoever has it: the kernel keeps that time in the socket
 * itself, which superd shares with its backend. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A socket at one moment. If two are equal, no datagram was taken in between. */
struct datagram_stamp {
	int64_t stamp;                  /* nanoseconds of the wall clock; 0: none yet */
	bool waits;                     /* a datagram is in the queue */
	bool known;                     /* false: the system does not say, or the service gets the times itself */
};

/* The first call on a socket has the kernel begin to keep the time. */
void datagram_stamp_read(int fd, struct datagram_stamp *last);
