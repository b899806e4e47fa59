/* Puts the settings of superd itself in force.
 *
 * The texts of a table live as long as the table. Messages and later comparisons need them for longer, so the pool of
 * the options has copies. */
#include "superd/main.h"

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

/* Its path; NULL: the log goes to no file. */
static const char *file_of(const char *destination)
{
	return strncmp(destination, "file:", 5) || !destination[5] ? NULL : destination + 5;
}

/* A file must not be in the hands of another user, nor on a file system that may not answer. */
static bool open_file(const char *destination, int *file, struct buf *why)
{
	*file = file_of(destination)
		? own_file_open(file_of(destination), O_WRONLY | O_APPEND | O_CREAT, LOG_SINK_MODE, why) : -1;
	return *file >= 0 || !file_of(destination);
}

bool log_setup_check(const char *destination, struct buf *why)
{
	const char *path = file_of(destination);
	const char *reason = !path || own_file_is_safe(path, why) ? log_sink_check(destination) : "";

	buf_text(why, reason ? reason : "");
	return !reason;
}

struct log *log_setup_open(const struct options *options, bool takes_over)
{
	const char *destination = options->settings.log, *why, *why_no_other;
	bool is_json = options->settings.log_format == LOG_FORMAT_JSON;
	enum level level = (enum level)options->settings.log_level;
	struct buf text = { 0 };
	struct log *log = NULL;
	int file;

	if (open_file(destination, &file, &text))
		log = log_open(destination, file, is_json, level, &why);
	else
		why = buf_string(&text);
	if (!log && takes_over)
		log = log_open("stderr", -1, is_json, level, &why_no_other);
	if (!log) {
		log_setup_error(options, NULL, "cannot log to %s: %s", destination, why);
		buf_free(&text);
		return NULL;
	}
	log_set_name(log, options_name(options), options->invoked_as == AS_XINETD);
	if (why)
		log_warn(log, "cannot log to %s: %s: logging to stderr until HUP or superctl reopen can open it",
			 destination, why);
	buf_free(&text);
	return log;
}

/* Returns NULL, or why it stays where it is. */
static const char *move_log(struct log *log, const char *destination, struct buf *why)
{
	int file;

	return open_file(destination, &file, why) ? log_move(log, destination, file) : buf_string(why);
}

bool log_setup_reopen(const struct options *options, struct log *log, struct buf *why)
{
	const char *destination = options->settings.log, *reason;
	bool stands_in = log_sink(log)->kind == LOG_SINK_STDERR && !log_setup_is_stderr(options);
	struct buf text = { 0 };

	reason = move_log(log, destination, &text);
	if (reason)
		log_error(log, "cannot open the log %s again: %s; it stays where it is", destination, reason);
	else if (stands_in)
		log_notice(log, "logging to %s again", destination);
	if (reason && why)
		buf_addf(why, "cannot open the log %s again: %s", destination, reason);
	buf_free(&text);
	return !reason;
}

static void describe(const struct globals *globals, enum global global, struct buf *out)
{
	if (global_is_set(globals, global))
		type_format(&global_option_defs[global], global_value(globals, global), out);
	else
		buf_text(out, "unset");
}

static bool is_equal(const struct globals *a, const struct globals *b, enum global global)
{
	return type_equal(&global_option_defs[global], global_value(a, global), global_value(b, global));
}

static bool waits_for_start(enum global global)
{
	return global_option_defs[global].change == CHANGE_START;
}

void settings_check(const struct options *options, const struct table *table, bool reloads, struct diags *diags)
{
	const struct globals *globals = &table->globals, next = options_join_settings(options, globals);
	struct buf text = { 0 };

	for (enum global global = 0; global < GLOBALS; global++) {
		const char *name = global_option_defs[global].name[NATIVE];
		struct origin at = service_origin(&table->superd, name);

		if (global_is_set(globals, global) && global_is_set(&options->given, global)) {
			describe(&options->given, global, &text);
			diag_note(diags, at, "%s: overridden by the command line, which sets %s", name,
				  buf_string(&text));
			buf_clear(&text);
		}
		if (reloads && waits_for_start(global) && !is_equal(&options->settings, &next, global)) {
			describe(&options->settings, global, &text);
			diag_warning(diags, at, "%s: the change takes effect at the next start of superd; it "
				     "stays %s until then", name, buf_string(&text));
			buf_clear(&text);
		}
	}
	if (globals->log && !options->given.log && !(options->flags & OPTION_NO_PREFLIGHT) &&
	    options->task != TASK_PRINT && !log_setup_check(globals->log, &text))
		diag_error(diags, service_origin(&table->superd, "log"), "log: cannot log to %s: %s", globals->log,
			   buf_string(&text));
	buf_free(&text);
}

static const enum global texts[] = { GLOBAL_LOG, GLOBAL_CONTROL, GLOBAL_PID_FILE, GLOBAL_FDSTORE };

enum { TEXTS = sizeof(texts) / sizeof(*texts) };

static const char **text_of(struct globals *globals, size_t n)
{
	return global_field(globals, texts[n]);
}

/* Puts the texts where they stay as long as superd runs, because others borrow them: those that differ, so an operator
 * who changes them again and again costs some bytes. false: out of memory, which is printed. */
static bool keep_texts(struct options *options, struct globals *next)
{
	bool good = true;

	for (size_t n = 0; n < TEXTS; n++) {
		const char *kept = *text_of(&options->settings, n), **text = text_of(next, n);

		if (!*text)
			continue;
		*text = kept && !strcmp(*text, kept) ? kept : options_join(options, "", *text);
		good &= *text != NULL;
	}
	return good;
}

bool settings_apply(struct options *options, const struct table *table, bool starts, struct log *log)
{
	struct globals next = options_join_settings(options, &table->globals);
	const char *reason = NULL;
	struct buf why = { 0 };

	for (enum global global = 0; !starts && global < GLOBALS; global++) {
		if (waits_for_start(global))
			memcpy(global_field(&next, global), global_value(&options->settings, global),
			       field_size(global_option_defs[global].type));
	}
	if (!keep_texts(options, &next)) {
		log_setup_error(options, log, "the settings of superd itself stay as they are: out of memory");
		return false;
	}
	if (!is_equal(&options->settings, &next, GLOBAL_LOG))
		reason = move_log(log, next.log, &why);
	if (reason) { /* the log stays where it is */
		struct buf place = { 0 };

		origin_cite(service_origin(&table->superd, "log"), &place);
		log_setup_error(options, log, "cannot log to %s: %s%s", next.log, reason, buf_string(&place));
		buf_free(&place);
		next.log = options->settings.log;
	}
	buf_free(&why);
	log_set_form(log, next.log_format == LOG_FORMAT_JSON, (enum level)next.log_level);
	options->settings = next;
	return !reason;
}

/* The command line of a start need not have them: without them superd would have another control socket, or none. */
void settings_walk(const struct journal_line *line, struct options *options)
{
	struct globals *settings = &options->settings;

	for (size_t n = 0; n < TEXTS; n++) {
		const char *key = global_option_defs[texts[n]].name[NATIVE], **text = text_of(settings, n);
		char *value;

		if (line->out && *text)
			line_add(line->out, key, *text, strlen(*text));
		if (line->out)
			continue;
		value = line_take(line, key, NULL);
		if (value || texts[n] != GLOBAL_LOG)
			*text = value ? options_join(options, "", value) : NULL;
		free(value);
	}
	WALK_MOST(line, "log_format", settings->log_format, LOG_FORMAT_JSON);
	WALK_MOST(line, "log_level", settings->log_level, LEVEL_DEBUG);
}
