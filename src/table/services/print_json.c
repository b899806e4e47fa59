/* Prints a table as JSON for programs, a service on each line: every option that differs from its default, and always
 * accept, pass, exec, user and disable. Programs do not know that some defaults follow from other options, so the value
 * is the one in effect. It writes line by line, so a table of any size needs little memory. */
#include "table/services/services.h"

/* Adds the options of a socket in which it differs from its service; of a service those that differ from their default,
 * and those that are always printed. */
static void add_options(struct buf *out, const struct service *row, const struct listen *socket,
			const void *const *bases)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *option = &option_defs[i];
		const char *base = socket ? (const void *)row->groups->socket_defaults : bases[option->group];
		const char *own = socket ? (const void *)socket->options : service_group(row, option->group);

		if (!option_has_value(option) || (socket && option->group != GROUP_SOCKETS))
			continue;
		if (!(option->flags & ALWAYS_PRINTED) &&
		    type_equal(option, own + option->offset, base + option->offset))
			continue;
		json_wide_name(out, option->name[NATIVE]);
		type_json(option, own + option->offset, out);
	}
}

static void add_service(struct buf *out, const struct service *row, const void *const *bases)
{
	struct buf endpoint = { 0 };

	buf_text(out, "{\"name\": ");
	json_text(out, row->name);
	json_wide_name(out, "listen");
	buf_char(out, '[');
	for (size_t i = 0; i < row->socket_count; i++) {
		buf_clear(&endpoint);
		endpoint_format(row->sockets[i].endpoint, &endpoint);
		json_wide_element(out);
		buf_text(out, "{\"endpoint\": ");
		json_quote(out, buf_string(&endpoint), endpoint.length);
		json_wide_name(out, "name");
		json_text(out, row->sockets[i].name);
		add_options(out, row, &row->sockets[i], bases);
		buf_char(out, '}');
	}
	buf_char(out, ']');
	add_options(out, row, NULL, bases);
	buf_char(out, '}');
	out->failed |= endpoint.failed;
	buf_free(&endpoint);
}

/* Adds "superd": {…}. */
static void add_globals(struct buf *out, const struct table *table)
{
	const struct globals *globals = &table->globals;

	if (!table->superd.at.file)
		return;
	buf_text(out, "\"superd\": {");
	for (int n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];

		if (!global_is_set(globals, (enum global)n))
			continue;
		json_wide_name(out, option->name[NATIVE]);
		type_json(option, global_value(globals, (enum global)n), out);
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
