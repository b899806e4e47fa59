/* Reconnects after superd has gone away, as at a restart, and sends the request again. For verbs without an end.
 *
 * superctl reports on stderr that superd has gone, and that it is back. With --json it prints lines of its own to
 * stdout: {"connection":"lost"} and {"connection":"back","superd":"1.0","pid":17}. */
#pragma once

#include "superctl/conversation.h"

/* Reads the answer to its end, and reconnects as often as needed. The conversation is open. */
enum ctl_status reconnect_read(struct conversation *conversation, const struct buf *request, reply_line *on_line,
			       void *context);
