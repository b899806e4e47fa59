/* superctl events: what superd logs from now on, as it happens.
 *
 * The hard thing is a reader that is slow: each line is written at once and whole, and when superd had to leave events
 * out for its sake, that is said in their place. */
#include <stdio.h>

#include "base/words.h"
#include "cli/superctl/superctl_again.h"
#include "cli/superctl/superctl_amount.h"
#include "cli/superctl/superctl_answer.h"
#include "cli/superctl/superctl_screen.h"
#include "cli/superctl/superctl_views.h"

struct watching {
	const struct order *order;
	struct screen screen;
};

static enum style style_of(const json_t *event)
{
	if (answer_is(event, "level", "error"))
		return STYLE_RED;
	if (answer_is(event, "level", "warning"))
		return STYLE_YELLOW;
	return answer_is(event, "level", "debug") ? STYLE_DIM : STYLE_PLAIN;
}

/* What was left out, or the event. */
static void add_event(struct buf *out, const json_t *line)
{
	if (answer_has_number(line, "dropped")) {
		buf_addf(out, "%.0f events were left out, as they were not read fast enough",
			 answer_number(line, "dropped"));
		return;
	}
	if (*answer_text(line, "service"))
		answer_show_text(out, line, "service");
	else
		buf_text(out, "superd");
	buf_text(out, ": ");
	answer_show_text(out, line, "message");
}

/* Beside the events, as a mistake and a service that is yet to come look alike. */
static void say_unmatched(const json_t *line)
{
	struct buf name = { 0 };

	answer_show_text(&name, line, "unmatched");
	if (!name.failed)
		fprintf(stderr, "superctl: '%s': no service has such a name now; waiting for one\n", buf_string(&name));
	buf_free(&name);
}

static bool show_event(void *context, const json_t *line, const char *text)
{
	struct watching *watching = context;
	struct buf out = { 0 };
	bool ok;

	(void)text;
	if (*answer_text(line, "unmatched"))
		say_unmatched(line);
	if (watching->order->json || *answer_text(line, "unmatched"))
		return true;
	if (answer_has_number(line, "at")) {
		amount_add_clock(&out, answer_number(line, "at"));
		buf_char(&out, ' ');
	}
	screen_set(&watching->screen, &out, style_of(line));
	add_event(&out, line);
	screen_set(&watching->screen, &out, STYLE_PLAIN);
	buf_char(&out, '\n');
	ok = talk_print(&out);
	buf_free(&out);
	return ok;
}

static void add_request(struct buf *request, const struct order *order)
{
	struct buf option = { 0 };

	buf_text(request, "events");
	if (order->level)
		buf_addf(request, " --level=%s", order->level);
	if (!order->service)
		return;
	buf_addf(&option, "--service=%s", order->service);
	buf_char(request, ' ');
	words_quote(request, buf_string(&option));
	request->failed |= option.failed;
	buf_free(&option);
}

enum ctl_status view_events(const struct order *order)
{
	struct talk talk = { .until = CABLE_FOREVER, .patience = TALK_PATIENCE };
	struct watching watching = { .order = order };
	struct buf request = { 0 };
	enum ctl_status status;

	screen_open(&watching.screen, order->colour);
	add_request(&request, order);
	status = talk_open(&talk, order);
	if (status == CTL_DONE)
		status = talk_send(&talk, &request);
	talk.patience = CABLE_FOREVER;
	if (status == CTL_DONE)
		status = again_hear(&talk, &request, show_event, &watching);
	buf_free(&request);
	talk_close(&talk);
	return status;
}
