/* Receiving a message with descriptors in a process beside superd, which may hang for ever in dropping them. It
 * answers as soon as it has the message; it gives back what was asked for and is proven to be of a kind that can be
 * held, polled and closed without asking a file system, and keeps the rest to itself until its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RECEIVED_MOST 253               /* descriptors; the kernel sends no more at once */
#define RECEIVED_KIND 40

enum receive_purpose {
	RECEIVE_NOTHING,                /* all descriptors are dropped */
	RECEIVE_STORED,                 /* sockets, pipes, memfds, eventfds, timerfds and pidfds are given back */
	RECEIVE_PROCESS,                /* the process of the one pidfd is told */
};

struct received {
	int fds[RECEIVED_MOST];         /* close-on-exec */
	size_t count;
	pid_t process;                  /* as this namespace knows it; -1: there is none */
	unsigned refused;               /* descriptors that were not given back, of RECEIVE_STORED */
	char kind[RECEIVED_KIND];       /* of the first of these, printable: "a file", "anon_inode:[eventpoll]" */
};

enum receive_state { RECEIVE_DONE, RECEIVE_WAITS, RECEIVE_FAILED };

/* Starts the process that takes the message that stands first at this socket. Until it has answered nobody else is to
 * read there. *report is readable then; -1 and errno. */
pid_t receive_aside(int socket, enum receive_purpose purpose, int *report);

/* Its answer, without waiting. RECEIVE_FAILED: it ended without one, and may not have taken the message. The caller
 * closes report when it is not RECEIVE_WAITS. */
enum receive_state receive_aside_hear(int report, struct received *received);
