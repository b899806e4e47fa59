/* Counts clients by a superd-worker (worker/count). To report for how long a connection has been quiet (idle_means =
 * quiet), the kernel takes the connection's lock, which a process that has the connection may hold forever
 * (os/netdiag/foreign_socket). To find the ports that a backend has opened itself, the process must read all of the
 * backend's descriptors. Embedded in its user. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/stop/conn_query.h"
#include "superd/loop/worker_wait.h"
#include "worker/record/request.h"

struct client_look {
	struct worker_wait helper;
	bool by_turn;                   /* as in struct conn_count; the user sets it after client_look_init */
	/* The answer is there; it is borrowed. */
	void (*done)(struct client_look *look, const struct client_count_answer *answer);
};

void client_look_init(struct client_look *look, struct engine *engine,
		      void (*done)(struct client_look *look, const struct client_count_answer *answer));

/* Starts to examine the first `count` sockets of an answered query, with the same connections left out. Connections at
 * which nothing moved for quiet_after milliseconds count as quiet. pids: processes whose own ports are examined, too;
 * NULL: none. Calls done once, later, from the loop. false: no process can be started. */
bool client_look_start(struct client_look *look, struct conn_query *query, size_t count, uint32_t quiet_after,
		       const pid_t *pids);
bool client_look_is_open(const struct client_look *look);
void client_look_cancel(struct client_look *look); /* done is not called; may be called again */

/* Appends "tcp:127.0.0.1:6379", "tcp:6379" for a wildcard address, or "unix:/run/x". */
void own_port_describe(const struct conn_count *own, struct buf *out);

/* What client_look_start and its answer consist of, for tests. Starts the process, which gets a copy of the request;
 * owner: of worker_process_start. `channel` -1, with errno: it could not be started. The other reads the answer, and never
 * blocks. */
struct worker_process client_count_begin(const struct client_count_request *request, uint64_t owner);
void client_count_hear(const struct worker_process *helper, struct client_count_answer *answer);
