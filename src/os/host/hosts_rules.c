/* Rules of hosts_access(5), parsed as libwrap does: a line that ends in a backslash continues, fields are separated by
 * colons outside brackets, and the third field and those behind it are options that begin with a keyword
 * (hosts_options(5)).
 *
 * Builds of libwrap differ: some have other options, or take the third field as a shell command. So every keyword that
 * is not known to be harmless counts as a command. */
#include "os/host/hosts_access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/fd.h"

#define TABLE_MOST (1 << 20)            /* bytes of a file */
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

/* Whether a list of daemons contains this one: no, perhaps, or yes. ALL matches every daemon. What is more than a name
 * (a prefix or suffix, a pattern, a file, DAEMON@ADDRESS) is not evaluated. */
enum match { MATCH_NONE, MATCH_PERHAPS, MATCH_SURE };

static enum match match_word(const char *word, const char *daemon)
{
	if (!strcasecmp(word, daemon) || !strcasecmp(word, "ALL"))
		return MATCH_SURE;
	if (strpbrk(word, "@/*?") || word[0] == '.' || (*word && word[strlen(word) - 1] == '.'))
		return MATCH_PERHAPS;
	return MATCH_NONE;
}

static enum match match_daemon(char *list, const char *daemon)
{
	enum match match = MATCH_NONE;
	char *word;

	while ((word = strsep(&list, BETWEEN))) {
		enum match other;

		if (!strcasecmp(word, "EXCEPT")) {
			other = match == MATCH_NONE ? MATCH_NONE : match_daemon(list, daemon);
			return other == MATCH_SURE ? MATCH_NONE : other == MATCH_PERHAPS ? MATCH_PERHAPS : match;
		}
		other = match_word(word, daemon);
		if (*word && other > match)
			match = other;
	}
	return match;
}

struct evaluation {
	const char *daemon;
	bool denies;
	enum hosts_verdict verdict;
};

/* Whether a rule with these options may deny a client: every option that is not known to allow may. */
static bool denies_by(const char *options, bool denies)
{
	for (;;) {
		size_t length = field_length(options, true), blanks = strspn(options, BLANKS), word;

		word = strcspn(options + blanks, BLANKS "=:");
		if (is_word(options + blanks, word, "allow"))
			denies = false;
		else if (is_word(options + blanks, word, "deny") ||
			 (word && !is_harmless_option(options + blanks, word) &&
			  !is_word(options + blanks, word, "spawn")))
			denies = true;
		if (!options[length])
			return denies;
		options += length + 1;
	}
}

/* Whether the list is ALL and nothing else. */
static bool is_everybody(const char *list, size_t length)
{
	size_t blanks = strspn(list, BETWEEN), word;

	if (blanks >= length)
		return false;
	word = strcspn(list + blanks, BETWEEN ":");
	return word == 3 && !strncasecmp(list + blanks, "ALL", 3) &&
	       blanks + word + strspn(list + blanks + word, BETWEEN) >= length;
}

/* Evaluates one rule. false: the verdict is final. */
static bool evaluate_rule(void *context, const char *rule)
{
	struct evaluation *evaluation = context;
	size_t daemons = field_length(rule, false), clients;
	const char *rest = rule[daemons] ? rule + daemons + 1 : rule + daemons;
	char *list = strndup(rule, daemons);
	enum match match = list ? match_daemon(list, evaluation->daemon) : MATCH_PERHAPS;
	bool denies;

	free(list);
	if (match == MATCH_NONE)
		return true;
	clients = field_length(rest, false);
	denies = rest[clients] ? denies_by(rest + clients + 1, evaluation->denies) : evaluation->denies;
	if (denies)
		evaluation->verdict = HOSTS_MAY_DENY;
	else if (match == MATCH_SURE && is_everybody(rest, clients))
		evaluation->verdict = HOSTS_ALLOW_ALL;
	return evaluation->verdict == HOSTS_GO_ON;
}

enum hosts_verdict hosts_rules_evaluate(const char *text, const char *daemon, bool denies)
{
	struct evaluation evaluation = { .daemon = daemon, .denies = denies };
	bool whole = each_rule(text, evaluate_rule, &evaluation);

	return whole || evaluation.verdict != HOSTS_GO_ON ? evaluation.verdict : HOSTS_MAY_DENY;
}

bool hosts_rules_may_deny(const char *daemon)
{
	static const char *const paths[] = { "/etc/hosts.allow", "/etc/hosts.deny" };
	enum hosts_verdict verdict = HOSTS_GO_ON;

	for (int n = 0; n < 2 && verdict == HOSTS_GO_ON; n++) {
		size_t length;
		char *text = fd_read_file(paths[n], TABLE_MOST, &length);

		if (text)
			verdict = hosts_rules_evaluate(text, daemon, n == 1);
		else if (errno != ENOENT)
			verdict = HOSTS_MAY_DENY;
		free(text);
	}
	return verdict == HOSTS_MAY_DENY;
}
