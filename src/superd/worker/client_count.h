/* Counts clients in a helper process. To report for how long a connection has been quiet, the kernel takes the
 * connection's lock, which a process that has the connection may hold forever (os/netdiag/foreign_socket). To find the
 * ports that a backend has opened itself, the process must read all of the backend's descriptors. */
#pragma once

#include "lib/buf.h"
#include "superd/spawn/worker_process.h"
#include "worker/record/request.h"

/* Starts the process, which gets a copy of the request. owner: of struct worker_start. `channel` -1, with
 * errno: it could not be started. */
struct worker_process client_count_begin(const struct client_count_request *request, uint64_t owner);

/* Reads the answer, and never blocks. */
void client_count_hear(const struct worker_process *helper, struct client_count_answer *answer);

/* Appends "tcp:127.0.0.1:6379", "tcp:6379" for a wildcard address, or "unix:/run/x". */
void own_port_describe(const struct conn_count *own, struct buf *out);
