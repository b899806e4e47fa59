/* Receives a message with descriptors (SCM_RIGHTS, unix(7)) in a helper process, as dropping a descriptor may block for
 * ever. The process answers as soon as it has the message. It passes on requested descriptors of kinds that can be
 * held, polled and closed without a file system, and keeps the rest until it exits. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "superd/start/worker_process.h"
#include "worker/record/request.h"

/* The process's answer. The caller closes the descriptors. */
struct received {
	int fds[RECEIVED_MOST];         /* close-on-exec */
	size_t count;
	pid_t process;                  /* pid of the pidfd's process, in superd's pid namespace; -1: none */
	unsigned refused;               /* RECEIVE_STORED: number of descriptors that were not passed on */
	char kind[RECEIVED_KIND];       /* kind of the first refused one: "a file", "anon_inode:[eventpoll]" */
};

enum receive_state { RECEIVE_DONE, RECEIVE_WAITS, RECEIVE_FAILED };

/* Starts the process that receives the first message in this socket's queue. Until it has answered, nothing else may
 * read from the socket. Its channel becomes readable then. owner, and `channel` -1: as of
 * worker_process_begin. */
struct worker_process receive_async(int socket, enum receive_purpose purpose, uint64_t owner);

/* Reads the process's answer from the channel without blocking. RECEIVE_FAILED: the process has ended without an
 * answer, or was refused, and may not have received the message; there may be descriptors. Unless it returns
 * RECEIVE_WAITS, the caller closes the channel. */
enum receive_state receive_async_hear(const struct worker_process *process, struct received *received);
