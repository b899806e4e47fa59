/* Finds the marks of a service by the names of their options. */
#include "table/option/service_mark.h"

#include <string.h>

#include "table/option/option_table.h"

const struct mark *service_mark(const struct service *service, const char *name)
{
	const struct mark *found = NULL;

	for (size_t i = 0; i < service->mark_count; i++) {
		const struct mark *mark = &service->marks[i];
		const char *known = directives[mark->directive].name[NATIVE];

		if (*known != *name || strcmp(known, name) != 0)
			continue;
		if (!mark->block)
			return mark;
		if (!found)
			found = mark;
	}
	return found;
}

bool service_keep_marks(struct service *row, struct mark *marks, size_t count, struct pool *pool)
{
	row->is_unclear = false;
	for (size_t i = 0; i < count; i++) {
		marks[i].is_above = marks[i].line < row->at.line;
		if (!marks[i].is_above)
			marks[i].line = (marks[i].line - row->at.line) & MARK_LINE;
		row->is_unclear |= marks[i].refused;
	}
	row->marks = count ? pool_keep(pool, marks, count * sizeof(*marks)) : NULL;
	row->mark_count = (unsigned)count & MARKS_MOST;
	return row->marks || !count;
}

bool service_is_unclear(const struct service *service, const char *directive)
{
	const struct mark *mark = service->is_unclear ? service_mark(service, directive) : NULL;

	return mark && mark->refused;
}

struct origin service_place(const struct service *service, const struct mark *mark)
{
	unsigned first = mark->is_above ? 0 : service->at.line;

	return (struct origin){
		.file = mark->file, .line = (first + mark->line) & MARK_LINE, .column = mark->column
	};
}

struct origin service_listen_origin(const struct service *service, const struct listen *listen, const char *directive)
{
	const struct mark *mark = service_mark(service, directive);

	for (size_t i = 0; listen->block && i < service->mark_count; i++) {
		if (service->marks[i].block == listen->block &&
		    !strcmp(directives[service->marks[i].directive].name[NATIVE], directive))
			return service_place(service, &service->marks[i]);
	}
	return mark && !mark->block ? service_place(service, mark) : listen->at;
}

struct origin service_origin(const struct service *service, const char *directive)
{
	const struct mark *mark = service_mark(service, directive);

	return mark ? service_place(service, mark) : service->at;
}
