/* The reader of systemd's units: a .socket with its service, a folder of them, or a .service by itself; and every key of
 * [Unit], [Socket], [Service] and [Install] with what superd does with it. The lists in superd-systemd(5) are of these
 * tables. Source: manual pages of systemd 262.
 *
 * Units become builders when all sources are read, because several sockets may activate one service. */
#pragma once

#include "table/reading/reading.h"

extern const struct reader reader_systemd;

enum { KEYS_UNIT, KEYS_SOCKET, KEYS_SERVICE, KEYS_SHARED, KEYS_INSTALL, KEYS_SECTIONS };

/* KEYS_SHARED are the keys of systemd.exec(5), systemd.kill(5) and systemd.resource-control(5). They may occur in
 * [Service]; in [Socket] they would rule the commands there, and are refused beside one. */
extern const struct key_table *const unit_keys[KEYS_SECTIONS];

extern const struct key_table unit_keys_unit, unit_keys_socket, unit_keys_service, unit_keys_shared;

/* Finds a key, case-sensitively. NULL: unknown. */
const struct key_row *unit_key_find(const char *section, const char *key);

/* The option of superd.conf that the key is or becomes; NULL: none. */
const char *unit_key_option(const char *section, const struct key_row *key);
