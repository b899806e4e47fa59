/* Every key of launchd's property lists and what superd does with it: the one table behind the reader, --check and the
 * lists in superd-launchd(5). Source: launchd.plist(5), and the keys of lists in use that it does not name.
 *
 * What a key becomes in superd.conf stands in the table of directives, by its name in LAUNCHD ("UserName",
 * "Sockets.SockPathMode"), or here, where it is called otherwise or is only a part of an option. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "parse/key_status.h"

struct launchd_key {
	const char *key;
	unsigned kinds;                 /* of its value, enum plist_kind */
	enum key_status class;          /* of one that is no option, or not yet; see launchd_key_status */
	const char *option;             /* of KEY_DONE: what it becomes in superd.conf, where no option bears its name */
	const char *reason;             /* for the manual and the message: what superd does, or why not */
};

/* The keys of a dictionary, in the order of their names. */
struct launchd_keys {
	const char *prefix;             /* in the table of directives: "Sockets"; NULL: the job's own */
	const char *title;              /* for the manual */
	const struct launchd_key *list;
	size_t count;
};

enum { LAUNCHD_JOB, LAUNCHD_SOCKETS, LAUNCHD_INETD, LAUNCHD_KEEP_ALIVE, LAUNCHD_LIMITS, LAUNCHD_DICTIONARIES };

extern const struct launchd_keys launchd_keys[LAUNCHD_DICTIONARIES];

/* By its name, case-sensitive but for one: some write InetdCompatibility. NULL: unknown. */
const struct launchd_key *launchd_key_find(const struct launchd_keys *keys, const char *key);

/* The option of superd.conf it is or becomes, NULL: none. */
const char *launchd_key_option(const struct launchd_keys *keys, const struct launchd_key *key);

/* The class of the key in this version: done if superd has an option for it. */
enum key_status launchd_key_status(const struct launchd_keys *keys, const struct launchd_key *key);

/* The known key nearest to it; NULL: none is near. */
const struct launchd_key *launchd_key_suggest(const struct launchd_keys *keys, const char *key);
