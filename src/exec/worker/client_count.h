/* Counts clients in a helper process. How long nothing has moved at a connection the kernel tells only after it took
 * the connection's lock, and a process that has the connection can keep that for as long as it likes
 * (os/netdiag/foreign_socket). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/netdiag/conn_count.h"

/* The process and its channel. */
struct client_count {
	int channel;                    /* socket, readable when the process has answered or exited; -1: there is none */
	pid_t pid;
	uint64_t serial;                /* spawn_worker_serial, as the pid may be reused; 0: there was none */
};

/* The sums of all listeners, as in struct conn_count. */
struct client_count_answer {
	bool known;                     /* false: the kernel does not tell, or the process did not answer */
	uint32_t count, quiet, moved;
};

void client_count_init(struct client_count *helper);

/* Starts the process. Everything is borrowed until this returns. false: it cannot be started, or the one before still
 * hangs. */
bool client_count_begin(struct client_count *helper, const struct conn_count *conns, size_t count);

/* Reads the answer, never blocks, and ends the process. */
void client_count_hear(struct client_count *helper, struct client_count_answer *answer);

/* Kills the process, whatever it does. The loop reaps it. */
void client_count_end(struct client_count *helper);
