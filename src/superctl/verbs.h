/* The verbs of superctl: one table for the command line, --help, hints and dispatch. */
#pragma once

#include <stddef.h>

struct superctl_options;

/* The exit status; scripts rely on the numbers (superctl(8)). */
enum ctl_status { CTL_DONE, CTL_FAILED, CTL_USAGE, CTL_NOT_ACTIVE, CTL_NO_SUPERD };

/* Names of services that a verb takes: none, any number, at least one; at least one, and a signal; or names of verbs. */
enum names_wanted { NAMES_NONE, NAMES_ANY, NAMES_SOME, NAMES_SIGNAL, NAMES_VERBS };

/* Bits: options of single verbs. All other options go with every verb. */
enum verb_option {
	MAY_NO_WAIT = 1, MAY_TIMEOUT = 2, MAY_CHECK = 4, MAY_SERVICE = 8, MAY_LEVEL = 16, MAY_INTERVAL = 32, MAY_COUNT = 64,
	MAY_SORT = 128, MAY_NAMES = 256, MAY_BOOT = 512, MAY_FAILED = 1024, MAY_FOLLOW = 2048, MAY_SINCE = 4096,
	MAY_READY = 8192, MAY_ALLOW_EMPTY = 16384, MAY_FILTER = 32768, MAY_VERBOSE = 65536,
	ENDS = 131072                   /* no option: the verb ends or pauses something, so it is no hint for a typing error */
};

struct verb {
	const char *name;
	enum names_wanted names;
	unsigned options;               /* bits of enum verb_option */
	const char *help;               /* one line */
	enum ctl_status (*run)(const struct superctl_options *options); /* NULL: help, for superctl_options_parse */
};

extern const struct verb verbs[];
extern const size_t verb_count;

const struct verb *verb_find(const char *name);         /* NULL: there is no such verb */
/* The verb that an unknown name may mean: of others' verbs the one that does the same, else a similar one that ends nothing.
 * NULL: none. */
const char *verb_hint(const char *name);
/* What to use in place of a verb that superctl had before; NULL: it had none of this name. */
const char *verb_instead(const char *name);
