/* Prints a table as JSON, a service on each line (config/table/service_json.h). It writes line by line, so a table of
 * any size needs little memory. */
#include "cli/print/print_conf.h"

#include "base/json.h"
#include "cli/print/print_defaults.h"

static void add_service(struct buf *out, const struct service *service, const struct print_defaults *defaults)
{
	buf_text(out, "{\"name\": ");
	json_text(out, service->name);
	service_json_options(service, &defaults->plain, false, out);
	buf_char(out, '}');
}

bool print_json(const struct table *table, FILE *out)
{
	struct print_defaults defaults;
	struct buf text = { 0 };
	bool ok = print_defaults_make(&defaults, table);

	if (!ok)
		return false;
	buf_char(&text, '{');
	if (table->max_starting_at.file)
		buf_addf(&text, "\"max_starting\": %u, ", table->max_starting);
	buf_text(&text, "\"services\": [");
	for (size_t i = 0; ok && i < table->count; i++) {
		buf_text(&text, i ? ",\n" : "\n");
		add_service(&text, &table->services[i], &defaults);
		ok = buf_flush(&text, out);
	}
	buf_text(&text, table->count ? "\n]}\n" : "]}\n");
	ok = buf_flush(&text, out) && ok;
	buf_free(&text);
	print_defaults_free(&defaults);
	return ok;
}
