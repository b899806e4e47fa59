/* The clients that a draining instance had before there was a successor. They come from the same address as the
 * successor's, which need not be kept awake for them (engine/idle/idle). They are noted once, by the kernel's numbers,
 * while no new client is let in; a client that is not surely one of them passes for the successor's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "engine/runtime/runtime.h"

struct conn_query;
struct drain_snapshot;
struct drained_socket;

/* Notes the clients of an instance that has these sockets, and was retired just now. */
void drain_snapshot_note(struct drain_snapshot *snapshot, struct service_runtime *runtime,
			 const struct drained_socket *sockets, size_t count);
void drain_snapshot_free(struct drain_snapshot *snapshot);

/* The query will not count the clients of draining instances. */
void drain_snapshot_spare(struct conn_query *query);

bool drain_snapshot_is_noting(const struct service_runtime *runtime); /* new clients are let in when it is done */
