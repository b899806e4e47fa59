/* superctl events: superd's log from now on. superctl log: its last lines, and with --follow those to come.
 *
 * superctl writes each line at once and whole. If it reads too slowly, superd drops events and counts them, and
 * superctl prints the number in their place. */
#include <stdio.h>

#include "superctl/facts.h"
#include "superctl/human_units.h"
#include "superctl/json_reply.h"
#include "superctl/reconnect.h"
#include "superctl/screen.h"
#include "superctl/sentence.h"
#include "superctl/views.h"

#define LOG_LINES 10                    /* of log, without --count and --since */
#define LOG_LINES_MOST 1000000          /* more than superd keeps */

static enum style style_of(const json_t *event)
{
	if (json_reply_is(event, "level", "error"))
		return STYLE_RED;
	if (json_reply_is(event, "level", "warning"))
		return STYLE_YELLOW;
	return json_reply_is(event, "level", "debug") ? STYLE_DIM : STYLE_PLAIN;
}

static bool show_event(void *screen, const json_t *line, struct reply_text *text)
{
	struct buf *out = &text->out;

	/* The name may be a mistake, or belong to a service that comes later. That is said with --json, too. */
	if (sentence_add(out, line, "superctl: '{unmatched}': no service has such a name now; waiting for one\n")) {
		fputs(buf_string(out), stderr);
		buf_clear(out);
		return true;
	}
	buf_clear(out);
	if (json_reply_has_number(line, "at")) {
		human_units_add_dated(out, json_reply_number(line, "at"));
		buf_char(out, ' ');
	}
	screen_set(screen, out, style_of(line));
	if (!sentence_add(out, line, "[{dropped} events were left out, as they were not read fast enough]{?dropped}")) {
		(void)sentence_add(out, line, "[{service}|superd]");
		facts_add_speaker(out, line);
		(void)sentence_add(out, line, ": [{message}]");
	}
	screen_set(screen, out, STYLE_PLAIN);
	buf_char(out, '\n');
	return true;
}

static void add_request(struct buf *request, const struct superctl_options *options, const char *verb)
{
	struct superctl_options plain = *options;

	plain.timeout = -1;             /* superctl's own */
	conversation_request(request, &plain, verb);
}

/* again: the request to go on with after superd has gone away; NULL: the answer has an end. */
static enum ctl_status print_log(const struct superctl_options *options, const struct buf *request,
				 const struct buf *again)
{
	struct conversation conversation = { .until = TRANSPORT_FOREVER, .timeout = CONVERSATION_TIMEOUT };
	struct screen screen;
	enum ctl_status status = conversation_open(&conversation, options);

	if (status != CTL_DONE)
		return status;
	screen_open(&screen, options->colour);
	status = conversation_send(&conversation, request);
	if (again)
		conversation.timeout = TRANSPORT_FOREVER;
	if (status == CTL_DONE && again)
		status = reconnect_read(&conversation, again, show_event, &screen);
	else if (status == CTL_DONE)
		status = conversation_read(&conversation, show_event, &screen);
	conversation_close(&conversation);
	return status;
}

enum ctl_status view_events(const struct superctl_options *options)
{
	struct buf request = { 0 };
	enum ctl_status status;

	add_request(&request, options, "events");
	status = print_log(options, &request, &request);
	buf_free(&request);
	return status;
}

/* lines: how many of the last ones; 0: none. */
static void add_log_request(struct buf *request, const struct superctl_options *options, int64_t lines)
{
	struct buf verb = { 0 };

	buf_addf(&verb, "log --lines=%lld", (long long)lines);
	add_request(request, options, buf_string(&verb));
	buf_free(&verb);
}

enum ctl_status view_log(const struct superctl_options *options)
{
	struct buf request = { 0 }, again = { 0 };
	enum ctl_status status;

	add_log_request(&request, options, options->count ? options->count
					   : options->since ? LOG_LINES_MOST : LOG_LINES);
	add_log_request(&again, options, 0);
	status = print_log(options, &request, options->follow ? &again : NULL);
	buf_free(&request);
	buf_free(&again);
	return status;
}
