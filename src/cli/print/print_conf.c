/* Prints a table as superd.conf: the settings of superd itself, the defaults, and the services. */
#include "cli/print/print_conf.h"

#include "cli/print/buf_flush.h"
#include "config/table/service_json.h"
#include "config/table/service_conf.h"

/* Adds superd { … }. */
static void add_globals(struct buf *out, const struct globals *globals, const struct conf_style *style)
{
	if (!globals->block.file)
		return;
	service_conf_add_place(out, style, "", globals->block.file, globals->block.line);
	buf_text(out, "superd {\n");
	for (int n = 0; n < GLOBALS; n++) {
		const struct directive *directive = &global_directives[n];

		if (!global_is_set(globals, (enum global)n))
			continue;
		service_conf_add_place(out, style, "\t", globals->at[n].file, globals->at[n].line);
		buf_addf(out, "\t%s = ", directive->name[NATIVE]);
		directive->type->format(directive, global_value(globals, (enum global)n), out);
		buf_char(out, '\n');
	}
	buf_text(out, "}\n\n");
}

bool print_conf(const struct table *table, bool comments, FILE *out)
{
	struct conf_defaults defaults;
	const struct conf_style style = { .defaults = &defaults, .comments = comments };
	struct buf text = { 0 };
	bool ok = conf_defaults_make(&defaults, table);

	if (!ok)
		return false;
	add_globals(&text, &table->globals, &style);
	service_conf_add_defaults(&text, &style);
	ok = buf_flush(&text, out);
	for (size_t i = 0; ok && i < table->count; i++) {
		if (i)
			buf_char(&text, '\n');
		service_conf_add(&text, &table->services[i], &style);
		ok = buf_flush(&text, out);
	}
	buf_free(&text);
	conf_defaults_free(&defaults);
	return ok;
}
