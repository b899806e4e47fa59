/* Going on with superd when it has gone and come back, as by a restart: what has no end of its own is asked for again.
 *
 * That it has gone is said on stderr, and that it is there again; with --json by lines of superctl's own on stdout,
 * {"connection":"lost"} and {"connection":"back","superd":"1.0","pid":17}. */
#pragma once

#include "cli/superctl/superctl_talk.h"

#define AGAIN_PATIENCE 30000            /* milliseconds that it is waited for, unless --timeout says how long */
#define AGAIN_PAUSE 200                 /* from one try to the next */

/* From try to try. */
struct again {
	int64_t lost;                   /* since when it has gone, by cable_now; 0: it never has */
	int64_t back;                   /* when it was there again */
	size_t heard;                   /* lines until it had gone */
};

/* The talk has broken off: true, once each time, when superd was there before, and not just for a moment. */
bool again_is_news(struct again *again, const struct talk *talk);
bool again_is_over(const struct again *again, const struct talk *talk);         /* it was waited for long enough */

/* One try, which closes the talk of before; nothing is said. true: it has been asked again. */
bool again_try(struct again *again, struct talk *talk, const struct buf *request);

/* The whole of it, of a talk that is open: hears the answer to its end, and asks again as long as it takes. */
enum ctl_status again_hear(struct talk *talk, const struct buf *request, talk_line *on_line, void *context);
