/* Counts clients in a helper process. To report for how long a connection has been quiet, the kernel takes the
 * connection's lock, which a process that has the connection may hold forever (os/netdiag/foreign_socket). To find the
 * ports that a backend has opened itself, the process must read all of the backend's descriptors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "os/netdiag/conn_count.h"
#include "os/netdiag/own_ports.h"
#include "os/proc/process.h"
#include "superd/spawn/worker_process.h"

/* What to count. All is borrowed until client_count_begin returns. */
struct client_count_request {
	const struct conn_count *conns; /* superd's listeners */
	size_t count;
	uint32_t quiet_after;           /* as in struct conn_count, for all */
	bool by_turn;                   /* the same */
	uint64_t owner;                 /* of struct worker_start */
	const pid_t *pids;              /* processes whose own ports count, too; 0 ends the list; NULL: none */
	const struct file_id *known;    /* sockets that are not their own: superd's listeners */
	size_t known_count;
};

/* The sums of all listeners, as in struct conn_count, and the ports of their own. */
struct client_count_answer {
	bool known;                     /* false: the kernel does not tell, or the process did not answer */
	uint32_t count, quiet, moved;
	uint32_t own_count;
	struct conn_count own[OWN_PORTS_MOST];  /* `quiet_after`, `probes` and `cookies` are not set */
};

/* Starts the process. `channel` -1, with errno: it could not be started. */
struct worker_process client_count_begin(const struct client_count_request *request);

/* Reads the answer, and never blocks. */
void client_count_hear(const struct worker_process *helper, struct client_count_answer *answer);
