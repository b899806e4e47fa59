/* The aliases of a unit: links in its folders that lead to it. Drop-ins of an alias apply to the unit too.
 *
 * A link is an alias only if it leads to a name of the same type in these folders, and no earlier folder has another
 * entry with the link's name. Source: systemd.unit(5), "alias". */
#include "read/systemd/internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/scan.h"

/* Whether a link called `name` can be an alias of `target`: both have one type, and a link without @ leads to no
 * template. */
static bool may_be_alias(const char *name, const char *target)
{
	return unit_name_is_valid(name) && unit_name_is_valid(target) && strcmp(name, target) != 0 &&
		!strcmp(unit_name_suffix(name), unit_name_suffix(target)) &&
		(!strchr(name, '@') == !strchr(target, '@') || !unit_name_is_template(target));
}

/* Finds the links of a folder that are aliases. */
static void index_aliases(const struct unit_places *places, struct unit_folder *folder)
{
	for (size_t n = 0; n < folder->count; n++) {
		const struct unit_entry *entry = &folder->entries[n];
		const char *target = entry->target ? scan_base_name(entry->target) : NULL;

		if (target && may_be_alias(entry->name, target) && unit_places_hold(places, folder, entry->target))
			array_add(folder->aliases, folder->alias_count, folder->alias_capacity) =
				(struct unit_entry){ entry->name, target };
	}
	folder->has_aliases = true;
}

static bool is_shadowed(const struct unit_places *places, size_t folder, const char *name)
{
	for (size_t n = 0; n < folder; n++) {
		if (unit_folder_find(places->list[n], name))
			return true;
	}
	return false;
}

/* The name of an alias for this unit, with the unit's instance; NULL: it is no alias of the unit. */
static const char *alias_name(struct units *units, const struct unit_entry *alias, const char *name)
{
	if (!strcmp(alias->target, name))
		return alias->name;
	if (!unit_name_is_instance(name) || !unit_name_is_template(alias->target) ||
	    !unit_name_is_template(alias->name) || strcmp(alias->target, unit_name_template(units->pool, name)) != 0)
		return NULL;
	return unit_name_instance(units->pool, alias->name, name);
}

static bool names_have(const char *const *names, size_t count, const char *name)
{
	for (size_t n = 0; n < count; n++) {
		if (!strcmp(names[n], name))
			return true;
	}
	return false;
}

/* Adds the aliases of names[of]. */
static void add_aliases(struct units *units, const struct unit_places *places, const char **names, size_t of,
			size_t *count)
{
	for (size_t n = 0; n < places->count; n++) {
		struct unit_folder *folder = places->list[n];

		if (!folder->has_aliases)
			index_aliases(places, folder);
		for (size_t i = 0; i < folder->alias_count && *count < UNIT_ALIASES; i++) {
			const char *alias = alias_name(units, &folder->aliases[i], names[of]);

			if (alias && !names_have(names, *count, alias) &&
			    !is_shadowed(places, n, folder->aliases[i].name))
				names[(*count)++] = alias;
		}
	}
}

size_t unit_aliases(struct units *units, const struct unit_places *places, const char *name,
		    const char *names[UNIT_ALIASES])
{
	size_t count = 1;

	names[0] = name;
	for (size_t n = 0; n < count; n++)
		add_aliases(units, places, names, n, &count);
	return count;
}
