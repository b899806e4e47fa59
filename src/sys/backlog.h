/* Who waits in a listener's queue, by identity: so that a backend that took nobody can be told from one that took
 * somebody while the next already came. By sock_diag for TCP (queued connections have no inode yet) and unix
 * sockets, by the head of the queue for datagrams; where none of these is to be had it is unknown. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/service.h"

#define BACKLOG_MOST 16

struct backlog {
	unsigned count;
	uint64_t id[BACKLOG_MOST];
};

/* Notes up to BACKLOG_MOST of those waiting. false: unknown. Never blocks. */
bool backlog_take(int fd, const struct listen *listen, struct backlog *backlog);

/* Whether any of those noted is gone from the queue. Unknown counts as gone. */
bool backlog_moved(int fd, const struct listen *listen, const struct backlog *before);
