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

/* Writes a secret as ***, but shows the names of variables and credentials. */
static void add_hidden(const struct option_def *option, const void *field, struct buf *out)
{
	bool has_names = option->type == &type_env || option->type == &type_set_credentials;
	words list = has_names ? *(const words *)field : NULL;
	struct buf word = { 0 };

	if (!has_names) {
		buf_text(out, "\"***\"");
		return;
	}
	buf_char(out, '[');
	for (size_t n = 0; n < words_count(list); n++) {
		buf_add(&word, list[n], strcspn(list[n], "=:"));
		buf_addf(&word, "%c***", option->type == &type_env ? '=' : ':');
		json_wide_element(out);
		json_quote(out, buf_string(&word), word.length);
		out->failed |= word.failed;
		buf_clear(&word);
	}
	buf_char(out, ']');
	buf_free(&word);
}

/* Whether the row has superd's own default. */
static bool has_default(const struct option_def *option, const struct service *row, const void *const *bases)
{
	return !(option->flags & ALWAYS_PRINTED) &&
	       (!bases || type_equal(option, option_field(option, row),
				     (const char *)bases[option->group] + option->offset));
}

static void add_options(const struct service *row, const void *const *bases, bool hides, struct buf *out)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];

		if (!option_has_value(option) || has_default(option, row, bases))
			continue;
		json_wide_name(out, option->name[NATIVE]);
		if (hides && option->flags & HOLDS_SECRETS)
			add_hidden(option, option_field(option, row), out);
		else
			type_json(option, option_field(option, row), out);
	}
}

void service_json_options(const struct service *row, const void *const *bases, bool hides, struct buf *out)
{
	json_wide_name(out, "listen");
	buf_char(out, '[');
	for (size_t i = 0; i < row->socket_count; i++)
		add_socket(out, row, &row->sockets[i]);
	buf_char(out, ']');
	add_options(row, bases, hides, out);
}
