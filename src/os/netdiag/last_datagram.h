/* When a socket's last datagram was taken out of it, by whoever has it: the kernel keeps that time in the socket itself,
 * which superd shares with its backend. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What was known of a socket at one moment. Two that are equal: nothing was taken in between. */
struct last_datagram {
	int64_t stamp;                  /* nanoseconds of the wall clock; 0: none yet */
	bool waits;                     /* there is one in the queue */
	bool known;                     /* false: the system does not say, or the backend has the times told to itself */
};

/* The first call on a socket has the kernel begin to keep the time. */
void last_datagram_look(int fd, struct last_datagram *last);
