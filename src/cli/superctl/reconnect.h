/* Going on with superd when it has gone and come back, as by a restart: what has no end of its own is asked for again.
 *
 * That it has gone is said on stderr, and that it is there again; with --json by lines of superctl's own on stdout,
 * {"connection":"lost"} and {"connection":"back","superd":"1.0","pid":17}. */
#pragma once

#include "cli/superctl/conversation.h"

#define RECONNECT_TIMEOUT 30000         /* milliseconds that it is waited for, unless --timeout says how long */
#define RECONNECT_PAUSE 200             /* from one try to the next */

/* From try to try. */
struct reconnect {
	int64_t lost;                   /* since when it has gone, by clock_ms; 0: it never has */
	int64_t back;                   /* when it was there again */
	size_t heard;                   /* lines until it had gone */
};

/* The conversation has broken off: true, once each time, when superd was there before, and not just for a moment. */
bool reconnect_is_needed(struct reconnect *reconnect, const struct conversation *conversation);
bool reconnect_is_over(const struct reconnect *reconnect, const struct conversation *conversation); /* it was waited for long enough */

/* One try, which closes the conversation of before; nothing is said. true: it has been asked again. */
bool reconnect_try(struct reconnect *reconnect, struct conversation *conversation, const struct buf *request);

/* The whole of it, of a conversation that is open: hears the answer to its end, and asks again as long as it takes. */
enum ctl_status reconnect_hear(struct conversation *conversation, const struct buf *request, reply_line *on_line, void *context);
