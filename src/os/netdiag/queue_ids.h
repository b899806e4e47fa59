/* Identifies the first datagram in a socket's queue: this distinguishes a service that received none from one that
 * received some while others arrived. superd/stop/start_look keeps the waiting clients of connections in a struct
 * queue_ids, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/service/service.h"

#define QUEUE_IDS_MOST 16384

struct queue_ids {
	size_t count, room;             /* at most QUEUE_IDS_MOST */
	uint64_t *id;                   /* owned; ascending */
};

/* Replaces the ids by that of the first datagram. false: unknown, as for a socket that accepts connections. For a FIFO,
 * the number of bytes in it replaces the datagram, and the call may take 100 ms; else it never blocks. */
bool queue_ids_read(int fd, const struct listen *listen, struct queue_ids *ids);
void queue_ids_free(struct queue_ids *ids);             /* frees the ids; the struct is then empty */

/* Whether any of these entries has left the queue. Unknown counts as left. */
bool queue_ids_have_moved(int fd, const struct listen *listen, const struct queue_ids *before);
