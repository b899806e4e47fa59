/* The table of attributes, from xinetd.conf(5).
 *
 * xinetd ignores an attribute in the wrong place, or a second line of one, with a warning. Tables in use have such
 * lines, so superd warns too. But it refuses the line if the attribute restricts the service. */
#include "read/xinetd/attribute.h"

#include <strings.h>

#define DEFAULT ATTR_IN_DEFAULTS
#define SET (ATTR_ADDS | ATTR_REMOVES)
#define RESTRICTS ATTR_RESTRICTS
#define DECIMAL ATTR_IS_DECIMAL

#define MAKES ATTR_MAKES_SERVICE

static const struct key_row attributes[] = {
	{ "access_times", KEY_DONE, .values = SOME_VALUES, .flags = DEFAULT | RESTRICTS | ATTR_IGNORED_IN_DEFAULTS },
	{ "banner banner_fail banner_success groups mdns", KEY_DONE, .values = 1, .flags = DEFAULT },
	{ "bind", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS | MAKES },
	{ "cps", KEY_DONE, .values = 2, .flags = DEFAULT | RESTRICTS | DECIMAL },
	{ "deny_time", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS | ATTR_IGNORED_IN_DEFAULTS },
	{ "disable group libwrap user", KEY_DONE, .values = 1, .flags = RESTRICTS },
	{ "disabled enabled", KEY_DONE, .values = ANY_VALUES,
	  .flags = DEFAULT | ATTR_NOT_IN_SERVICE | ATTR_ADDS | RESTRICTS },
	{ "env", KEY_DONE, .values = ANY_VALUES, .flags = ATTR_ADDS },
	{ "flags", KEY_DONE, .values = SOME_VALUES, .flags = RESTRICTS | MAKES },
	{ "id", KEY_DONE, .values = 1 },
	{ "instances per_source", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS | DECIMAL },
	{ "log_on_failure log_on_success passenv", KEY_DONE, .values = ANY_VALUES, .flags = DEFAULT | SET },
	{ "log_type", KEY_DONE, .values = SOME_VALUES, .flags = DEFAULT },
	{ "max_load umask", KEY_DONE, .values = 1, .flags = DEFAULT | RESTRICTS },
	{ "nice", KEY_DONE, .values = 1, .flags = DECIMAL },
	{ "no_access only_from", KEY_DONE, .values = ANY_VALUES, .flags = DEFAULT | SET | RESTRICTS },
	{ "port protocol rpc_number rpc_version server socket_type v6only wait", KEY_DONE, .values = 1,
	  .flags = MAKES },
	{ "redirect", KEY_DONE, .values = 2, .flags = MAKES },
	{ "rlimit_as rlimit_cpu rlimit_data rlimit_files rlimit_rss rlimit_stack", KEY_DONE, .values = 1,
	  .flags = RESTRICTS | DECIMAL },
	{ "server_args type", KEY_DONE, .values = SOME_VALUES, .flags = MAKES },
};

const struct key_table xinetd_keys = { XINETD, NULL, NULL, attributes, sizeof(attributes) / sizeof(*attributes) };

static const char synonym[] = "interface";

int xinetd_attribute_find(const char *name)
{
	const struct key_row *found = key_find(&xinetd_keys, strcasecmp(name, synonym) ? name : "bind");

	return found ? (int)(found - xinetd_rule(0)) : -1;
}

const char *xinetd_attribute_suggest(const char *name)
{
	struct scan_nearest nearest = scan_nearest_begin(name);

	key_nearest_look(&nearest, &xinetd_keys);
	scan_nearest_look(&nearest, synonym);
	return nearest.word;
}

int xinetd_word_find(const char *const *known, const char *word)
{
	for (int i = 0; known[i]; i++) {
		if (!strcasecmp(known[i], word))
			return i;
	}
	return -1;
}

const char *xinetd_word_suggest(const char *const *known, const char *word)
{
	struct scan_nearest nearest = scan_nearest_begin(word);

	for (; *known; known++)
		scan_nearest_look(&nearest, *known);
	return nearest.word;
}
