/* Prints a table as JSON for programs, a service on each line: every option that differs from its default, and always
 * accept, pass, exec, user and disable. Programs do not know that some defaults follow from other options, so the value
 * is the one in effect. It writes line by line, so a table of any size needs little memory. */
#include "table/services/services.h"

/* Adds a socket, with the options in which it differs from its service. */
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
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];
		const void *field = (const char *)socket->options + option->offset;

		if (!option_has_value(option) || option->group != GROUP_SOCKETS ||
		    type_equal(option, field, option_field(option, service)))
			continue;
		json_wide_name(out, option->name[NATIVE]);
		type_json(option, field, out);
	}
	buf_char(out, '}');
}

static void add_service(struct buf *out, const struct service *row, const void *const *bases)
{
	buf_text(out, "{\"name\": ");
	json_text(out, row->name);
	json_wide_name(out, "listen");
	buf_char(out, '[');
	for (size_t i = 0; i < row->socket_count; i++)
		add_socket(out, row, &row->sockets[i]);
	buf_char(out, ']');
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];
		const void *field = option_field(option, row);

		if (!field || (!(option->flags & ALWAYS_PRINTED) &&
			       type_equal(option, field, (const char *)bases[option->group] + option->offset)))
			continue;
		json_wide_name(out, option->name[NATIVE]);
		type_json(option, field, out);
	}
	buf_char(out, '}');
}

/* Adds "superd": {…}. */
static void add_globals(struct buf *out, const struct table *table)
{
	const struct globals *globals = &table->globals;
	bool any = false;

	if (!table->superd.at.file)
		return;
	buf_text(out, "\"superd\": {");
	for (int n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];

		if (!global_is_set(globals, (enum global)n))
			continue;
		buf_addf(out, "%s\"%s\": ", any ? ", " : "", option->name[NATIVE]);
		type_json(option, global_value(globals, (enum global)n), out);
		any = true;
	}
	buf_text(out, "}, ");
}

bool print_json(const struct table *table, FILE *out)
{
	struct buf text = { 0 };
	bool ok = true, any = false;

	buf_char(&text, '{');
	add_globals(&text, table);
	buf_text(&text, "\"services\": [");
	for (size_t i = 0; ok && i < table->count; i++) {
		if (table->services[i].is_skipped)
			continue;
		buf_text(&text, any ? ",\n" : "\n");
		any = true;
		add_service(&text, &table->services[i], table->bases[false]);
		ok = buf_flush(&text, out);
	}
	buf_text(&text, any ? "\n]}\n" : "]}\n");
	ok = buf_flush(&text, out) && ok;
	buf_free(&text);
	return ok;
}
