/* The table of attributes, from xinetd.conf(5).
 *
 * xinetd ignores an attribute in the wrong place, or a second line of one, with a warning. Tables in use have such
 * lines, so superd warns too. But it refuses the line if the attribute restricts the service. */
#include "read/xinetd/attribute.h"

#include <string.h>
#include <strings.h>

#include "lib/scan.h"

#define DEFAULT ATTR_IN_DEFAULTS
#define SET (ATTR_ADDS | ATTR_REMOVES)
#define RESTRICTS ATTR_RESTRICTS
#define DECIMAL ATTR_IS_DECIMAL

const struct xinetd_rule xinetd_rules[ATTRIBUTES] = {
	[ATTR_SOCKET_TYPE] = { "socket_type", 1, 0 },
	[ATTR_PROTOCOL] = { "protocol", 1, 0 },
	[ATTR_PORT] = { "port", 1, 0 },
	[ATTR_BIND] = { "bind", 1, DEFAULT | RESTRICTS },
	[ATTR_V6ONLY] = { "v6only", 1, 0 },
	[ATTR_RPC_VERSION] = { "rpc_version", 1, 0 },
	[ATTR_RPC_NUMBER] = { "rpc_number", 1, 0 },

	[ATTR_TYPE] = { "type", SOME_VALUES, 0 },
	[ATTR_FLAGS] = { "flags", SOME_VALUES, RESTRICTS },
	[ATTR_WAIT] = { "wait", 1, 0 },
	[ATTR_SERVER] = { "server", 1, 0 },
	[ATTR_SERVER_ARGS] = { "server_args", SOME_VALUES, 0 },
	[ATTR_REDIRECT] = { "redirect", 2, 0 },
	[ATTR_USER] = { "user", 1, RESTRICTS },
	[ATTR_GROUP] = { "group", 1, RESTRICTS },
	[ATTR_GROUPS] = { "groups", 1, DEFAULT },
	[ATTR_ENV] = { "env", ANY_VALUES, ATTR_ADDS },
	[ATTR_PASSENV] = { "passenv", ANY_VALUES, DEFAULT | SET },
	[ATTR_UMASK] = { "umask", 1, DEFAULT | RESTRICTS },
	[ATTR_NICE] = { "nice", 1, DECIMAL },
	[ATTR_RLIMIT_AS] = { "rlimit_as", 1, RESTRICTS | DECIMAL },
	[ATTR_RLIMIT_CPU] = { "rlimit_cpu", 1, RESTRICTS | DECIMAL },
	[ATTR_RLIMIT_DATA] = { "rlimit_data", 1, RESTRICTS | DECIMAL },
	[ATTR_RLIMIT_FILES] = { "rlimit_files", 1, RESTRICTS | DECIMAL },
	[ATTR_RLIMIT_RSS] = { "rlimit_rss", 1, RESTRICTS | DECIMAL },
	[ATTR_RLIMIT_STACK] = { "rlimit_stack", 1, RESTRICTS | DECIMAL },

	[ATTR_ONLY_FROM] = { "only_from", ANY_VALUES, DEFAULT | SET | RESTRICTS },
	[ATTR_NO_ACCESS] = { "no_access", ANY_VALUES, DEFAULT | SET | RESTRICTS },
	[ATTR_ACCESS_TIMES] = { "access_times", SOME_VALUES, DEFAULT | RESTRICTS | ATTR_IGNORED_IN_DEFAULTS },
	[ATTR_INSTANCES] = { "instances", 1, DEFAULT | RESTRICTS | DECIMAL },
	[ATTR_PER_SOURCE] = { "per_source", 1, DEFAULT | RESTRICTS | DECIMAL },
	[ATTR_CPS] = { "cps", 2, DEFAULT | RESTRICTS | DECIMAL },
	[ATTR_MAX_LOAD] = { "max_load", 1, DEFAULT | RESTRICTS },
	[ATTR_DENY_TIME] = { "deny_time", 1, DEFAULT | RESTRICTS | ATTR_IGNORED_IN_DEFAULTS },
	[ATTR_LIBWRAP] = { "libwrap", 1, RESTRICTS },
	[ATTR_BANNER] = { "banner", 1, DEFAULT },
	[ATTR_BANNER_SUCCESS] = { "banner_success", 1, DEFAULT },
	[ATTR_BANNER_FAIL] = { "banner_fail", 1, DEFAULT },

	[ATTR_LOG_TYPE] = { "log_type", SOME_VALUES, DEFAULT },
	[ATTR_LOG_ON_SUCCESS] = { "log_on_success", ANY_VALUES, DEFAULT | SET },
	[ATTR_LOG_ON_FAILURE] = { "log_on_failure", ANY_VALUES, DEFAULT | SET },

	[ATTR_ID] = { "id", 1, 0 },
	[ATTR_DISABLE] = { "disable", 1, RESTRICTS },
	[ATTR_ENABLED] = { "enabled", ANY_VALUES, DEFAULT | ATTR_NOT_IN_SERVICE | ATTR_ADDS | RESTRICTS },
	[ATTR_DISABLED] = { "disabled", ANY_VALUES, DEFAULT | ATTR_NOT_IN_SERVICE | ATTR_ADDS | RESTRICTS },
	[ATTR_MDNS] = { "mdns", 1, DEFAULT },
};

static const char synonym[] = "interface";

int xinetd_attribute_find(const char *name)
{
	for (int i = 0; i < ATTRIBUTES; i++) {
		if (!strcasecmp(xinetd_rules[i].name, name))
			return i;
	}
	return strcasecmp(synonym, name) ? -1 : ATTR_BIND;
}

const char *xinetd_attribute_suggest(const char *name)
{
	struct scan_nearest nearest = scan_nearest_begin(name);

	for (int i = 0; i < ATTRIBUTES; i++)
		scan_nearest_look(&nearest, xinetd_rules[i].name);
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
