/* Tells whether a client has come to a listener since the last look, though not how many: an edge-triggered epoll(7)
 * reports a listener again only after the kernel has put another connection into its queue. That needs neither the
 * socket's lock nor a list of the machine's connections. */
#pragma once

#include <stdbool.h>

int arrivals_open(void);                /* returns a descriptor that watches nothing yet; -1 and errno */
bool arrivals_add(int watch, int fd);   /* false and errno: the listener cannot be watched */

/* Whether a client has connected. The first call after arrivals_add reports clients that were in the queue already. */
bool arrivals_any(int watch);
