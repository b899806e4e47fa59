/* Rules of hosts_access(5), read as libwrap reads them: a line that ends in \ goes on, fields are split at colons
 * outside of brackets, the third and further ones are options with a word in front.
 *
 * The hard thing is what is not known: another libwrap may have other options, or take the third field for a
 * command. So each word that is not known to be harmless counts as a command. */
#include "sys/hosts_rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r\n"
#define BETWEEN ", \t\r\n"

/* The end of the field that begins here. */
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

static bool is_harmless(const char *word, size_t length)
{
	static const char *const known[] = {
		"allow", "deny", "severity", "keepalive", "linger", "rfc931", "banners", "nice", "setenv", "umask",
		"user", "group",
	};

	for (size_t n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
		if (strlen(known[n]) == length && !strncasecmp(known[n], word, length))
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
	if (!is_harmless(text, word))
		rules->runs_commands = true;
	if (word == 5 && !strncasecmp(text, "twist", 5))
		rules->may_twist = true;
}

/* Words of a list; a file stands alone or behind USER@ or DAEMON@. */
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

static bool look_at_rule(struct hosts_rules *rules, const char *text)
{
	bool good = true;

	if (*text == '#' || !text[strspn(text, BLANKS)])
		return true;
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

bool hosts_rules_read(struct hosts_rules *rules, const char *text)
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
		good = look_at_rule(rules, line);
	}
	free(line);
	return good;
}

bool hosts_rules_read_list(struct hosts_rules *rules, const char *text)
{
	return look_at_list(rules, text, strlen(text));
}
