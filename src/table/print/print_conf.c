/* Prints a table as superd.conf: the settings of superd itself, the defaults, and the services. */
#include "table/print/print_conf.h"

#include "table/print/buf_flush.h"
#include "table/services/service_conf.h"

/* Adds superd { … }. */
static void add_globals(struct buf *out, const struct globals *globals, const struct conf_style *style)
{
	if (!globals->block.file)
		return;
	service_conf_add_place(out, style, "", globals->block);
	buf_text(out, "superd {\n");
	for (int n = 0; n < GLOBALS; n++) {
		const struct option_def *option = &global_option_defs[n];

		if (!global_is_set(globals, (enum global)n))
			continue;
		service_conf_add_place(out, style, "\t", globals->at[n]);
		buf_addf(out, "\t%s = ", option->name[NATIVE]);
		type_format(option, global_value(globals, (enum global)n), out);
		buf_char(out, '\n');
	}
	buf_text(out, "}\n\n");
}

static bool print_table(const struct table *table, struct conf_style style, FILE *out)
{
	struct buf text = { 0 };
	bool ok, any = false;

	style.table = table;
	add_globals(&text, &table->globals, &style);
	service_conf_add_defaults(&text, table->defaults, &style);
	ok = buf_flush(&text, out);
	for (size_t n = 0; ok && n < table->count; n++) {
		if (table->services[n].is_skipped)
			continue;
		buf_text(&text, any ? "\n" : "");
		any = true;
		service_conf_add(&text, &table->services[n], &style);
		ok = buf_flush(&text, out);
	}
	buf_free(&text);
	return ok;
}

bool print_conf(const struct table *table, bool comments, FILE *out)
{
	return print_table(table, (struct conf_style){ .places = comments ? PLACES_OF_ALL : PLACES_NONE }, out);
}

bool print_conf_saved(const struct table *table, const struct service *const *more, size_t count, FILE *out)
{
	struct conf_style style = { .places = PLACES_MARKED };
	bool ok = print_table(table, style, out);
	struct buf text = { 0 };

	style.is_apart = true;
	for (size_t n = 0; ok && n < count; n++) {
		buf_char(&text, '\n');
		service_conf_add(&text, more[n], &style);
		ok = buf_flush(&text, out);
	}
	buf_free(&text);
	return ok;
}
