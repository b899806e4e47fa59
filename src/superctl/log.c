/* superctl events: superd's log from now on. superctl log: its last lines, and with --follow those to come.
 *
 * superctl writes each line at once and whole. If it reads too slowly, superd drops events and counts them, and
 * superctl prints the number in their place. */
#include "superctl/superctl.h"

#include <stdio.h>

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

/* again: the request to go on with after superd has gone away; NULL: the answer has an end. */
static enum ctl_status print_log(const struct superctl_options *options, const char *verb, const char *again)
{
	struct conversation conversation = { .follows = true };
	struct screen screen;
	enum ctl_status status = conversation_begin(&conversation, options, verb);

	if (status != CTL_DONE)
		return status;
	screen_open(&screen, options->colour);
	if (again) {
		conversation.timeout = CONVERSATION_FOREVER;
		status = conversation_follow(&conversation, again, show_event, &screen);
	} else {
		status = conversation_read(&conversation, show_event, &screen);
	}
	conversation_close(&conversation);
	return status;
}

enum ctl_status view_events(const struct superctl_options *options)
{
	return print_log(options, "events", "events");
}

enum ctl_status view_log(const struct superctl_options *options)
{
	long long lines = options->count ? options->count : options->since ? LOG_LINES_MOST : LOG_LINES;
	char verb[64];

	snprintf(verb, sizeof(verb), "log --lines=%lld", lines);
	return print_log(options, verb, options->follow ? "log --lines=0" : NULL);
}
