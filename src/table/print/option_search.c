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

bool option_is_for_units(const struct option_def *option)
{
	return option->chapter == CHAPTER_UNITS || option->flags & FOR_UNITS;
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

static bool option_has(const struct option_def *option, const char *word, size_t length)
{
	for (int dialect = XINETD; dialect < DIALECTS; dialect++) {
		if (text_has(option->name[dialect], word, length, true))
			return true;
	}
	return text_has(option->help, word, length, true) ||
	       text_has(chapter_title(option->chapter), word, length, true);
}

bool option_has_words(const struct option_def *option, const char *query, bool in_name)
{
	while (query += strspn(query, BLANKS), *query) {
		size_t length = strcspn(query, BLANKS);

		if (!text_has(option->name[NATIVE], query, length, false) &&
		    (in_name || !option_has(option, query, length)))
			return false;
		query += length;
	}
	return true;
}
