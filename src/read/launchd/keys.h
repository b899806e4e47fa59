/* Every key of launchd's property lists and what superd does with it. The lists in superd-launchd(5) are of this table.
 * Source: launchd.plist(5), and keys of lists in use that it does not name. */
#pragma once

#include "table/reading/key.h"

enum { LAUNCHD_JOB, LAUNCHD_SOCKETS, LAUNCHD_INETD, LAUNCHD_KEEP_ALIVE, LAUNCHD_LIMITS, LAUNCHD_DICTIONARIES };

/* The flags of keys of a socket that go with one kind of address only. */
enum { SOCKET_UNIX = 1 << 0, SOCKET_INET = 1 << 1 };

extern const struct key_table launchd_keys[LAUNCHD_DICTIONARIES];

/* Finds a key by its name, case-sensitively; but InetdCompatibility is inetdCompatibility. NULL: unknown. */
const struct key_row *launchd_key_find(const struct key_table *keys, const char *key);
