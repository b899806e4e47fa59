/* superctl log: the last lines of superd's log, and with --follow those to come. superctl events: those alone.
 *
 * superctl writes each line at once and whole. If it reads too slowly, superd drops events and counts them, and
 * superctl prints the number in their place. */
#include "superctl/superctl.h"

#define LOG_LINES 10	       /* of log, without --count and --since */
#define LOG_LINES_MOST 1000000 /* more than superd keeps */

static bool show_event(void *screen, const json_t *line, struct reply_text *text)
{
	const char *level = json_reply_text(line, "level");
	struct buf *out = &text->out;

	if (json_reply_has_number(line, "at")) {
		human_add(out, time_write_dated, json_reply_number(line, "at"));
		buf_char(out, ' ');
	}
	screen_set(screen, out,
		   !strcmp(level, "error")	       ? STYLE_RED
			   : !strcmp(level, "warning") ? STYLE_YELLOW
			   : !strcmp(level, "debug")   ? STYLE_DIM
						       : STYLE_PLAIN);
	if (!template_add(out, line, "[{dropped} events were dropped, as they were not read fast enough]{?dropped}")) {
		(void)template_add(out, line, "[{service}|superd]");
		facts_add_speaker(out, line);
		(void)template_add(out, line, ": [{message}]");
	}
	screen_set(screen, out, STYLE_PLAIN);
	buf_char(out, '\n');
	return true;
}

enum ctl_status verb_log(const struct superctl_options *options)
{
	long long lines = options->count ? options->count : options->since ? LOG_LINES_MOST : LOG_LINES;
	struct screen screen;
	char verb[64];

	screen_open(&screen, options->colour);
	snprintf(verb, sizeof(verb), "log --lines=%lld", lines);
	return client_ask(options, verb, show_event, &screen);
}

enum ctl_status verb_events(const struct superctl_options *options)
{
	struct superctl_options follows = *options;
	struct screen screen;

	follows.follow = true;
	screen_open(&screen, options->colour);
	return client_ask(&follows, "log --lines=0", show_event, &screen);
}
