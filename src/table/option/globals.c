/* The table of the settings of superd itself, in the order of superd.conf(5). Its rows are those of the table of
 * options (table/option/option_table.h). */
#include "table/option/globals.h"

#include <limits.h>
#include <string.h>

#include "lib/log/log.h"
#include "lib/scan.h"
#include "table/type/type.h"

static const int64_t no_number = -1;
static const unsigned no_word = UINT_MAX;
static const char *const format_words[] = { [LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json", NULL };
static const char *const level_words[] = { "error", "warning", "notice", "info", "debug", NULL };

/* What applies where nothing is set. The rows have the same as text, for the manual. */
static const struct globals defaults = {
	.log = "stderr", .log_format = LOG_FORMAT_TEXT, .log_level = LEVEL_INFO,
	.max_starting = -1,
	.stop_timeout = 8000000,        /* below the 10 s after which Docker kills */
};

const struct option_def global_option_defs[GLOBALS] = {
	[GLOBAL_LOG] = {
		.name = { "log" }, .type = &type_destination, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, log), .change = CHANGE_LIVE, .fallback = "stderr",
		.argument = "stderr | syslog[:facility] | file:path", .example = "\"syslog:local0\"",
		.help = "The destination of the log. A reload moves the log; if superd cannot open the new "
			"destination, it keeps the old one." },
	[GLOBAL_LOG_FORMAT] = {
		.name = { "log_format" }, .type = &type_word, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, log_format), .change = CHANGE_LIVE, .fallback = "text",
		.unset = &no_word, .words = format_words,
		.help = "Whether a line of the log is plain text or a JSON object." },
	[GLOBAL_LOG_LEVEL] = {
		.name = { "log_level" }, .type = &type_word, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, log_level), .change = CHANGE_LIVE, .fallback = "info",
		.unset = &no_word, .words = level_words,
		.help = "The least severe messages that superd logs." },
	[GLOBAL_CONTROL] = {
		.name = { "control" }, .type = &type_control, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, control), .change = CHANGE_START, .argument = "path | @name | none",
		.example = "\"@superd\"",
		.help = "The control socket. superctl needs the same path, unless it is the default. Unset: the "
			"default of superd --control." },
	[GLOBAL_PID_FILE] = {
		.name = { "pid_file" }, .type = &type_path, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, pid_file), .change = CHANGE_START, .argument = "path",
		.example = "\"/run/web.pid\"",
		.help = "The file to which superd writes its process id." },
	[GLOBAL_FDSTORE] = {
		.name = { "fdstore" }, .type = &type_fdstore, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, fdstore), .change = CHANGE_START,
		.argument = "notify | none", .example = "notify",
		.help = "The store that keeps the sockets while superd does not run: the service manager, or "
			"none. Unset: the service manager, if it has a store." },
	[GLOBAL_MAX_STARTING] = {
		.name = { "max_starting" }, .type = &type_count, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, max_starting), .change = CHANGE_LIVE, .unset = &no_number,
		.least = 0, .most = 1000000, .argument = "number",
		.help = "How many services with accept = no may start at once; the others wait in the start "
			"queue. 0: no limit. Unset: twice the number of processors available to superd." },
	[GLOBAL_STOP_DELAY] = {
		.name = { "stop_delay" }, .type = &type_duration, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, stop_delay), .change = CHANGE_LIVE, .fallback = "0s",
		.unset = &no_number, .least = 0, .most = SCAN_INFINITY - 1, .argument = "duration", .example = "5s",
		.help = "How long superd still serves after a request to stop, so that a load balancer can use "
			"another machine." },
	[GLOBAL_STOP_TIMEOUT] = {
		.name = { "stop_timeout" }, .type = &type_duration, .chapter = CHAPTER_GLOBALS,
		.offset = offsetof(struct globals, stop_timeout), .change = CHANGE_LIVE, .fallback = "8s",
		.unset = &no_number, .argument = "duration", .example = "\"1min 30s\"",
		.help = "The time after which superd kills the remaining processes when it stops." },
};

const struct option_def *global_find(const char *name)
{
	for (size_t n = 0; n < GLOBALS; n++) {
		if (!strcmp(global_option_defs[n].name[NATIVE], name))
			return &global_option_defs[n];
	}
	return NULL;
}

/* The value of a setting that nobody sets. */
static const void *unset_value(enum global global)
{
	static const int64_t nothing;

	return global_option_defs[global].unset ? global_option_defs[global].unset : &nothing;
}

void globals_init(struct globals *globals)
{
	*globals = (struct globals){ 0 };
	for (int n = 0; n < GLOBALS; n++) {
		enum global global = (enum global)n;

		memcpy(global_field(globals, global), unset_value(global), field_size(global_option_defs[n].type));
	}
}

bool global_is_set(const struct globals *globals, enum global global)
{
	return !type_equal(&global_option_defs[global], global_value(globals, global), unset_value(global));
}

static void copy_set(struct globals *to, const struct globals *from)
{
	for (int n = 0; n < GLOBALS; n++) {
		enum global global = (enum global)n;

		if (global_is_set(from, global))
			memcpy(global_field(to, global), global_value(from, global),
			       field_size(global_option_defs[n].type));
	}
}

struct globals globals_join(const struct globals *first, const struct globals *second)
{
	struct globals joined = defaults;

	if (second)
		copy_set(&joined, second);
	copy_set(&joined, first);
	return joined;
}
