/* Which datagram is the first in a socket's queue, so that a backend that took none can be told from one that took
 * some while others came. Of connections engine/queue/doubt notes who waits, in a struct backlog, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/option/service.h"

#define BACKLOG_MOST 16384

struct backlog {
	size_t count, room;
	uint64_t *id;                   /* ascending */
};

/* Notes the first datagram, in place of those noted before. false: unknown, as of a socket that accepts. Of a fifo,
 * the bytes that wait stand for it, and a tenth of a second may pass; else it never blocks. */
bool backlog_take(int fd, const struct listen *listen, struct backlog *backlog);
void backlog_free(struct backlog *backlog);             /* it has noted nobody */

/* Whether any of those noted is gone from the queue. Unknown counts as gone. */
bool backlog_moved(int fd, const struct listen *listen, const struct backlog *before);
