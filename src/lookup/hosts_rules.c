/* Rules of hosts_access(5), parsed as libwrap does: a line that ends in a backslash continues, fields are separated by
 * colons outside brackets, and the third field and those behind it are options that begin with a keyword
 * (hosts_options(5)).
 *
 * Builds of libwrap differ: some have other options, or take the third field as a shell command. So every keyword that
 * is not known to be harmless counts as a command. */
#include "lookup/hosts_rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"
#define BETWEEN ", \t\r\n"

/* The length of the field that begins here. */
static size_t field_length(const char *text, bool is_option)
{
	size_t length = 0;
	int brackets = 0;

	for (; text[length]; length++) {
		if (is_option && text[length] == '\\' && text[length + 1] == ':')
			length++;
		else if (!is_option && text[length] == '[')
			brackets++;
		else if (!is_option && text[length] == ']')
			brackets--;
		else if (text[length] == ':' && brackets == 0)
			break;
	}
	return length;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !strncasecmp(text, word, length);
}

static bool is_harmless_option(const char *word, size_t length)
{
	static const char *const known[] = {
		"allow", "deny", "severity", "keepalive", "linger", "rfc931", "banners", "nice", "setenv", "umask",
		"user", "group",
	};

	for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
		if (is_word(word, length, known[n]))
			return true;
	}
	return false;
}

static void look_at_option(struct hosts_rules *rules, const char *text, size_t length)
{
	size_t blanks = strspn(text, BLANKS), word;

	if (blanks >= length)
		return;
	text += blanks;
	word = strcspn(text, BLANKS "=:");
	word = word > length - blanks ? length - blanks : word;
	if (!is_harmless_option(text, word))
		rules->runs_commands = true;
	if (!is_harmless_option(text, word) && !is_word(text, word, "spawn") && !is_word(text, word, "twist"))
		rules->asks_command = true;
	if (is_word(text, word, "twist"))
		rules->may_twist = true;
}

/* Reports the files in a list. A file's name stands alone or behind USER@ or DAEMON@. */
static bool look_at_list(struct hosts_rules *rules, const char *text, size_t length)
{
	char *list = strndup(text, length), *rest = list, *word;
	bool good = list;

	while (good && rules->on_file && (word = strsep(&rest, BETWEEN))) {
		const char *at = strrchr(word, '@'), *path = word[0] == '/' || !at ? word : at + 1;

		good = *path != '/' || rules->on_file(rules->context, path);
	}
	free(list);
	return good;
}

static bool look_at_rule(void *context, const char *text)
{
	struct hosts_rules *rules = context;
	bool good = true;

	for (int field = 0; good; field++) {
		size_t length = field_length(text, field >= 2);

		if (field < 2)
			good = look_at_list(rules, text, length);
		else
			look_at_option(rules, text, length);
		if (!text[length])
			break;
		text += length + 1;
	}
	return good;
}

/* Calls `act` for each rule, with continued lines joined. false: `act` stopped it, or out of memory. */
static bool each_rule(const char *text, bool (*act)(void *context, const char *rule), void *context)
{
	char *line = malloc(strlen(text) + 1);
	bool good = line;

	while (good && *text) {
		size_t length = 0;

		for (; *text && *text != '\n'; text++) {
			if (text[0] == '\\' && text[1] == '\n')
				text++;
			else
				line[length++] = *text;
		}
		line[length] = '\0';
		text += *text == '\n';
		if (*line != '#' && line[strspn(line, BLANKS)])
			good = act(context, line);
	}
	free(line);
	return good;
}

bool hosts_rules_read(struct hosts_rules *rules, const char *text)
{
	return each_rule(text, look_at_rule, rules);
}

bool hosts_rules_read_list(struct hosts_rules *rules, const char *text)
{
	return look_at_list(rules, text, strlen(text));
}
