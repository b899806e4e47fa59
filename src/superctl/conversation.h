/* One conversation with superd over its control socket: the greeting, a request, and the lines of the answer. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "superctl/options.h"
#include "superctl/transport.h"

#define CONVERSATION_TIMEOUT 10000      /* milliseconds between two lines, if superd has nothing to wait for */

struct conversation {
	const struct superctl_options *options; /* borrowed */
	struct transport transport;
	json_t *greeting;               /* superd's first line, owned; NULL: not connected */
	int64_t until;                  /* deadline of the whole conversation, of clock_ms; or TRANSPORT_FOREVER */
	int64_t timeout;                /* milliseconds between two lines; or TRANSPORT_FOREVER */
	int64_t lines_left;             /* lines of the answer to read still; 0: all */
	bool connection_lost;           /* superd ended the connection in the middle of the answer */
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

/* Connects and reads the greeting. On failure it prints the reason, and the caller must not call conversation_close. */
enum ctl_status conversation_open(struct conversation *conversation, const struct superctl_options *options);

/* How long a verb that waits for work may take to answer, as conversation.timeout: --timeout, and some time for
 * superd's own answer. */
int64_t conversation_answer_timeout(const struct superctl_options *options);

/* Composes a request without its newline: the verb, maybe with options that are not from the command line, those from
 * it that mean the same for every verb of superd, then its names. */
void conversation_request(struct buf *request, const struct superctl_options *options, const char *verb);

enum ctl_status conversation_send(struct conversation *conversation, const struct buf *request);

/* With --json prints a line of an answer as received, except the end {"done":true}: the exit status and the end of
 * the output report that, and a filter such as jq would take it for a service. NULL: nothing is printed. false after
 * printing why it failed. */
bool conversation_print_json(const struct conversation *conversation, const json_t *line, const char *text, size_t length);

/* Reads the answer to its end. With --json it prints each line before it calls on_line, which may be NULL. */
enum ctl_status conversation_read(struct conversation *conversation, reply_line *on_line, void *context);

/* Checks one line of an answer; NULL: it was no JSON. Returns CTL_DONE, with *last set if the line ends the answer, or
 * a failure that it has printed. */
enum ctl_status conversation_check_line(struct conversation *conversation, const json_t *line, bool *last);

void conversation_close(struct conversation *conversation);

/* Does all of this for a verb with the options and names of the command line. timeout: as in the struct. */
enum ctl_status conversation_ask(const struct superctl_options *options, const char *verb, int64_t timeout,
				 reply_line *on_line, void *context);

/* Writes the buffer to stdout and empties it. false after printing why it failed. */
bool conversation_print(struct buf *out);

/* The same for a request as text, until conversation->until, which the caller has set in an empty struct. It prints no
 * failure: conversation->why has it. The caller frees that, and the greeting is there until conversation_close. */
enum ctl_status conversation_ask_quietly(struct conversation *conversation, const struct superctl_options *options,
					 const struct buf *request, reply_line *on_line, void *context);
