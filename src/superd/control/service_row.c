/* Writes the row of a service as JSON: its options, where each was set, and the row as superd.conf.
 *
 * Only options that the service sets itself have a place. All other values are defaults. */
#include "superd/control/service_row.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "superd/control/show.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/services/service_conf.h"
#include "table/services/service_json.h"

struct service_row_writer {
	struct conf_defaults defaults;  /* of a table, whose values it borrows */
	struct buf text;                /* these defaults as superd.conf; "": the table has none */
	double loaded;                  /* supervisor->loaded of that table; 0: none yet */
	bool hides;                     /* secrets are left out */
};

struct service_row_writer *service_row_writer_new(bool hides)
{
	struct service_row_writer *writer = calloc(1, sizeof(*writer));

	if (writer)
		writer->hides = hides;
	return writer;
}

void service_row_writer_free(struct service_row_writer *writer)
{
	if (!writer)
		return;
	conf_defaults_free(&writer->defaults);
	buf_free(&writer->text);
	free(writer);
}

bool service_row_writer_follow(struct service_row_writer *writer, const struct table *table, double loaded)
{
	const struct conf_style style = { .defaults = &writer->defaults, .hides = writer->hides };

	if (writer->defaults.pool && writer->loaded == loaded)
		return true;
	conf_defaults_free(&writer->defaults);
	buf_clear(&writer->text);
	writer->loaded = loaded;
	if (!conf_defaults_make(&writer->defaults, table))
		return false;
	service_conf_add_defaults(&writer->text, &style);
	if (writer->text.failed)
		conf_defaults_free(&writer->defaults); /* the next call tries again */
	return writer->defaults.pool;
}

static void add_text(const struct service_row_writer *writer, const struct service *row,
		     const struct left_out *left_out, struct buf *out)
{
	const struct conf_style style = { .defaults = &writer->defaults, .comments = true, .hides = writer->hides };
	struct buf text = { 0 };

	if (left_out)
		buf_addf(&text, "# %s is left out: %s\n", row->name, left_out_reason(left_out));
	else
		service_conf_add(&text, row, &style);
	out->failed |= text.failed;
	json_text_field(out, "defaults", buf_string(&writer->text));
	json_text_field(out, "text", buf_string(&text));
	buf_free(&text);
}

void service_row_write(const struct service_row_writer *writer, const struct service *row,
		       const struct left_out *left_out, struct buf *out)
{
	json_object_open(out);
	json_text_field(out, "service", row->name);
	if (row->at.file)
		show_place(out, "source", row->at);
	json_object_field(out, "options");
	service_json_options(row, &writer->defaults.plain, writer->hides, out);
	json_object_close(out);
	add_text(writer, row, left_out, out);
	json_object_field(out, "sources");
	for (size_t n = 0; n < directive_count; n++) {
		const struct mark *mark = service_mark(row, directives[n].name[NATIVE]);
		struct origin at = service_origin(row, directives[n].name[NATIVE]);

		if (mark && at.file)
			show_place(out, directives[n].name[NATIVE], at);
	}
	json_object_close(out);
	json_object_close(out);
}
