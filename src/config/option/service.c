/* Questions about a finished service: where one of its options was set, what superd can do with it. An option that
 * only a socket { } sets counts as set too. */
#include "config/option/service.h"

#include <string.h>

#include "config/option/directive.h"

const size_t group_sizes[GROUPS] = {
	[GROUP_WHAT] = sizeof(struct what),
	[GROUP_SOCKETS] = sizeof(struct socket_options),
	[GROUP_WHO] = sizeof(struct who),
	[GROUP_SURROUNDINGS] = sizeof(struct surroundings),
	[GROUP_LIMITS] = sizeof(struct limits),
	[GROUP_STREAMS] = sizeof(struct streams),
	[GROUP_GATE] = sizeof(struct gate),
	[GROUP_LIFE] = sizeof(struct life),
	[GROUP_LOG] = sizeof(struct logging),
	[GROUP_COMMANDS] = sizeof(struct commands),
	[GROUP_ENDS] = sizeof(struct ends),
	[GROUP_HARDENING] = sizeof(struct hardening),
	[GROUP_PATHS] = sizeof(struct paths),
	[GROUP_CALLS] = sizeof(struct calls),
	[GROUP_FOLDERS] = sizeof(struct folders),
	[GROUP_SCHEDULING] = sizeof(struct scheduling),
	[GROUP_RESOURCES] = sizeof(struct resources),
	[GROUP_BOUNDS] = sizeof(struct bounds),
	[GROUP_EXTRAS] = sizeof(struct extras),
};

_Static_assert(sizeof(struct terms) == TERMS * sizeof(void *), "each group of the terms has its name");
_Static_assert(sizeof(struct service) <= 104, "a row stays small: ten thousand of them are a table");

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

bool service_idles(const struct service *service)
{
	if (service->what->accept || service->terms->life->idle_timeout == INT64_MAX ||
	    service->what->type == TYPE_ONESHOT)
		return false;
	for (size_t n = 0; n < service->socket_count; n++) {
		if (!endpoint_shows_clients(service->sockets[n].endpoint))
			return false;
	}
	return service->socket_count > 0;
}

bool service_is_unclear(const struct service *service, const char *directive)
{
	const struct mark *mark = service->is_unclear ? service_mark(service, directive) : NULL;

	return mark && mark->refused;
}

void origin_describe(struct origin at, struct buf *out)
{
	if (at.file)
		buf_addf(out, " at %s:%u", at.file, at.line);
	else if (at.line)
		buf_addf(out, " in line %u", at.line);
}

void origin_cite(struct origin at, struct buf *out)
{
	if (at.file && at.line)
		buf_addf(out, " (%s:%u)", at.file, at.line);
	else if (at.file)
		buf_addf(out, " (%s)", at.file);
	else if (at.line)
		buf_addf(out, " (line %u)", at.line);
}

bool listen_is_other_family(const struct service *service, const struct listen *listen)
{
	const struct listen *before = listen > service->sockets ? listen - 1 : NULL;

	return before && service->is_foreign && before->at.line == listen->at.line &&
	       before->at.column == listen->at.column && before->endpoint->kind == listen->endpoint->kind &&
	       !strcmp(before->name, listen->name);
}

struct origin service_place(const struct service *service, const struct mark *mark)
{
	return (struct origin){
		.file = mark->file, .line = (service->at.line + mark->line) & MARK_LINE, .column = mark->column
	};
}

struct origin service_origin(const struct service *service, const char *directive)
{
	const struct mark *mark = service_mark(service, directive);

	return mark ? service_place(service, mark) : service->at;
}
