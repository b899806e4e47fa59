/* Writes a row as JSON, for programs. They do not know that some defaults follow from other options, so the row has the
 * value in effect. Each socket has the options in which it differs from its service. */
#include "table/services/service_json.h"

#include <string.h>

#include "lib/json.h"
#include "table/endpoint/endpoint.h"

/* The socket's field of an option if it differs from the service's; NULL: it does not, or the option is not one of
 * sockets. */
static const void *socket_own_field(const struct option_def *option, const struct service *service,
				    const struct listen *socket)
{
	const void *field;

	if (!option_has_value(option) || option->group != GROUP_SOCKETS)
		return NULL;
	field = (const char *)socket->options + option->offset;
	return type_equal(option, field, option_field(option, service)) ? NULL : field;
}

static void add_own_options(const struct service *service, const struct listen *socket, struct buf *out)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];
		const void *field = socket_own_field(option, service, socket);

		if (!field)
			continue;
		json_wide_name(out, option->name[NATIVE]);
		type_json(option, field, out);
	}
}

static void add_socket(struct buf *out, const struct service *service, const struct listen *socket)
{
	struct buf endpoint = { 0 };

	endpoint_format(socket->endpoint, &endpoint);
	out->failed |= endpoint.failed;
	json_wide_element(out);
	buf_text(out, "{\"endpoint\": ");
	json_quote(out, buf_string(&endpoint), endpoint.length);
	json_wide_name(out, "name");
	json_text(out, socket->name);
	buf_free(&endpoint);
	add_own_options(service, socket, out);
	buf_char(out, '}');
}

/* Whether the row has superd's own default. */
static bool has_default(const struct option_def *option, const struct service *row, const void *const *bases)
{
	return !(option->flags & ALWAYS_PRINTED) &&
	       (!bases || type_equal(option, option_field(option, row),
				     (const char *)bases[option->group] + option->offset));
}

static void add_options(const struct service *row, const void *const *bases, struct buf *out)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];

		if (!option_has_value(option) || has_default(option, row, bases))
			continue;
		json_wide_name(out, option->name[NATIVE]);
		type_json(option, option_field(option, row), out);
	}
}

void service_json_options(const struct service *row, const void *const *bases, struct buf *out)
{
	json_wide_name(out, "listen");
	buf_char(out, '[');
	for (size_t i = 0; i < row->socket_count; i++)
		add_socket(out, row, &row->sockets[i]);
	buf_char(out, ']');
	add_options(row, bases, out);
}
