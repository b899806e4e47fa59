/* One conversation with superd: a greeting, a request, and the lines of its answer up to the last. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/superctl/options.h"
#include "cli/superctl/transport.h"

#define CONVERSATION_TIMEOUT 10000      /* milliseconds from line to line, where superd has nothing to wait for */

struct conversation {
	const struct superctl_options *options;
	struct transport transport;
	json_t *greeting;               /* owned */
	int64_t until;                  /* of clock_ms: the whole of it; TRANSPORT_FOREVER */
	int64_t timeout;                /* milliseconds from line to line; TRANSPORT_FOREVER */
	int64_t lines_left;             /* of the answer, after which it is enough; 0: all */
	bool gone;                      /* what went wrong is that superd has left in the midst of the answer */
	size_t heard;                   /* lines of answers so far */
	bool quiet;                     /* failures are not said: whoever asked looks at `why` */
	struct buf why;                 /* what went wrong, in words and visible */
};

/* A line of the answer but the last one; text is the line as it came. false, once it has been said: it can't be
 * written, which ends all of it. */
typedef bool reply_line(void *context, const json_t *line, const char *text);

/* Reads the greeting too. Anything but CTL_DONE has been said and needs no conversation_close. */
enum ctl_status conversation_open(struct conversation *conversation, const struct superctl_options *options);

/* A request as a line without its newline: the verb, options, then the names of the options. */
void conversation_request(struct buf *request, const struct superctl_options *options, const char *verb);

enum ctl_status conversation_send(struct conversation *conversation, const struct buf *request);

/* Reads the answer to its end. With --json each line is printed as it came before on_line sees it. */
enum ctl_status conversation_hear(struct conversation *conversation, reply_line *on_line, void *context);

/* Looks at a line: CTL_DONE with *last set at the end of an answer, or a failure that has been said. */
enum ctl_status conversation_judge(struct conversation *conversation, const json_t *line, bool *last);

void conversation_close(struct conversation *conversation);

/* All of it, with what the verb usually is asked with. */
enum ctl_status conversation_ask(const struct superctl_options *options, const char *verb, int64_t timeout,
				 reply_line *on_line, void *context);

/* Writes what was composed to stdout, and empties it. false, once it has been said: it can't be. */
bool conversation_print(struct buf *out);
