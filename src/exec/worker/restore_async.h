/* Putting back what a backend may have changed of its listener (bind_restore), in a process beside superd: whoever has
 * the socket, too, may hold its lock for as long as he likes (os/netdiag/foreign_socket). Unlike foreign_socket_do
 * superd does not wait for it, and one process serves many listeners, one after the other; a fork for each would cost
 * ten times what it does. It has superd's memory as that was when it was started, so it must end when rows come. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/service/service.h"

struct restore_async {
	int channel;                    /* readable when it has answered, or has ended; -1: there is no process */
	pid_t pid;
	uint64_t serial;                /* spawn_worker_serial: the pid may be another's by now */
};

void restore_async_init(struct restore_async *async);

/* Asks for a restore under a number; starts the process if there is none. The row must be as old as the process. false
 * and errno, EAGAIN: too many questions are open. */
bool restore_async_ask(struct restore_async *async, int fd, const struct listen *listen, uint64_t number);

/* Reads the next answer, without waiting: its number, and errno in *error, 0: all was restored. false and errno,
 * EAGAIN: no answer yet; any other: the process has ended. */
bool restore_async_hear(struct restore_async *async, uint64_t *number, int *error);

/* Ends it, whatever it does. The loop reaps it. */
void restore_async_end(struct restore_async *async);
