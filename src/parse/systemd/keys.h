/* Every key of systemd's [Unit], [Socket], [Service] and [Install] and what superd does with it. The reader, --check
 * and the lists in superd-systemd(5) all use these tables. Source: manual pages of systemd 262.
 *
 * The table of directives has the option that a key becomes, by its name in UNIT ("Service.User"). These tables have
 * all keys, and the treatment of those that are no option. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "parse/key_status.h"
#include "parse/systemd/unit.h"

struct unit_key {
	const char *key;
	enum key_status class;          /* of a key that is no option; use unit_key_status */
	const char *option;             /* of KEY_DONE: the option it becomes, if no option has its name */
	const char *reason;             /* for the manual and messages: superd's action, or the reason against it */
};

/* The keys of a section, in the order of their names. */
struct unit_keys {
	const char *section;            /* NULL: the shared keys */
	const char *title;              /* for the manual */
	const struct unit_key *list;
	size_t count;
};

enum { KEYS_UNIT, KEYS_SOCKET, KEYS_SERVICE, KEYS_SHARED, KEYS_INSTALL, KEYS_SECTIONS };

/* KEYS_SHARED are the keys of systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). They may occur in
 * [Service], and in [Socket] for the commands there. */
extern const struct unit_keys *const unit_keys[KEYS_SECTIONS];

extern const struct unit_keys unit_keys_unit, unit_keys_socket, unit_keys_service, unit_keys_shared;

/* Finds a key, case-sensitively. NULL: unknown. */
const struct unit_key *unit_key_find(const char *section, const char *key);

bool unit_is_listen(const struct unit_assignment *assignment);          /* whether it is an address, as ListenStream */
bool unit_listens(const struct unit *unit);             /* whether it has an address to listen on */

/* An unknown key that was meant as an address, in a unit that has none. NULL: there is none. */
const struct unit_assignment *unit_misspelt_listen(const struct unit *unit);

/* The status of the key in this build: KEY_DONE if superd has its option. */
enum key_status unit_key_status(const char *section, const struct unit_key *key);

/* The option of superd.conf that the key is or becomes; NULL: none. */
const char *unit_key_option(const char *section, const struct unit_key *key);

/* Whether in [Socket] the key is only about the commands there. */
bool unit_key_is_shared(const struct unit_key *key);

/* The current name of a key, for an older name; other names stay. */
const char *unit_key_today(const char *key);

/* The known key of this section that is most like this one; NULL: none is like it. */
const struct unit_key *unit_key_suggest(const char *section, const char *key);

/* Another section that has this key; NULL: none. */
const char *unit_key_section(const char *section, const char *key);
