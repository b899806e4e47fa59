/* The list of an option's settings, and laying it over a group of values.
 *
 * A += may add to a default that stands further down in the file or in another file. So its words are read twice:
 * where they are written, to find mistakes, and again here, on top of the value below. */
#include "config/option/setting.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct setting *settings_add(struct settings *settings)
{
	struct setting *list = array_grow(settings->list, &settings->capacity, settings->count, sizeof(*list));

	if (!list)
		return NULL;
	settings->list = list;
	return memset(&settings->list[settings->count++], 0, sizeof(settings->list[0]));
}

const struct setting *settings_find(const struct settings *settings, const struct directive *directive)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (setting_directive(&settings->list[i]) == directive)
			return &settings->list[i];
	}
	return NULL;
}

const struct setting *settings_named(const struct settings *settings, const char *option)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (!strcmp(setting_directive(&settings->list[i])->name[NATIVE], option))
			return &settings->list[i];
	}
	return NULL;
}

static bool setting_is_of(const struct setting *setting, enum option_group group)
{
	const struct directive *directive = setting_directive(setting);

	return !setting->mark.refused && directive->group == group && !(directive->flags & STRUCTURE);
}

uint32_t settings_groups(const struct settings *settings)
{
	uint32_t groups = 0;

	for (size_t i = 0; i < settings->count; i++) {
		enum option_group group = setting_directive(&settings->list[i])->group;

		if (setting_is_of(&settings->list[i], group))
			groups |= 1u << group;
	}
	return groups;
}

bool settings_apply(const struct settings *settings, enum option_group group, void *values, struct pool *pool)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = &settings->list[i];
		const struct directive *directive = setting_directive(setting);
		void *field = (char *)values + directive->offset;
		struct parse parse = { .directive = directive, .append = true, .pool = pool };

		if (!setting_is_of(setting, group))
			continue;
		if (!setting->append) {
			memcpy(field, &setting->value, directive->type->size);
			continue;
		}
		parse.words = setting->more.texts;
		parse.count = setting->more.count;
		if (type_parse(&parse, field))
			return false;
	}
	return true;
}

void settings_free(struct settings *settings)
{
	free(settings->list);
	*settings = (struct settings){ 0 };
}
