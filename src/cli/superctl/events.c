/* superctl events: superd's log from now on.
 *
 * superctl writes each line at once and whole. If it reads too slowly, superd drops events and counts them, and
 * superctl prints the number in their place. */
#include <stdio.h>

#include "base/shell_words.h"
#include "cli/superctl/human_units.h"
#include "cli/superctl/json_reply.h"
#include "cli/superctl/reconnect.h"
#include "cli/superctl/screen.h"
#include "cli/superctl/views.h"

struct events_view {
	const struct superctl_options *options;
	struct screen screen;
};

static enum style style_of(const json_t *event)
{
	if (json_reply_is(event, "level", "error"))
		return STYLE_RED;
	if (json_reply_is(event, "level", "warning"))
		return STYLE_YELLOW;
	return json_reply_is(event, "level", "debug") ? STYLE_DIM : STYLE_PLAIN;
}

/* Adds the text of an event, or the number of events that superd dropped. */
static void add_event(struct buf *out, const json_t *line)
{
	if (json_reply_has_number(line, "dropped")) {
		buf_addf(out, "%.0f events were left out, as they were not read fast enough",
			 json_reply_number(line, "dropped"));
		return;
	}
	if (*json_reply_text(line, "service"))
		json_reply_show_text(out, line, "service");
	else
		buf_text(out, "superd");
	buf_text(out, ": ");
	json_reply_show_text(out, line, "message");
}

/* Prints to stderr that no service has the name. It may be a mistake, or belong to a service that comes later. */
static void say_unmatched(const json_t *line)
{
	struct buf name = { 0 };

	json_reply_show_text(&name, line, "unmatched");
	if (!name.failed)
		fprintf(stderr, "superctl: '%s': no service has such a name now; waiting for one\n", buf_string(&name));
	buf_free(&name);
}

static bool show_event(void *context, const json_t *line, const char *text)
{
	struct events_view *view = context;
	struct buf out = { 0 };
	bool ok;

	(void)text;
	if (*json_reply_text(line, "unmatched"))
		say_unmatched(line);
	if (view->options->json || *json_reply_text(line, "unmatched"))
		return true;
	if (json_reply_has_number(line, "at")) {
		human_units_add_clock(&out, json_reply_number(line, "at"));
		buf_char(&out, ' ');
	}
	screen_set(&view->screen, &out, style_of(line));
	add_event(&out, line);
	screen_set(&view->screen, &out, STYLE_PLAIN);
	buf_char(&out, '\n');
	ok = conversation_print(&out);
	buf_free(&out);
	return ok;
}

static void add_request(struct buf *request, const struct superctl_options *options)
{
	struct buf option = { 0 };

	buf_text(request, "events");
	if (options->level)
		buf_addf(request, " --level=%s", options->level);
	if (!options->service)
		return;
	buf_addf(&option, "--service=%s", options->service);
	buf_char(request, ' ');
	shell_words_quote(request, buf_string(&option));
	request->failed |= option.failed;
	buf_free(&option);
}

enum ctl_status view_events(const struct superctl_options *options)
{
	struct conversation conversation = { .until = TRANSPORT_FOREVER, .timeout = CONVERSATION_TIMEOUT };
	struct events_view view = { .options = options };
	struct buf request = { 0 };
	enum ctl_status status;

	screen_open(&view.screen, options->colour);
	add_request(&request, options);
	status = conversation_open(&conversation, options);
	if (status == CTL_DONE)
		status = conversation_send(&conversation, &request);
	conversation.timeout = TRANSPORT_FOREVER;
	if (status == CTL_DONE)
		status = reconnect_read(&conversation, &request, show_event, &view);
	buf_free(&request);
	conversation_close(&conversation);
	return status;
}
