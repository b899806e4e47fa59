/* Reconnects when superd has gone away, and sends the same request again.
 *
 * superd counts as back only after a line of an answer, or after STEADY on one connection. Otherwise a superd that
 * greets and ends each time would reset the timeout for ever. */
#include "superctl/reconnect.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "superctl/json_reply.h"

/* Milliseconds. */
#define GIVE_UP 30000                   /* until superctl gives up, without --timeout */
#define PAUSE 200                       /* between two tries */
#define STEADY 2000                     /* on one connection, after which superd counts as back */

struct reconnect {
	int64_t lost;                   /* time when superd went away, of clock_ms; 0: never */
	int64_t back;                   /* time of the last try, of clock_ms */
	size_t lines_read;              /* conversation->lines_read when superd went away */
};

static int64_t reconnect_timeout(const struct superctl_options *options)
{
	return options->timeout < 0 ? GIVE_UP : options->timeout / 1000;
}

/* The connection has ended. Returns true if superd had been there before, for more than a moment. */
static bool note_loss(struct reconnect *reconnect, const struct conversation *conversation)
{
	bool was_there = !reconnect->lost || conversation->lines_read != reconnect->lines_read ||
		clock_ms() - reconnect->back > STEADY;

	reconnect->lines_read = conversation->lines_read;
	if (was_there)
		reconnect->lost = clock_ms();
	return was_there;
}

static bool is_over(const struct reconnect *reconnect, const struct conversation *conversation)
{
	return clock_ms() - reconnect->lost >= reconnect_timeout(conversation->options);
}

/* Makes one try, silently: closes the old connection, connects, and sends the request. */
static bool try_again(struct reconnect *reconnect, struct conversation *conversation, const struct buf *request)
{
	int64_t until = conversation->until, timeout = conversation->timeout;
	enum ctl_status status;

	conversation->quiet = true;
	conversation_close(conversation);
	conversation->until = clock_ms() + PAUSE;
	conversation->timeout = TRANSPORT_FOREVER;
	status = conversation_open(conversation, conversation->options);
	if (status == CTL_DONE)
		status = conversation_send(conversation, request);
	conversation->until = until;
	conversation->timeout = timeout;
	reconnect->back = clock_ms();
	return status == CTL_DONE;
}

static bool print_lost(const struct conversation *conversation)
{
	struct buf line = { 0 };
	bool ok = true;

	if (conversation->options->json) {
		buf_text(&line, "{\"connection\":\"lost\"}\n");
		ok = conversation_print(&line);
	} else {
		fprintf(stderr, "superctl: superd at %s has disconnected: waiting for it\n",
			conversation->options->control);
	}
	buf_free(&line);
	return ok;
}

static bool print_back(const struct conversation *conversation)
{
	const char *version = json_reply_text(conversation->greeting, "superd");
	int pid = json_reply_count(conversation->greeting, "pid");
	struct buf line = { 0 };
	bool ok = true;

	if (conversation->options->json) {
		json_t *object =
			json_pack("{s:s, s:s, s:I}", "connection", "back", "superd", version, "pid", (json_int_t)pid);
		char *text = json_dumps(object, JSON_COMPACT);

		buf_text(&line, text ? text : "{\"connection\":\"back\"}");
		buf_char(&line, '\n');
		ok = conversation_print(&line);
		free(text);
		json_decref(object);
	} else {
		buf_visible(&line, version, strlen(version));
		fprintf(stderr, "superctl: superd %s is there again, pid %d\n", buf_string(&line), pid);
	}
	buf_free(&line);
	return ok;
}

/* Reconnects within the timeout. CTL_DONE: the request was sent again. */
static enum ctl_status reconnect_and_ask(struct conversation *conversation, struct reconnect *reconnect,
					 const struct buf *request)
{
	bool is_news = note_loss(reconnect, conversation), first = is_news;

	if (is_news && !print_lost(conversation))
		return CTL_FAILED;
	do {
		if (!first)
			(void)poll(NULL, 0, PAUSE);
		if (!first && is_over(reconnect, conversation)) {
			fprintf(stderr, "superctl: superd at %s has not returned\n", conversation->options->control);
			return CTL_NO_SUPERD;
		}
		first = false;
	} while (!try_again(reconnect, conversation, request));
	return !is_news || print_back(conversation) ? CTL_DONE : CTL_FAILED;
}

enum ctl_status reconnect_read(struct conversation *conversation, const struct buf *request, reply_line *on_line,
			       void *context)
{
	enum ctl_status status;
	struct reconnect reconnect = { 0 };

	conversation->quiet = true;
	do {
		conversation->connection_lost = false;
		status = conversation_read(conversation, on_line, context);
		if (status != CTL_DONE && !conversation->connection_lost && conversation->why.length)
			fprintf(stderr, "superctl: %s\n", buf_string(&conversation->why));
		if (!conversation->connection_lost)
			break;
		status = reconnect_and_ask(conversation, &reconnect, request);
	} while (status == CTL_DONE);
	buf_free(&conversation->why);
	return status;
}
