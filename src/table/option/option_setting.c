/* The settings of a builder, and how they override a group of values.
 *
 * += may add to a default that follows later in the file or in another file. So its words are parsed twice: where they
 * are written, to find mistakes, and again here, on top of the default. */
#include "table/option/option_setting.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

struct option_setting *option_settings_add(struct option_settings *settings)
{
	struct option_setting *list = array_grow(settings->list, &settings->capacity, settings->count, sizeof(*list));

	if (!list)
		return NULL;
	settings->list = list;
	return memset(&settings->list[settings->count++], 0, sizeof(settings->list[0]));
}

const struct option_setting *option_settings_find(const struct option_settings *settings,
						  const struct directive *directive)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (option_setting_directive(&settings->list[i]) == directive)
			return &settings->list[i];
	}
	return NULL;
}

const struct option_setting *option_settings_named(const struct option_settings *settings, const char *option)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (!strcmp(option_setting_directive(&settings->list[i])->name[NATIVE], option))
			return &settings->list[i];
	}
	return NULL;
}

static bool option_setting_is_of(const struct option_setting *setting, enum option_group group)
{
	const struct directive *directive = option_setting_directive(setting);

	return !setting->mark.refused && directive->group == group && !(directive->flags & STRUCTURE);
}

uint32_t option_settings_groups(const struct option_settings *settings)
{
	uint32_t groups = 0;

	for (size_t i = 0; i < settings->count; i++) {
		enum option_group group = option_setting_directive(&settings->list[i])->group;

		if (option_setting_is_of(&settings->list[i], group))
			groups |= 1u << group;
	}
	return groups;
}

bool option_settings_apply(const struct option_settings *settings, enum option_group group, void *values,
			   struct pool *pool)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct option_setting *setting = &settings->list[i];
		const struct directive *directive = option_setting_directive(setting);
		void *field = (char *)values + directive->offset;
		struct parse parse = { .directive = directive, .append = true, .pool = pool };

		if (!option_setting_is_of(setting, group))
			continue;
		if (!setting->append) {
			memcpy(field, &setting->value, field_size(directive->type));
			continue;
		}
		parse.words = setting->more.texts;
		parse.count = setting->more.count;
		if (type_parse(&parse, field))
			return false;
	}
	return true;
}

void option_settings_free(struct option_settings *settings)
{
	free(settings->list);
	*settings = (struct option_settings){ 0 };
}
