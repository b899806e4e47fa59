/* Asking again. The hard thing is when to give up: a superd that greets and goes each time is as one that does not come
 * back, so only lines of an answer count. */
#include "cli/superctl/superctl_again.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/superctl/superctl_answer.h"

#define STEADY 2000 /* milliseconds after which it is there for good */

static int64_t patience_of(const struct order *order)
{
	return order->timeout < 0 ? AGAIN_PATIENCE : order->timeout / 1000;
}

bool again_is_news(struct again *again, const struct talk *talk)
{
	bool was_there = !again->lost || talk->heard != again->heard || cable_now() - again->back > STEADY;

	again->heard = talk->heard;
	if (was_there)
		again->lost = cable_now();
	return was_there;
}

bool again_is_over(const struct again *again, const struct talk *talk)
{
	return cable_now() - again->lost >= patience_of(talk->order);
}

bool again_try(struct again *again, struct talk *talk, const struct buf *request)
{
	int64_t until = talk->until, patience = talk->patience;
	enum ctl_status status;

	talk->quiet = true;
	talk_close(talk);
	talk->until = cable_now() + AGAIN_PAUSE;
	talk->patience = CABLE_FOREVER;
	status = talk_open(talk, talk->order);
	if (status == CTL_DONE)
		status = talk_send(talk, request);
	talk->until = until;
	talk->patience = patience;
	again->back = cable_now();
	return status == CTL_DONE;
}

static bool say_lost(const struct talk *talk)
{
	struct buf line = { 0 };
	bool ok = true;

	if (talk->order->json) {
		buf_text(&line, "{\"connection\":\"lost\"}\n");
		ok = talk_print(&line);
	} else {
		fprintf(stderr, "superctl: superd at %s has gone away: waiting for it\n", talk->order->control);
	}
	buf_free(&line);
	return ok;
}

static bool say_back(const struct talk *talk)
{
	const char *version = answer_text(talk->greeting, "superd");
	double pid = answer_number(talk->greeting, "pid");
	struct buf line = { 0 };
	bool ok = true;

	if (talk->order->json) {
		json_t *object =
			json_pack("{s:s, s:s, s:I}", "connection", "back", "superd", version, "pid", (json_int_t)pid);
		char *text = json_dumps(object, JSON_COMPACT);

		buf_text(&line, text ? text : "{\"connection\":\"back\"}");
		buf_char(&line, '\n');
		ok = talk_print(&line);
		free(text);
		json_decref(object);
	} else {
		buf_visible(&line, version, strlen(version));
		fprintf(stderr, "superctl: superd %s is there again, pid %.0f\n", buf_string(&line), pid);
	}
	buf_free(&line);
	return ok;
}

/* CTL_DONE: it has been asked again. */
static enum ctl_status ask_again(struct talk *talk, struct again *again, const struct buf *request)
{
	bool is_news = again_is_news(again, talk), first = is_news;

	if (is_news && !say_lost(talk))
		return CTL_FAILED;
	do {
		if (!first)
			(void)poll(NULL, 0, AGAIN_PAUSE);
		if (!first && again_is_over(again, talk)) {
			fprintf(stderr, "superctl: superd at %s has not come back\n", talk->order->control);
			return CTL_NO_SUPERD;
		}
		first = false;
	} while (!again_try(again, talk, request));
	return !is_news || say_back(talk) ? CTL_DONE : CTL_FAILED;
}

enum ctl_status again_hear(struct talk *talk, const struct buf *request, talk_line *on_line, void *context)
{
	enum ctl_status status;
	struct again again = { 0 };

	talk->quiet = true;
	do {
		talk->gone = false;
		status = talk_hear(talk, on_line, context);
		if (status != CTL_DONE && !talk->gone && talk->why.length)
			fprintf(stderr, "superctl: %s\n", buf_string(&talk->why));
		if (!talk->gone)
			break;
		status = ask_again(talk, &again, request);
	} while (status == CTL_DONE);
	buf_free(&talk->why);
	return status;
}
