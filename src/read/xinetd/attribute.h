/* The attributes of xinetd.conf(5): the number of values of each, its places, and its operators. The table of
 * directives checks the values of most attributes, under the same name. socket.c, program.c, access.c and log.c
 * translate the others. */
#pragma once

#include "table/reading/key.h"

/* In the order of their names, which is that of key_list. */
enum xinetd_attribute {
	ATTR_ACCESS_TIMES, ATTR_BANNER, ATTR_BANNER_FAIL, ATTR_BANNER_SUCCESS, ATTR_BIND, ATTR_CPS, ATTR_DENY_TIME,
	ATTR_DISABLE, ATTR_DISABLED, ATTR_ENABLED, ATTR_ENV, ATTR_FLAGS, ATTR_GROUP, ATTR_GROUPS, ATTR_ID,
	ATTR_INSTANCES, ATTR_LIBWRAP, ATTR_LOG_ON_FAILURE, ATTR_LOG_ON_SUCCESS, ATTR_LOG_TYPE, ATTR_MAX_LOAD,
	ATTR_MDNS, ATTR_NICE, ATTR_NO_ACCESS, ATTR_ONLY_FROM, ATTR_PASSENV, ATTR_PER_SOURCE, ATTR_PORT, ATTR_PROTOCOL,
	ATTR_REDIRECT, ATTR_RLIMIT_AS, ATTR_RLIMIT_CPU, ATTR_RLIMIT_DATA, ATTR_RLIMIT_FILES, ATTR_RLIMIT_RSS,
	ATTR_RLIMIT_STACK, ATTR_RPC_NUMBER, ATTR_RPC_VERSION, ATTR_SERVER, ATTR_SERVER_ARGS, ATTR_SOCKET_TYPE,
	ATTR_TYPE, ATTR_UMASK, ATTR_USER, ATTR_V6ONLY, ATTR_WAIT,
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
	ATTR_MAKES_SERVICE = 1 << 7,    /* without it the service is another one */
};

extern const struct key_table xinetd_keys;

#define xinetd_rule(attribute) (key_list(&xinetd_keys).list + (attribute))

/* Finds an attribute by its name, case-insensitively; `interface` is another name of bind. -1: unknown. */
int xinetd_attribute_find(const char *name);

/* The known name that is most like this one, for "did you mean"; NULL: none is like it. */
const char *xinetd_attribute_suggest(const char *name);

/* The same for the words of a value: the index of a word in a NULL-terminated list, case-insensitively, or -1; and the
 * word that is most like it, or NULL. */
int xinetd_word_find(const char *const *known, const char *word);
const char *xinetd_word_suggest(const char *const *known, const char *word);
