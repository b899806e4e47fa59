/* The clients that a draining instance had before it had a successor. They are connected to the same address as the
 * successor's clients, but must not keep the successor awake (engine/idle/idle). superd notes their socket cookies
 * (sock_diag(7)) once, and admits no new client meanwhile. A client that may be the successor's is not noted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/runtime/runtime.h"

struct conn_query;
struct drain_snapshot;
struct drained_socket;

/* Notes the clients of an instance that has these sockets and was just retired. Without memory it notes none. */
void drain_snapshot_note(struct drain_snapshot *snapshot, struct service_runtime *runtime,
			 const struct drained_socket *sockets, size_t count);
void drain_snapshot_free(struct drain_snapshot *snapshot);

/* Makes the query leave out the clients of draining instances. */
void drain_snapshot_spare(struct conn_query *query);

bool drain_snapshot_is_noting(const struct service_runtime *runtime); /* a snapshot is under way: superd admits no new client */
