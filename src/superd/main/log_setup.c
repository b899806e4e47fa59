/* Opens superd's log, and moves it to another destination. */
#include "superd/main/log_setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/log/log_sink.h"
#include "os/foreign/foreign_path.h"

bool log_setup_is_stderr(const struct options *options)
{
	return !strcmp(options->settings.log, "stderr");
}

void log_setup_error(const struct options *options, struct log *log, const char *format, ...)
{
	struct buf text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&text, format, arguments);
	va_end(arguments);
	fprintf(stderr, "%s: %s\n", options_name(options), buf_string(&text));
	if (log && !log_setup_is_stderr(options))
		log_error(log, "%s", buf_string(&text));
	buf_free(&text);
}

/* Whether superd may write there: a file must not be in the hands of another user, nor on a file system that may not
 * answer. mode 0: only looks. */
static bool is_safe(const char *destination, mode_t mode, struct buf *why)
{
	return strncmp(destination, "file:", 5) || !destination[5] || own_file_is_safe(destination + 5, mode, why);
}

bool log_setup_check(const char *destination, struct buf *why)
{
	const char *reason = NULL;

	if (!is_safe(destination, 0, why))
		return false;
	reason = log_sink_check(destination);
	if (reason)
		buf_text(why, reason);
	return !reason;
}

/* Opens the log. NULL: it failed, with the reason in *why, whose text may belong to `text`. */
static struct log *open_destination(const struct globals *settings, const char **why, struct buf *text)
{
	if (is_safe(settings->log, LOG_SINK_MODE, text))
		return log_open(settings->log, settings->log_format == LOG_FORMAT_JSON,
				(enum level)settings->log_level, why);
	*why = buf_string(text);
	return NULL;
}

struct log *log_setup_open(const struct options *options, bool takes_over)
{
	struct globals stand_in = options->settings;
	const char *destination = options->settings.log, *why, *why_no_other;
	struct buf text = { 0 };
	struct log *log = open_destination(&options->settings, &why, &text);
	bool awaits = false;

	stand_in.log = "stderr";
	if (!log && takes_over)
		log = open_destination(&stand_in, &why_no_other, &text);
	if (!log) {
		log_setup_error(options, NULL, "cannot log to %s: %s", destination, why);
		buf_free(&text);
		return NULL;
	}
	log_set_name(log, options_name(options), options->invoked_as == AS_XINETD);
	if (why && !strncmp(destination, "file:", 5))
		awaits = log_stand_in(log, destination + 5);
	if (why)
		log_warn(log, "cannot log to %s: %s: logging to stderr%s", destination, why,
			 awaits ? " until HUP or superctl reopen can open it" : "");
	buf_free(&text);
	return log;
}

bool log_setup_move(struct log *log, const char *destination, struct buf *why)
{
	const char *reason = NULL;

	if (!is_safe(destination, LOG_SINK_MODE, why))
		return false;
	reason = log_move(log, destination);
	if (reason)
		buf_text(why, reason);
	return !reason;
}
