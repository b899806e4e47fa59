/* Reconnects after superd has gone away, as at a restart, and sends the request again. For verbs without an end.
 *
 * superctl reports on stderr that superd has gone, and that it is back. With --json it prints lines of its own to
 * stdout: {"connection":"lost"} and {"connection":"back","superd":"1.0","pid":17}. */
#pragma once

#include "superctl/conversation.h"

#define RECONNECT_TIMEOUT 30000         /* milliseconds until superctl gives up, without --timeout */
#define RECONNECT_PAUSE 200             /* milliseconds between two tries */

struct reconnect {
	int64_t lost;                   /* time when superd went away, of clock_ms; 0: never */
	int64_t back;                   /* time of the last try, of clock_ms */
	size_t lines_read;              /* conversation->lines_read when superd went away */
};

/* The connection has ended. Returns true if superd had been there before, for more than a moment. */
bool reconnect_is_needed(struct reconnect *reconnect, const struct conversation *conversation);

bool reconnect_is_over(const struct reconnect *reconnect, const struct conversation *conversation); /* timeout */

/* Makes one try, silently: closes the old connection, connects, and sends the request. */
bool reconnect_try(struct reconnect *reconnect, struct conversation *conversation, const struct buf *request);

/* Reads the answer to its end, and reconnects as often as needed. The conversation is open. */
enum ctl_status reconnect_read(struct conversation *conversation, const struct buf *request, reply_line *on_line,
			       void *context);
