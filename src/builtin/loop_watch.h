/* The descriptors that the loop watches by epoll(7). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A watched descriptor, embedded in its user. */
struct loop_watch {
	enum { WATCH_LISTENER, WATCH_DATAGRAMS, WATCH_CLIENT, WATCH_TARGET, WATCH_PROBE, WATCH_FLOW, WATCH_CHANNEL,
	       WATCH_SIGNAL } kind;
	int fd;                         /* -1: none */
	bool emptied;                   /* a listener: its queue was empty once (sender_is_admitted) */
};

/* epoll_ctl(2) for a descriptor. */
bool loop_watch_set(int epoll, int operation, struct loop_watch *watch, uint32_t events);

/* Takes the sooner of two numbers of milliseconds; -1 is never. */
void loop_sooner(int64_t *timeout, int64_t other);
