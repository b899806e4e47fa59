/* Every key of systemd's [Unit], [Socket], [Service] and [Install] and what superd does with it. The lists in
 * superd-systemd(5) are of these tables. Source: manual pages of systemd 262. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "read/systemd/unit.h"
#include "table/reading/key.h"

#define APART .form = FORM_APART

enum { KEYS_UNIT, KEYS_SOCKET, KEYS_SERVICE, KEYS_SHARED, KEYS_INSTALL, KEYS_SECTIONS };

/* KEYS_SHARED are the keys of systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). They may occur in
 * [Service], and in [Socket] for the commands there. */
extern const struct key_table *const unit_keys[KEYS_SECTIONS];

extern const struct key_table unit_keys_unit, unit_keys_socket, unit_keys_service, unit_keys_shared;

/* Finds a key, case-sensitively. NULL: unknown. */
const struct key_row *unit_key_find(const char *section, const char *key);

bool unit_is_listen(const struct unit_assignment *assignment);          /* whether it is an address, as ListenStream */
bool unit_listens(const struct unit *unit);             /* whether it has an address to listen on */

/* An unknown key that was meant as an address, in a unit that has none. NULL: there is none. */
const struct unit_assignment *unit_misspelt_listen(const struct unit *unit);

/* The option of superd.conf that the key is or becomes; NULL: none. */
const char *unit_key_option(const char *section, const struct key_row *key);

/* Whether in [Socket] the key is only about the commands there. */
bool unit_key_is_shared(const struct key_row *key);

/* The current name of a key, for an older name; other names stay. */
const char *unit_key_today(const char *key);

/* The known key of this section that is most like this one; NULL: none is like it. */
const char *unit_key_suggest(const char *section, const char *key);

/* Another section that has this key; NULL: none. */
const char *unit_key_section(const char *section, const char *key);
