/* Prints a table as JSON, a service on each line (table/services/service_json.h). It writes line by line, so a table of
 * any size needs little memory. */
#include "table/print/print_conf.h"

#include "lib/json.h"
#include "table/print/buf_flush.h"
#include "table/services/service_json.h"

static void add_service(struct buf *out, const struct service *service, const struct table *table)
{
	buf_text(out, "{\"name\": ");
	json_text(out, service->name);
	service_json_options(service, table_bases(table, NULL), out);
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
		add_service(&text, &table->services[i], table);
		ok = buf_flush(&text, out);
	}
	buf_text(&text, any ? "\n]}\n" : "]}\n");
	ok = buf_flush(&text, out) && ok;
	buf_free(&text);
	return ok;
}
