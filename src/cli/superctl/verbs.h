/* What superctl can be told: each verb once, for the command line, --help, the hints and the dispatch. */
#pragma once

#include <stddef.h>

struct superctl_options;

/* The exit status, which scripts rely on; superctl(8) lists them. */
enum ctl_status { CTL_DONE, CTL_FAILED, CTL_USAGE, CTL_NOT_ACTIVE, CTL_NO_SUPERD };

enum names_wanted { NAMES_NONE, NAMES_ANY, NAMES_SOME };

/* The options a verb has beside those that all have. */
enum verb_option {
	MAY_NO_WAIT = 1, MAY_TIMEOUT = 2, MAY_CHECK = 4, MAY_SERVICE = 8, MAY_LEVEL = 16, MAY_INTERVAL = 32, MAY_COUNT = 64,
	MAY_SORT = 128, MAY_HTTP = 256, MAY_NAMES = 512, MAY_FORMAT = 1024
};

struct verb {
	const char *name;
	enum names_wanted names;
	unsigned options;               /* of enum verb_option */
	const char *help;               /* a line */
	enum ctl_status (*run)(const struct superctl_options *options);
};

extern const struct verb verbs[];
extern const size_t verb_count;

/* NULL: there is none of that name; verb_hint then is the one that was meant, or NULL. */
const struct verb *verb_find(const char *name);
const char *verb_hint(const char *name);
