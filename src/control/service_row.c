/* Writes the row of a service as JSON: its options, and where each was set.
 *
 * Only options that the service sets itself have a place. All other values are defaults. */
#include "control/service_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "config/option/default_service.h"
#include "config/option/option_table.h"
#include "config/option/service_mark.h"
#include "config/table/service_json.h"

struct service_row_writer {
	struct default_service plain;
};

struct service_row_writer *service_row_writer_new(void)
{
	struct service_row_writer *writer = calloc(1, sizeof(*writer));

	if (writer && !default_service_make(&writer->plain)) {
		free(writer);
		return NULL;
	}
	return writer;
}

void service_row_writer_free(struct service_row_writer *writer)
{
	if (!writer)
		return;
	default_service_free(&writer->plain);
	free(writer);
}

static void add_place(const char *file, unsigned line, const char *name, struct buf *out)
{
	struct buf place = { 0 };

	buf_addf(&place, "%s:%u", file, line);
	out->failed |= place.failed;
	json_text_field(out, name, buf_string(&place));
	buf_free(&place);
}

void service_row_write(struct service_row_writer *writer, const struct service *row, bool hides, struct buf *out)
{
	json_object_open(out);
	json_text_field(out, "service", row->name);
	if (row->at.file)
		add_place(row->at.file, row->at.line, "source", out);
	json_object_field(out, "options");
	service_json_options(row, &writer->plain.service, hides, out);
	json_object_close(out);
	json_object_field(out, "texts");
	service_json_texts(row, &writer->plain.service, hides, out);
	json_object_close(out);
	json_object_field(out, "sources");
	for (size_t n = 0; n < directive_count; n++) {
		const struct mark *mark = service_mark(row, directives[n].name[NATIVE]);
		struct origin at = service_origin(row, directives[n].name[NATIVE]);

		if (mark && at.file)
			add_place(at.file, at.line, directives[n].name[NATIVE], out);
	}
	json_object_close(out);
	json_object_close(out);
}
