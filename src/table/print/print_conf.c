/* Prints a table as superd.conf: the settings of superd itself, the defaults, and the services. */
#include "table/print/print_conf.h"

#include <stdlib.h>

#include "table/print/buf_flush.h"
#include "table/services/left_out.h"
#include "table/services/service_conf.h"

/* Adds superd { … }. */
static void add_globals(struct buf *out, const struct globals *globals, const struct conf_style *style)
{
	if (!globals->block.file)
		return;
	service_conf_add_place(out, style, "", globals->block);
	buf_text(out, "superd {\n");
	for (int n = 0; n < GLOBALS; n++) {
		const struct directive *directive = &global_directives[n];

		if (!global_is_set(globals, (enum global)n))
			continue;
		service_conf_add_place(out, style, "\t", globals->at[n]);
		buf_addf(out, "\t%s = ", directive->name[NATIVE]);
		type_format(directive, global_value(globals, (enum global)n), out);
		buf_char(out, '\n');
	}
	buf_text(out, "}\n\n");
}

static bool print_head(const struct table *table, const struct conf_style *style, struct buf *text, FILE *out)
{
	add_globals(text, &table->globals, style);
	service_conf_add_defaults(text, style);
	return buf_flush(text, out);
}

static bool print_row(const struct service *row, const struct conf_style *style, struct buf *text, FILE *out)
{
	buf_char(text, '\n');
	service_conf_add(text, row, style);
	return buf_flush(text, out);
}

static bool print_rows(const struct table *table, const struct conf_style *style, struct buf *text, FILE *out)
{
	bool ok = print_head(table, style, text, out), any = false;

	for (size_t n = 0; ok && n < table->count; n++) {
		if (left_out_of(table, &table->services[n]))
			continue;
		if (any)
			buf_char(text, '\n');
		any = true;
		service_conf_add(text, &table->services[n], style);
		ok = buf_flush(text, out);
	}
	return ok;
}

/* The rows that print_rows writes for people. */
static bool share_defaults(struct conf_defaults *defaults, const struct table *table)
{
	const struct service **rows = calloc(table->count + 1, sizeof(*rows));
	size_t count = 0;
	bool ok;

	for (size_t n = 0; rows && n < table->count; n++) {
		if (!left_out_of(table, &table->services[n]))
			rows[count++] = &table->services[n];
	}
	ok = rows && conf_defaults_share(defaults, rows, count);
	free(rows);
	return ok;
}

/* style: its defaults are those of the table. more: rows that stand behind those of the table. */
static bool print_table(const struct table *table, struct conf_style style, const struct service *const *more,
			size_t count, FILE *out)
{
	struct conf_defaults defaults;
	struct buf text = { 0 };
	bool ok = conf_defaults_make(&defaults, table);

	style.defaults = &defaults;
	if (!ok)
		return false;
	ok = (!style.is_for_people || share_defaults(&defaults, table)) && print_rows(table, &style, &text, out);
	for (size_t n = 0; ok && n < count; n++)
		ok = print_row(more[n], &style, &text, out);
	buf_free(&text);
	conf_defaults_free(&defaults);
	return ok;
}

bool print_conf(const struct table *table, bool comments, FILE *out)
{
	const struct conf_style style = { .comments = comments, .is_for_people = !comments };

	return print_table(table, style, NULL, 0, out);
}

bool print_conf_saved(const struct table *table, const struct service *const *more, size_t count, FILE *out)
{
	return print_table(table, (struct conf_style){ .last = &(struct origin){ 0 } }, more, count, out);
}
