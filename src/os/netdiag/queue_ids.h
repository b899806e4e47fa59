/* The first datagram in a socket's queue, to tell a service that took none from one that took some while others came.
 * For connections, engine/health/progress_proof notes the waiting clients in a struct queue_ids, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/service/service.h"

#define BACKLOG_MOST 16384

struct queue_ids {
	size_t count, room;
	uint64_t *id;                   /* ascending */
};

/* Notes the first datagram, in place of those noted before. false: unknown, as of a socket that accepts. Of a fifo,
 * the bytes that wait stand for it, and a tenth of a second may pass; else it never blocks. */
bool queue_ids_read(int fd, const struct listen *listen, struct queue_ids *backlog);
void queue_ids_free(struct queue_ids *backlog);         /* leaves it empty */

/* Whether any noted entry has left the queue. Unknown counts as left. */
bool queue_ids_have_moved(int fd, const struct listen *listen, const struct queue_ids *before);
