/* Restores what a backend may have changed of its listener (bind_restore), in a helper process: another holder of the
 * socket may keep its lock for as long as it likes (os/netdiag/foreign_socket). Unlike with foreign_socket_do superd
 * does not wait, and one process serves many listeners in turn; a fork for each would cost ten times as much. The
 * process has a copy of superd's memory, so it must be ended when the table changes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/service/service.h"

/* The process and its channel. */
struct restore_async {
	int channel;                    /* socket, readable when the process has answered or exited; -1: there is none */
	pid_t pid;
	uint64_t serial;                /* spawn_worker_serial, as the pid may be reused */
};

void restore_async_init(struct restore_async *async);

/* Requests a restore under a number, and starts the process if there is none. The process must be younger than
 * `listen`. false and errno; EAGAIN: too many requests are open. */
bool restore_async_ask(struct restore_async *async, int fd, const struct listen *listen, uint64_t number);

/* Reads the next answer without blocking: its number, and its errno in *error, 0: all was restored. false and errno;
 * EAGAIN: no answer yet; any other: the process has exited. */
bool restore_async_hear(struct restore_async *async, uint64_t *number, int *error);

/* Kills the process, whatever it does. The loop reaps it. */
void restore_async_end(struct restore_async *async);
