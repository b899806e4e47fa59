/* Every key of launchd's property lists and what superd does with it. The reader, --check and the lists in
 * superd-launchd(5) all use this table. Source: launchd.plist(5), and keys of lists in use that it does not name.
 *
 * The table of directives has the option that a key becomes, by its name in LAUNCHD ("UserName",
 * "Sockets.SockPathMode"). This table has it if the key is only a part of an option, or has another name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "parse/key_status.h"

struct launchd_key {
	const char *key;
	unsigned kinds;                 /* allowed kinds of its value, bits of enum plist_kind */
	enum key_status class;          /* of a key that is no option; use launchd_key_status */
	const char *option;             /* of KEY_DONE: the option it becomes, if no option has its name */
	const char *reason;             /* for the manual and messages: superd's action, or the reason against it */
};

/* The keys of a dictionary, in the order of their names. */
struct launchd_keys {
	const char *prefix;             /* before the keys in the table of directives: "Sockets"; NULL: the job's own */
	const char *title;              /* for the manual */
	const struct launchd_key *list;
	size_t count;
};

enum { LAUNCHD_JOB, LAUNCHD_SOCKETS, LAUNCHD_INETD, LAUNCHD_KEEP_ALIVE, LAUNCHD_LIMITS, LAUNCHD_DICTIONARIES };

extern const struct launchd_keys launchd_keys[LAUNCHD_DICTIONARIES];

/* Finds a key by its name, case-sensitively; but InetdCompatibility is inetdCompatibility. NULL: unknown. */
const struct launchd_key *launchd_key_find(const struct launchd_keys *keys, const char *key);

/* The option of superd.conf that the key is or becomes; NULL: none. */
const char *launchd_key_option(const struct launchd_keys *keys, const struct launchd_key *key);

/* The status of the key in this build: KEY_DONE if superd has its option. */
enum key_status launchd_key_status(const struct launchd_keys *keys, const struct launchd_key *key);

/* The known key that is most like this one; NULL: none is like it. */
const struct launchd_key *launchd_key_suggest(const struct launchd_keys *keys, const char *key);
