/* The attributes of xinetd.conf(5): the number of values of each, its places, and its operators. The table of
 * directives checks the values of most attributes, under the same name. socket.c, program.c, access.c and log.c
 * translate the others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum xinetd_attribute {
	/* Which sockets */
	ATTR_SOCKET_TYPE, ATTR_PROTOCOL, ATTR_PORT, ATTR_BIND, ATTR_V6ONLY, ATTR_RPC_VERSION, ATTR_RPC_NUMBER,
	/* The program, and how it gets its socket */
	ATTR_TYPE, ATTR_FLAGS, ATTR_WAIT, ATTR_SERVER, ATTR_SERVER_ARGS, ATTR_REDIRECT,
	ATTR_USER, ATTR_GROUP, ATTR_GROUPS, ATTR_ENV, ATTR_PASSENV, ATTR_UMASK, ATTR_NICE,
	ATTR_RLIMIT_AS, ATTR_RLIMIT_CPU, ATTR_RLIMIT_DATA, ATTR_RLIMIT_FILES, ATTR_RLIMIT_RSS, ATTR_RLIMIT_STACK,
	/* The allowed clients */
	ATTR_ONLY_FROM, ATTR_NO_ACCESS, ATTR_ACCESS_TIMES, ATTR_INSTANCES, ATTR_PER_SOURCE, ATTR_CPS, ATTR_MAX_LOAD,
	ATTR_DENY_TIME, ATTR_LIBWRAP, ATTR_BANNER, ATTR_BANNER_SUCCESS, ATTR_BANNER_FAIL,
	/* The log */
	ATTR_LOG_TYPE, ATTR_LOG_ON_SUCCESS, ATTR_LOG_ON_FAILURE,
	/* Which services there are */
	ATTR_ID, ATTR_DISABLE, ATTR_ENABLED, ATTR_DISABLED, ATTR_MDNS,
	ATTRIBUTES
};

enum { SOME_VALUES = -1, ANY_VALUES = -2 };     /* one or more; zero or more */

enum {
	ATTR_IN_DEFAULTS = 1 << 0,
	ATTR_NOT_IN_SERVICE = 1 << 1,
	ATTR_ADDS = 1 << 2,             /* += */
	ATTR_REMOVES = 1 << 3,          /* -= */
	ATTR_RESTRICTS = 1 << 4,        /* it restricts the service: superd refuses a line that xinetd would ignore */
	ATTR_IS_DECIMAL = 1 << 5,       /* its numbers are decimal, also with zeros in front */
	ATTR_IGNORED_IN_DEFAULTS = 1 << 6,      /* by xinetd; superd applies it, with a warning */
};

struct xinetd_rule {
	const char *name;
	int values;                     /* the exact number of values, or SOME_VALUES or ANY_VALUES */
	unsigned flags;                 /* ATTR_IN_DEFAULTS and the other bits above */
};

extern const struct xinetd_rule xinetd_rules[ATTRIBUTES];

/* Finds an attribute by its name, case-insensitively; `interface` is another name of bind. -1: unknown. */
int xinetd_attribute_find(const char *name);

/* The known name that is most like this one, for "did you mean"; NULL: none is like it. */
const char *xinetd_attribute_suggest(const char *name);

/* The same for the words of a value: the index of a word in a NULL-terminated list, case-insensitively, or -1; and the
 * word that is most like it, or NULL. */
int xinetd_word_find(const char *const *known, const char *word);
const char *xinetd_word_suggest(const char *const *known, const char *word);
