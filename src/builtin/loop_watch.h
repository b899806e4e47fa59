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

/* Stops watching, and closes. Only this closes a descriptor that was watched (tests/lint/style): superd, and descriptors
 * 0 to 2, may have copies, which would keep a closed one in the epoll(7), and its next event would name memory that is free
 * by then. -1: nothing. */
void loop_watch_close(int epoll, struct loop_watch *watch);

/* Takes the sooner of two numbers of milliseconds; -1 is never. */
void loop_sooner(int64_t *timeout, int64_t other);
