/* Looks up keys, and the options that they become. */
#include "parse/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"

#define NAME_MOST 96 /* bytes of the longest section and key, and some */

const char *key_status_name(enum key_status status)
{
	static const char *const names[] = {
		[KEY_DONE] = "supported",
		[KEY_HARMLESS] = "ignored",
		[KEY_WARNED] = "ignored (warning)",
		[KEY_REFUSED] = "refused",
	};

	return names[status];
}

static int compare_name(const void *name, const void *key)
{
	return strcmp(name, ((const struct key_row *)key)->name);
}

const struct key_row *key_find(const struct key_table *keys, const char *name)
{
	return bsearch(name, keys->list, keys->count, sizeof(*keys->list), compare_name);
}

const char *key_option(const struct key_table *keys, const struct key_row *key)
{
	const struct directive *directive;
	char name[NAME_MOST];

	if (key->option)
		return key->option;
	snprintf(name, sizeof(name), "%s%s%s", keys->section ? keys->section : "", keys->section ? "." : "", key->name);
	directive = directive_find(keys->dialect, name);
	return directive ? directive->name[NATIVE] : NULL;
}

bool key_word(const struct key_row *key, const char *theirs, const char **ours)
{
	const struct key_word *word = key->words;

	while (word->theirs && strcmp(word->theirs, theirs) != 0)
		word++;
	*ours = word->ours;
	return word->theirs;
}

struct key_nearest key_nearest_begin(const char *name)
{
	size_t length = strlen(name);

	return (struct key_nearest){ .name = name, .most = length < 4 ? 1 : length < 8 ? 2 : 3 };
}

void key_nearest_look(struct key_nearest *nearest, const struct key_table *keys)
{
	for (size_t n = 0; n < keys->count && nearest->most; n++) {
		unsigned distance = scan_distance(nearest->name, keys->list[n].name, nearest->most);

		if (distance > nearest->most || distance >= strlen(keys->list[n].name))
			continue;
		nearest->key = &keys->list[n];
		nearest->most = distance ? distance - 1 : 0;
	}
}
