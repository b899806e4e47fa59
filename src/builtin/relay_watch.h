/* The descriptors of a redirect that epoll(7) watches. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A watched descriptor, embedded in its user. */
struct relay_watch {
	enum { WATCH_LISTENER, WATCH_DATAGRAMS, WATCH_CLIENT, WATCH_TARGET, WATCH_PROBE, WATCH_FLOW, WATCH_CHANNEL,
	       WATCH_SIGNAL } kind;
	int fd;                         /* -1: none */
	bool emptied;                   /* a listener: its queue was empty once (sender_is_admitted) */
};

/* epoll_ctl(2) for a descriptor. */
bool relay_watch_set(int epoll, int operation, struct relay_watch *watch, uint32_t events);
