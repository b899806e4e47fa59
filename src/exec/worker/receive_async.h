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
	RECEIVE_PROCESS,                /* the pid of the one pidfd's process is returned */
};

struct received {
	int fds[RECEIVED_MOST];         /* close-on-exec */
	size_t count;
	pid_t process;                  /* pid of the pidfd's process, in this namespace; -1: none */
	unsigned refused;               /* descriptors that were not given back, of RECEIVE_STORED */
	char kind[RECEIVED_KIND];       /* kind of the first refused one: "a file", "anon_inode:[eventpoll]" */
};

enum receive_state { RECEIVE_DONE, RECEIVE_WAITS, RECEIVE_FAILED };

/* Starts the process that takes the message that stands first at this socket. Until it has answered nobody else is to
 * read there. *report is readable then; -1 and errno. */
pid_t receive_async(int socket, enum receive_purpose purpose, int *report);

/* Reads the process's answer, without waiting. RECEIVE_FAILED: it ended without an answer, and may not have taken the
 * message. Unless it returns RECEIVE_WAITS, the caller closes report. */
enum receive_state receive_async_hear(int report, struct received *received);
