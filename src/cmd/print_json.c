/* A table as JSON, for programs.
 *
 * Unlike superd.conf it is read by what knows no defaults that follow other options, so what differs from the
 * plain default is there even where superd.conf would leave it out, and accept, pass, exec, user and disable are
 * there always. */
#include "cmd/print.h"

#include <string.h>

#include "cmd/fallback.h"
#include "model/endpoint.h"

static void add_key(struct buf *out, const char *key)
{
	buf_text(out, ", ");
	buf_json(out, key, strlen(key));
	buf_text(out, ": ");
}

static void add_socket(struct buf *out, const struct service *service, const struct listen *socket)
{
	struct buf endpoint = { 0 };

	endpoint_format(socket->endpoint, &endpoint);
	out->failed |= endpoint.failed;
	buf_text(out, "{\"endpoint\": ");
	buf_json(out, buf_string(&endpoint), endpoint.length);
	add_key(out, "name");
	buf_json(out, socket->name, strlen(socket->name));
	buf_free(&endpoint);
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];
		const void *field;

		if (!directive_is_of_socket(directive))
			continue;
		field = socket_field(directive, socket->options);
		if (directive->type->equal(field, directive_field(directive, service)))
			continue;
		add_key(out, directive->name[NATIVE]);
		directive->type->json(directive, field, out);
	}
	buf_char(out, '}');
}

static void add_service(struct buf *out, const struct service *service, const struct fallbacks *fallbacks)
{
	buf_text(out, "{\"name\": ");
	buf_json(out, service->name, strlen(service->name));
	add_key(out, "listen");
	buf_char(out, '[');
	for (size_t i = 0; i < service->socket_count; i++) {
		if (i)
			buf_text(out, ", ");
		add_socket(out, service, &service->sockets[i]);
	}
	buf_char(out, ']');
	for (size_t i = 0; i < directive_count; i++) {
		const struct directive *directive = &directives[i];
		const void *field;

		if (!directive_has_value(directive))
			continue;
		field = directive_field(directive, service);
		if (!(directive->flags & ALWAYS_PRINTED) &&
		    directive->type->equal(field, directive_field(directive, &fallbacks->plain)))
			continue;
		add_key(out, directive->name[NATIVE]);
		directive->type->json(directive, field, out);
	}
	buf_char(out, '}');
}

bool print_json(const struct table *table, FILE *out)
{
	struct fallbacks fallbacks;
	struct buf text = { 0 };
	bool ok = fallbacks_make(&fallbacks, table);

	if (!ok)
		return false;
	buf_text(&text, "{\"services\": [");
	for (size_t i = 0; ok && i < table->count; i++) {
		buf_text(&text, i ? ",\n" : "\n");
		add_service(&text, &table->services[i], &fallbacks);
		ok = buf_flush(&text, out);
	}
	buf_text(&text, table->count ? "\n]}\n" : "]}\n");
	ok = buf_flush(&text, out) && ok;
	buf_free(&text);
	fallbacks_free(&fallbacks);
	return ok;
}
