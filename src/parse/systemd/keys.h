/* Every key of systemd's [Unit], [Socket], [Service] and [Install] and what superd does with it: the one table behind
 * the reader, --check and the lists in superd-systemd(5). Source: systemd 262's manual pages.
 *
 * What a key of a unit is called in superd.conf stands in the table of directives, by its name in UNIT
 * ("Service.User"); here stand all keys, and of those that are no option under their own name what becomes of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "parse/key_status.h"

struct unit_key {
	const char *key;
	enum key_status class;          /* of one that is no option, or not yet; see unit_key_status */
	const char *option;             /* of KEY_DONE: what it becomes in superd.conf, where no option bears its name */
	const char *reason;             /* for the manual and the message: what superd does, or why not */
};

/* The keys of a section, in the order of their names. */
struct unit_keys {
	const char *section;            /* of the shared ones: NULL */
	const char *title;              /* for the manual */
	const struct unit_key *list;
	size_t count;
};

enum { KEYS_UNIT, KEYS_SOCKET, KEYS_SERVICE, KEYS_SHARED, KEYS_INSTALL, KEYS_SECTIONS };

/* KEYS_SHARED are those of systemd.exec(5), systemd.kill(5) and systemd.resource-control(5): of [Service], and in
 * [Socket] of the commands there. */
extern const struct unit_keys *const unit_keys[KEYS_SECTIONS];

extern const struct unit_keys unit_keys_unit, unit_keys_socket, unit_keys_service, unit_keys_shared;

/* By its names; keys begin with a capital and are case-sensitive. NULL: unknown. */
const struct unit_key *unit_key_find(const char *section, const char *key);

/* The class of the key in this version: done if superd has an option for it. */
enum key_status unit_key_status(const char *section, const struct unit_key *key);

/* The option of superd.conf it is or becomes, NULL: none. */
const char *unit_key_option(const char *section, const struct unit_key *key);

/* Whether in [Socket] it speaks of the commands there alone. */
bool unit_key_is_shared(const struct unit_key *key);

/* An older name of a key as the newer one, and any other as it is. */
const char *unit_key_today(const char *key);

/* The known key nearest to it in this section; NULL: none is near. */
const struct unit_key *unit_key_suggest(const char *section, const char *key);

/* The section it belongs to, of a key that is none of this one; NULL: unknown anywhere. */
const char *unit_key_section(const char *section, const char *key);

bool unit_section_is_known(const char *section);
