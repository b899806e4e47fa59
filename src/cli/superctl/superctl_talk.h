/* One conversation with superd: a greeting, a request, and the lines of its answer up to the last. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/superctl/superctl_order.h"
#include "cli/superctl/superctl_cable.h"

#define TALK_PATIENCE 10000             /* milliseconds from line to line, where superd has nothing to wait for */

struct talk {
	const struct order *order;
	struct cable cable;
	json_t *greeting;               /* owned */
	int64_t until;                  /* of cable_now: the whole of it; CABLE_FOREVER */
	int64_t patience;               /* milliseconds from line to line; CABLE_FOREVER */
	int64_t lines_left;             /* of the answer, after which it is enough; 0: all */
	bool gone;                      /* what went wrong is that superd has left in the midst of the answer */
	size_t heard;                   /* lines of answers so far */
	bool quiet;                     /* failures are not said: whoever asked looks at `why` */
	struct buf why;                 /* what went wrong, in words and visible */
};

/* A line of the answer but the last one; text is the line as it came. false, once it has been said: it can't be
 * written, which ends all of it. */
typedef bool talk_line(void *context, const json_t *line, const char *text);

/* Reads the greeting too. Anything but CTL_DONE has been said and needs no talk_close. */
enum ctl_status talk_open(struct talk *talk, const struct order *order);

/* A request as a line without its newline: the verb, options, then the names of the order. */
void talk_request(struct buf *request, const struct order *order, const char *verb);

enum ctl_status talk_send(struct talk *talk, const struct buf *request);

/* Reads the answer to its end. With --json each line is printed as it came before on_line sees it. */
enum ctl_status talk_hear(struct talk *talk, talk_line *on_line, void *context);

/* Looks at a line: CTL_DONE with *last set at the end of an answer, or a failure that has been said. */
enum ctl_status talk_judge(struct talk *talk, const json_t *line, bool *last);

void talk_close(struct talk *talk);

/* All of it, with what the verb usually is asked with. */
enum ctl_status talk_ask(const struct order *order, const char *verb, int64_t patience, talk_line *on_line, void *context);

/* Writes what was composed to stdout, and empties it. false, once it has been said: it can't be. */
bool talk_print(struct buf *out);
