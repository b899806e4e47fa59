/* Finds the marks of a service by the names of their options. */
#include "table/option/service_mark.h"

#include <stdlib.h>
#include <string.h>

const struct mark *service_mark(const struct service *service, const char *name)
{
	const struct mark *found = NULL;

	for (size_t i = 0; i < settings_count(service->settings); i++) {
		const struct mark *mark = &service->settings->list[i];
		const char *known = option_defs[mark->option].name[NATIVE];

		if (*known != *name || strcmp(known, name) != 0)
			continue;
		if (!mark->block)
			return mark;
		if (!found)
			found = mark;
	}
	return found;
}

const struct mark *settings_find(const struct option_settings *settings, const struct option_def *option,
				 unsigned block)
{
	for (size_t i = 0; i < settings_count(settings); i++) {
		const struct mark *mark = &settings->list[i];

		if (mark->option == option_index(option) && mark->block == block)
			return mark;
	}
	return NULL;
}

bool service_keep_marks(struct service *row, const struct option_settings *defaults, const struct mark *marks,
			size_t count, struct pool *pool)
{
	size_t size = sizeof(struct option_settings) + count * sizeof(*marks);
	struct option_settings *settings = calloc(1, size);

	row->settings = NULL;
	row->is_unclear = false;
	if (!settings)
		return false;
	settings->defaults = defaults;
	settings->count = count;
	for (size_t i = 0; i < count; i++) {
		struct mark *mark = &settings->list[i];

		*mark = marks[i];
		mark->is_above = mark->line < row->at.line;
		if (!mark->is_above)
			mark->line = (mark->line - row->at.line) & MARK_LINE;
		row->is_unclear |= mark->refused;
	}
	row->settings = pool_keep(pool, settings, size);
	free(settings);
	return row->settings;
}

bool service_is_unclear(const struct service *service, const char *option)
{
	const struct mark *mark = service->is_unclear ? service_mark(service, option) : NULL;

	return mark && mark->refused;
}

struct origin service_place(const struct service *service, const struct mark *mark)
{
	unsigned first = mark->is_above ? 0 : service->at.line;

	return (struct origin){
		.file = mark->file, .line = (first + mark->line) & MARK_LINE, .column = mark->column
	};
}

unsigned service_listen_block(const struct service *service, const struct listen *listen)
{
	return listen->mark < settings_count(service->settings) ? service->settings->list[listen->mark].block : 0;
}

struct origin service_listen_origin(const struct service *service, const struct listen *listen, const char *name)
{
	unsigned block = service_listen_block(service, listen);
	const struct option_def *option = option_find(NATIVE, name);
	const struct mark *mark = option ? settings_find(service->settings, option, block) : NULL;

	if (!mark && option && block)
		mark = settings_find(service->settings, option, 0);
	return mark ? service_place(service, mark) : listen->at;
}

struct origin service_origin(const struct service *service, const char *option)
{
	const struct mark *mark = service_mark(service, option);

	return mark ? service_place(service, mark) : service->at;
}
