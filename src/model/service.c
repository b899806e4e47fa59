/* What a finished service says of itself. A row is read everywhere and written nowhere but where tables are
 * made, so there is little to do; the one thing to get right is that an option set inside a socket { } is
 * still found when somebody asks where it came from. */
#include "model/service.h"

#include "model/directive.h"

const size_t group_sizes[GROUPS] = {
	[GROUP_WHAT] = sizeof(struct what),
	[GROUP_SOCKETS] = sizeof(struct socket_options),
	[GROUP_WHO] = sizeof(struct who),
	[GROUP_SURROUNDINGS] = sizeof(struct surroundings),
	[GROUP_STREAMS] = sizeof(struct streams),
	[GROUP_GATE] = sizeof(struct gate),
	[GROUP_LIFE] = sizeof(struct life),
	[GROUP_LOG] = sizeof(struct logging),
};

_Static_assert(sizeof(struct service) <= 176, "a row stays small: ten thousand of them are a table");

const struct mark *service_mark(const struct service *service, const char *name)
{
	const struct directive *directive = directive_find(NATIVE, name);
	const struct mark *found = NULL;

	for (size_t i = 0; directive && i < service->mark_count; i++) {
		const struct mark *mark = &service->marks[i];

		if (&directives[mark->directive] != directive)
			continue;
		if (!mark->block)
			return mark;
		if (!found)
			found = mark;
	}
	return found;
}

bool service_is_unclear(const struct service *service, const char *directive)
{
	const struct mark *mark = service_mark(service, directive);

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

bool listen_is_twin(const struct service *service, const struct listen *listen)
{
	const struct listen *before = listen > service->sockets ? listen - 1 : NULL;

	return before && service->is_foreign && before->at.line == listen->at.line &&
	       before->at.column == listen->at.column && before->endpoint->kind == listen->endpoint->kind;
}

struct origin service_origin(const struct service *service, const char *directive)
{
	const struct mark *mark = service_mark(service, directive);

	if (!mark)
		return service->at;
	return (struct origin){ .file = mark->file, .line = mark->line, .column = mark->column };
}
