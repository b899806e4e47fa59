/* The sections with their keys, and keys under their older names. */
#include "read/systemd/keys.h"

#include <string.h>
#include <strings.h>

static const struct key_row install[] = {
	{ "Alias", KEY_HARMLESS, .reason = "superd follows existing links between units" },
	{ "Also RequiredBy UpheldBy WantedBy", KEY_HARMLESS, .reason = "a unit in the configuration is enabled" },
	{ "DefaultInstance", KEY_HARMLESS, .reason = "name the instance, as in superd -f x@y.socket" },
};

static const struct key_table unit_keys_install = { UNIT, "Install", "[Install]", install,
						sizeof(install) / sizeof(*install) };

const struct key_table *const unit_keys[KEYS_SECTIONS] = {
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

static const struct key_table *keys_of(const char *section)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		if (!strcmp(unit_keys[n]->section, section))
			return unit_keys[n];
	}
	return NULL;
}

static bool has_shared(const struct key_table *keys)
{
	return keys == unit_keys[KEYS_SOCKET] || keys == unit_keys[KEYS_SERVICE];
}

const struct key_row *unit_key_find(const char *section, const char *key)
{
	const struct key_table *keys = keys_of(section);
	const struct key_row *found;

	if (!keys)
		return NULL;
	key = unit_key_today(key);
	found = key_find(keys, key);
	return found || !has_shared(keys) ? found : key_find(unit_keys[KEYS_SHARED], key);
}

bool unit_key_is_shared(const struct key_row *key)
{
	struct key_list shared = key_list(unit_keys[KEYS_SHARED]);

	return key >= shared.list && key < shared.list + shared.count;
}

const char *unit_key_option(const char *section, const struct key_row *key)
{
	return key_option(unit_key_is_shared(key) ? unit_keys[KEYS_SHARED] : keys_of(section), key);
}

const char *unit_key_suggest(const char *section, const char *key)
{
	const struct key_table *keys = keys_of(section);
	struct scan_nearest nearest = scan_nearest_begin(key);

	if (keys)
		key_nearest_look(&nearest, keys);
	if (keys && has_shared(keys))
		key_nearest_look(&nearest, unit_keys[KEYS_SHARED]);
	return nearest.word;
}

const char *unit_key_section(const char *section, const char *key)
{
	for (int n = 0; n < KEYS_SECTIONS; n++) {
		const struct key_table *keys = unit_keys[n];

		if (!strcmp(keys->section, section))
			continue;
		if (key_find(keys, unit_key_today(key)))
			return keys->section;
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
