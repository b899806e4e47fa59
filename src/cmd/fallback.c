/* The defaults as a service of their own, so that comparing with them is comparing fields.
 *
 * The hard thing: what came from `defaults { }` may be more than a service could say itself, as `instances` there
 * is fine beside services it means nothing to. So it is found again: what a service has, did not say, and superd
 * would not have given it. And two defaults follow another option: pass follows accept, error goes where output
 * was sent. */
#include "cmd/fallback.h"

#include <stddef.h>
#include <string.h>

bool directive_has_value(const struct directive *directive)
{
	return !(directive->flags & (LATER | STRUCTURE));
}

bool directive_is_of_socket(const struct directive *directive)
{
	return directive_has_value(directive) && directive->chapter == CHAPTER_SOCKETS;
}

const void *socket_field(const struct directive *directive, const struct socket_options *options)
{
	return (const char *)options + directive->offset;
}

static bool is_field(const struct directive *directive, unsigned chapter, size_t offset)
{
	return (unsigned)directive->chapter == chapter && directive->offset == offset;
}

/* pass and error have a rule of their own, and accept is always written where it counts. */
static bool follows_rule(const struct directive *directive)
{
	return is_field(directive, CHAPTER_WHAT, offsetof(struct what, pass)) ||
	       is_field(directive, CHAPTER_WHAT, offsetof(struct what, accept)) ||
	       is_field(directive, CHAPTER_STREAMS, offsetof(struct streams, error));
}

static bool service_says(const struct service *service, const struct directive *directive)
{
	for (size_t i = 0; i < service->mark_count; i++) {
		if (service->marks[i].directive == directive_index(directive) && !service->marks[i].block)
			return true;
	}
	return false;
}

/* Takes from a service what it has and did not say. */
static void lay_service(struct fallbacks *fallbacks, const struct service *service)
{
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];
		const void *field;
		char *group;

		if (!directive_has_value(directive) || !(directive->flags & IN_DEFAULTS) || follows_rule(directive) ||
		    fallbacks->is_laid[i])
			continue;
		field = directive_field(directive, service);
		if (directive->type->equal(field, directive_field(directive, &fallbacks->plain)) ||
		    service_says(service, directive))
			continue;
		group = (char *)fallbacks->groups[directive->chapter];
		memcpy(group + directive->offset, field, directive->type->size);
		fallbacks->is_laid[i] = true;
	}
}

static bool make_group(struct fallbacks *fallbacks, enum option_group group)
{
	void *values = pool_alloc(fallbacks->pool, group_sizes[group]);

	fallbacks->groups[group] = pool_alloc(fallbacks->pool, group_sizes[group]);
	if (!values || !fallbacks->groups[group] || !directive_fill_defaults(group, values, fallbacks->pool))
		return false;
	memcpy(fallbacks->groups[group], values, group_sizes[group]);
	fallbacks->plain.group[group] = values;
	fallbacks->laid.group[group] = fallbacks->groups[group];
	return true;
}

bool fallbacks_make(struct fallbacks *fallbacks, const struct table *table)
{
	bool ok;

	*fallbacks = (struct fallbacks){ .pool = pool_new() };
	if (!fallbacks->pool)
		return false;
	fallbacks->is_laid = pool_alloc(fallbacks->pool, directive_count * sizeof(*fallbacks->is_laid));
	ok = fallbacks->is_laid;
	for (int group = 0; ok && group < GROUPS; group++)
		ok = make_group(fallbacks, (enum option_group)group);
	if (!ok) {
		fallbacks_free(fallbacks);
		return false;
	}
	for (size_t i = 0; i < table->count; i++)
		lay_service(fallbacks, &table->services[i]);
	return true;
}

void fallbacks_free(struct fallbacks *fallbacks)
{
	pool_free(fallbacks->pool);
	fallbacks->pool = NULL;
}

/* What `error` is where nobody set it: `output`, where anybody set that. */
static const struct stream *expected_error(const struct service *service, const struct fallbacks *fallbacks)
{
	const struct directive *output = directive_find(NATIVE, "output");
	const struct stream *stream = &service->streams->output;

	if (stream->kind != STREAM_SOCKET && (fallbacks->is_laid[directive_index(output)] ||
					      !output->type->equal(stream, &fallbacks->plain.streams->output)))
		return stream;
	return &fallbacks->plain.streams->error;
}

bool service_has_fallback(const struct service *service, const struct directive *directive,
			  const struct fallbacks *fallbacks)
{
	if (is_field(directive, CHAPTER_WHAT, offsetof(struct what, pass)))
		return service->what->pass == (service->what->accept ? PASS_INETD : PASS_SYSTEMD);
	if (is_field(directive, CHAPTER_STREAMS, offsetof(struct streams, error)))
		return directive->type->equal(&service->streams->error, expected_error(service, fallbacks));
	return directive->type->equal(directive_field(directive, service),
				      directive_field(directive, &fallbacks->laid));
}

bool buf_flush(struct buf *buf, FILE *out)
{
	bool ok = !buf->failed && fwrite(buf_string(buf), 1, buf->length, out) == buf->length;

	buf_clear(buf);
	return ok;
}
