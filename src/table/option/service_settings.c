/* Finds the settings of a service by the names of their options. */
#include "table/option/option.h"

const struct option_setting *setting_find(struct setting_list settings, const struct option_def *option, unsigned block)
{
	for (size_t i = 0; option && i < settings.count; i++) {
		const struct option_setting *setting = &settings.list[i];

		if (setting->option == option_index(option) && (setting->block == block || block == ANY_BLOCK))
			return setting;
	}
	return NULL;
}

const struct option_setting *service_setting_of(const struct service *service, const struct option_def *option)
{
	const struct option_setting *any = settings_find(service->settings, option, ANY_BLOCK);
	const struct option_setting *own = any && any->block ? settings_find(service->settings, option, 0) : any;

	return own ? own : any;
}

const struct option_setting *service_setting(const struct service *service, const char *name)
{
	return service_setting_of(service, service->is_superd ? global_find(name) : option_find(NATIVE, name));
}

bool service_keep_settings(struct service *row, const struct option_settings *defaults,
			   const struct option_setting *list, size_t count, struct pool *pool)
{
	size_t size = sizeof(struct option_settings) + count * sizeof(*list);
	struct option_settings *settings = calloc(1, size);

	row->settings = NULL;
	row->is_unclear = false;
	if (!settings)
		return false;
	settings->defaults = defaults;
	settings->count = count;
	for (size_t i = 0; i < count; i++) {
		struct option_setting *setting = &settings->list[i];

		*setting = list[i];
		setting->is_above = setting->line < row->at.line;
		if (!setting->is_above)
			setting->line = (setting->line - row->at.line) & SETTING_LINE;
		row->is_unclear |= setting->refused;
	}
	row->settings = pool_keep(pool, settings, size);
	free(settings);
	return row->settings;
}

bool setting_is_of(const struct option_setting *setting, unsigned block, enum option_group group)
{
	const struct option_def *option = &option_defs[setting->option];

	return setting->block == block && option->group == group && !setting->refused && !(option->flags & STRUCTURE);
}

bool settings_fill(struct setting_list settings, unsigned block, enum option_group group, void *values,
		   struct pool *pool)
{
	for (size_t i = 0; i < settings.count; i++) {
		const struct option_setting *setting = &settings.list[i];
		const struct option_def *option = &option_defs[setting->option];
		struct parse parse = {
			.option = option, .words = setting->words, .count = words_count(setting->words),
			.append = setting->append, .pool = pool,
		};

		if (setting_is_of(setting, block, group) && type_parse(&parse, (char *)values + option->offset))
			return false;
	}
	return true;
}

bool service_text_groups(const struct service *row, const void *groups[GROUPS], struct pool *pool)
{
	const struct option_settings *own = row->settings, *defaults = own ? own->defaults : NULL;
	union group_values values;

	for (enum option_group group = 0; group < GROUPS; group++) {
		if (!option_fill_defaults(group, &values, pool) ||
		    !settings_fill(settings_of(defaults), 0, group, &values, pool) ||
		    !settings_fill(settings_of(own), 0, group, &values, pool))
			return false;
		groups[group] = pool_keep(pool, &values, group_sizes[group]);
		if (!groups[group])
			return false;
	}
	return true;
}

bool service_is_unclear(const struct service *service, const char *option)
{
	const struct option_setting *setting =
		service->is_unclear || service->has_unknown ? service_setting(service, option) : NULL;

	return setting ? setting->refused : service->has_unknown;
}

struct origin service_place(const struct service *service, const struct option_setting *setting)
{
	unsigned first = setting->is_above ? 0 : service->at.line;

	return (struct origin){
		.file = setting->file, .line = (first + setting->line) & SETTING_LINE, .column = setting->column
	};
}

unsigned service_listen_block(const struct service *service, const struct listen *listen)
{
	return listen->setting < settings_count(service->settings) ? service->settings->list[listen->setting].block : 0;
}

struct origin service_listen_origin(const struct service *service, const struct listen *listen, const char *name)
{
	unsigned block = service_listen_block(service, listen);
	const struct option_def *option = option_find(NATIVE, name);
	const struct option_setting *setting = settings_find(service->settings, option, block);

	if (!setting && block)
		setting = settings_find(service->settings, option, 0);
	return setting ? service_place(service, setting) : listen->at;
}

struct origin service_origin(const struct service *service, const char *option)
{
	const struct option_setting *setting = service_setting(service, option);

	return setting ? service_place(service, setting) : service->at;
}
