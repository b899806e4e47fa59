/* Which options --explain shows first, and which ones the words of a question mean. */
#include "table/print/option_search.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "table/option/option_table.h"

#define BLANKS " \t\n"

const char *const first_options[] = {
	"listen", "pass", "exec", "user", "env", "environment_file", "working_directory", "idle_timeout", "idle_action",
	"accept", "start", "requires", "ready", "restart", "timeout_stop", "only_from", "per_source", "instances",
	"memory_max", "output", NULL
};

/* Beside those of CHAPTER_UNITS, which options that are in another section for their subject. */
const char *const unit_options[] = {
	"directory_mode", "symlinks", "remove_on_stop", "free_bind", "transparent", "pass_security",
	"timestamping", "writable",
	"message_queue_max_messages", "message_queue_message_size", "remove_ipc", "ignore_sigpipe",
	"runtime_directory_mode", "state_directory_mode", "cache_directory_mode", "logs_directory_mode",
	"configuration_directory_mode", "syslog_level_prefix",
	"trigger_limit_burst", "trigger_limit_interval", "trigger_limit_pause",
	"socket_exec_apart", "socket_condition", "socket_requires", "socket_wants",
	"socket_beside", "beside", "behind", "unit_environment", "remain_after_exit",
	"final_kill_signal", "send_sighup", "send_sigkill", NULL
};

static bool is_listed(const char *const *list, const char *name)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list;
}

bool option_is_for_units(const struct directive *directive)
{
	return directive->chapter == CHAPTER_UNITS ||
	       (directive->chapter != CHAPTER_GLOBALS && is_listed(unit_options, directive->name[NATIVE]));
}

/* whole: the word is to begin one of the text's. */
static bool text_has(const char *text, const char *word, size_t length, bool whole)
{
	for (const char *at = text; at && *at; at++) {
		if (!strncasecmp(at, word, length) && (!whole || at == text || !isalnum((unsigned char)at[-1])))
			return true;
	}
	return false;
}

static bool option_has(const struct directive *directive, const char *word, size_t length)
{
	for (int dialect = NATIVE; dialect < DIALECTS; dialect++) {
		if (text_has(directive->name[dialect], word, length, dialect != NATIVE))
			return true;
	}
	return text_has(directive->help, word, length, true) ||
	       text_has(chapter_title(directive->chapter), word, length, true);
}

size_t option_count_words(const struct directive *directive, const char *query, size_t *count)
{
	size_t has = 0;

	*count = 0;
	while (query += strspn(query, BLANKS), *query) {
		size_t length = strcspn(query, BLANKS);

		has += option_has(directive, query, length);
		++*count;
		query += length;
	}
	return has;
}

bool option_is_named(const struct directive *directive, const char *query)
{
	while (query += strspn(query, BLANKS), *query) {
		size_t length = strcspn(query, BLANKS);

		if (text_has(directive->name[NATIVE], query, length, false))
			return true;
		query += length;
	}
	return false;
}
