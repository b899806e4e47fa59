/* One conversation with superd over its control socket: the greeting, a request, and the lines of the answer. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superctl/options.h"

#define CONVERSATION_FOREVER (-1)       /* a time: no limit */
#define CONVERSATION_TIMEOUT 10000      /* milliseconds between two lines, if superd has nothing to wait for */

struct conversation {
	const struct superctl_options *options; /* borrowed */
	int fd;                         /* owned; -1: closed */
	struct buf input;               /* bytes that were read: the lines before `start` are taken already, */
	size_t start, scanned;          /* and from it up to `scanned` there is no newline */
	json_t *greeting;               /* superd's first line, owned; NULL: not connected */
	int64_t until;                  /* deadline of the whole conversation, of clock_ms; or CONVERSATION_FOREVER */
	int64_t timeout;                /* milliseconds between two lines of the answer; or CONVERSATION_FOREVER */
	int64_t lines_left;             /* lines of the answer to read still; 0: all */
	bool follows;                   /* a verb without an end: --timeout is how long superctl waits for a new superd */
	bool connection_lost;           /* superd ended the connection in the middle of the answer */
	bool is_late;                   /* no line came in time */
	size_t lines_read;              /* lines of answers so far */
	bool quiet;                     /* failures are not printed; the caller reads `why` and frees it */
	struct buf why;                 /* the last failure, visible text */
};

/* What the conversation prints once a line is handled, to stdout and to stderr; nothing with --json. */
struct reply_text {
	struct buf out, err;
};

/* Called for each line of the answer but the last one, which ends it. Returns false after printing an error that ends the
 * conversation. */
typedef bool reply_line(void *context, const json_t *line, struct reply_text *text);

/* All in one: connects, sends a request, reads the answer. verb: as superd has it, with options that are not those of
 * the command line, which are added as far as they mean the same for every verb, and then the names. */
enum ctl_status conversation_ask(const struct superctl_options *options, const char *verb, reply_line *on_line,
				 void *context);

/* The same until conversation->until, which the caller has set in an empty struct. It prints no failure:
 * conversation->why has it. The caller frees that, and the greeting is there until conversation_close. */
enum ctl_status conversation_ask_quietly(struct conversation *conversation, const struct superctl_options *options,
					 const char *verb, reply_line *on_line, void *context);

/* The same in steps: connects, reads the greeting, and sends the request. On failure it prints the reason, and the caller
 * must not call conversation_close. */
enum ctl_status conversation_begin(struct conversation *conversation, const struct superctl_options *options,
				   const char *verb);
enum ctl_status conversation_open(struct conversation *conversation, const struct superctl_options *options);
enum ctl_status conversation_send(struct conversation *conversation, const char *verb);

/* Reads the answer to its end. With --json it prints each line before it calls on_line, which may be NULL. */
enum ctl_status conversation_read(struct conversation *conversation, reply_line *on_line, void *context);

/* The same, and reconnects after superd has gone away, as at a restart, and sends this request. superctl reports on
 * stderr that superd has gone, and that it is back. With --json it prints lines of its own to stdout:
 * {"connection":"lost"} and {"connection":"back","superd":"1.0","pid":17}. */
enum ctl_status conversation_follow(struct conversation *conversation, const char *verb, reply_line *on_line,
				    void *context);
void conversation_close(struct conversation *conversation);

/* END: end of file; LATE: the deadline has passed; FAILED: see errno. */
enum line_result { LINE_TAKEN, LINE_END, LINE_LATE, LINE_TOO_LONG, LINE_FAILED };

/* Waits for the next line until the time `until` of clock_ms. The line is NUL-terminated, without its newline, and
 * valid until the next call. A last line without a newline is ignored. */
enum line_result conversation_take_line(struct conversation *conversation, int64_t until, char **line, size_t *length);

/* Connects to a unix socket within `limit` milliseconds. -1 and errno. */
int conversation_connect(const char *path, int64_t limit);

/* Whether root or this user listens at the socket: any process can take a name in the abstract namespace; a path is as
 * safe as its folder. *uid: the user of the process that called listen(2) (unix(7), SO_PEERCRED). */
bool conversation_trusts(int fd, uid_t *uid);

/* Writes the buffer to stdout and empties it. false after printing why it failed. */
bool conversation_print(struct buf *out);
