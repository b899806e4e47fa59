/* Looks up keys of units.
 *
 * Only the table of directives knows whether superd has an option. So a key becomes KEY_DONE when its option is added
 * there, without a change here. */
#include "parse/systemd/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/scan.h"
#include "config/option/option_table.h"

#define NAME_MOST 96 /* bytes of the longest section and key, and some */

#define ENABLED "a unit in the configuration is enabled"

static const struct unit_key install[] = {
	{ "Alias", KEY_HARMLESS, .reason = "superd follows existing links between units" },
	{ "Also", KEY_HARMLESS, .reason = ENABLED },
	{ "DefaultInstance", KEY_HARMLESS, .reason = "name the instance, as in superd -f x@y.socket" },
	{ "RequiredBy", KEY_HARMLESS, .reason = ENABLED },
	{ "UpheldBy", KEY_HARMLESS, .reason = ENABLED },
	{ "WantedBy", KEY_HARMLESS, .reason = ENABLED },
};

static const struct unit_keys unit_keys_install = { "Install", "[Install]", install,
						    sizeof(install) / sizeof(*install) };

const struct unit_keys *const unit_keys[KEYS_SECTIONS] = {
	[KEYS_UNIT] = &unit_keys_unit,	   [KEYS_SOCKET] = &unit_keys_socket,	[KEYS_SERVICE] = &unit_keys_service,
	[KEYS_SHARED] = &unit_keys_shared, [KEYS_INSTALL] = &unit_keys_install,
};

/* Older names of keys, and the current ones. */
static const char *const older_names[][2] = {
	{ "BindTo", "BindsTo" },
	{ "InaccessibleDirectories", "InaccessiblePaths" },
	{ "MemoryLimit", "MemoryMax" },
	{ "PropagateReloadFrom", "ReloadPropagatedFrom" },
	{ "PropagateReloadTo", "PropagatesReloadTo" },
	{ "ReadOnlyDirectories", "ReadOnlyPaths" },
	{ "ReadWriteDirectories", "ReadWritePaths" },
	{ "StartLimitInterval", "StartLimitIntervalSec" },
};

const char *unit_key_today(const char *key)
{
	for (size_t n = 0; n < sizeof(older_names) / sizeof(*older_names); n++) {
		if (!strcmp(older_names[n][0], key))
			return older_names[n][1];
	}
	return key;
}

static int compare_key(const void *name, const void *entry)
{
	return strcmp(name, ((const struct unit_key *)entry)->key);
}

static const struct unit_key *find_in(const struct unit_keys *keys, const char *key)
{
	return bsearch(key, keys->list, keys->count, sizeof(*keys->list), compare_key);
}

static const struct unit_keys *keys_of(const char *section)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		if (unit_keys[n]->section && !strcmp(unit_keys[n]->section, section))
			return unit_keys[n];
	}
	return NULL;
}

static bool has_shared(const struct unit_keys *keys)
{
	return keys == unit_keys[KEYS_SOCKET] || keys == unit_keys[KEYS_SERVICE];
}

const struct unit_key *unit_key_find(const char *section, const char *key)
{
	const struct unit_keys *keys = keys_of(section);
	const struct unit_key *found;

	if (!keys)
		return NULL;
	key = unit_key_today(key);
	found = find_in(keys, key);
	return found || !has_shared(keys) ? found : find_in(unit_keys[KEYS_SHARED], key);
}

bool unit_key_is_shared(const struct unit_key *key)
{
	const struct unit_keys *shared = unit_keys[KEYS_SHARED];

	return key >= shared->list && key < shared->list + shared->count;
}

static const struct directive *directive_of(const char *section, const struct unit_key *key)
{
	char name[NAME_MOST];

	snprintf(name, sizeof(name), "%s.%s", unit_key_is_shared(key) ? "Service" : section, key->key);
	return directive_find(UNIT, name);
}

const char *unit_key_option(const char *section, const struct unit_key *key)
{
	const struct directive *directive = key->option ? NULL : directive_of(section, key);

	return directive ? directive->name[NATIVE] : key->option;
}

enum key_status unit_key_status(const char *section, const struct unit_key *key)
{
	const char *option = unit_key_option(section, key);

	if (!option)
		return key->class;
	if (!directive_find(NATIVE, option))
		return key->class == KEY_DONE ? KEY_REFUSED : key->class;
	return KEY_DONE;
}

static void find_nearest(const struct unit_keys *keys, const char *key, const struct unit_key **nearest, unsigned *most)
{
	for (size_t n = 0; n < keys->count; n++) {
		unsigned distance = scan_distance(key, keys->list[n].key, *most);

		if (distance > *most || distance >= strlen(keys->list[n].key))
			continue;
		*nearest = &keys->list[n];
		*most = distance ? distance - 1 : 0;
		if (!distance)
			return;
	}
}

const struct unit_key *unit_key_suggest(const char *section, const char *key)
{
	const struct unit_keys *keys = keys_of(section);
	const struct unit_key *nearest = NULL;
	size_t length = strlen(key);
	unsigned most = length < 4 ? 1 : length < 8 ? 2 : 3;

	if (!keys)
		return NULL;
	find_nearest(keys, key, &nearest, &most);
	if (has_shared(keys) && most)
		find_nearest(unit_keys[KEYS_SHARED], key, &nearest, &most);
	return nearest;
}

const char *unit_key_section(const char *section, const char *key)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		const struct unit_keys *keys = unit_keys[n];

		if (keys->section && !strcmp(keys->section, section))
			continue;
		if (find_in(keys, unit_key_today(key)))
			return keys->section ? keys->section : "Service";
	}
	return NULL;
}

bool unit_is_listen(const struct unit_assignment *assignment)
{
	return !strcmp(assignment->section, "Socket") && !strncmp(assignment->key, "Listen", 6) &&
		unit_key_find("Socket", assignment->key);
}

bool unit_listens(const struct unit *unit)
{
	bool listens = false;

	for (size_t n = 0; n < unit->count; n++) {
		if (unit_is_listen(&unit->list[n]))
			listens = *unit->list[n].value;
	}
	return listens;
}

const struct unit_assignment *unit_misspelt_listen(const struct unit *unit)
{
	for (size_t n = 0; n < unit->count && !unit_listens(unit); n++) {
		const struct unit_assignment *assignment = &unit->list[n];

		if (!strcmp(assignment->section, "Socket") && !strncasecmp(assignment->key, "Listen", 6) &&
		    !unit_key_find("Socket", assignment->key))
			return assignment;
	}
	return NULL;
}

const char *key_status_name(enum key_status class)
{
	static const char *const names[] = {
		[KEY_DONE] = "supported",
		[KEY_HARMLESS] = "ignored",
		[KEY_WARNED] = "ignored (warning)",
		[KEY_REFUSED] = "refused",
	};

	return names[class];
}
