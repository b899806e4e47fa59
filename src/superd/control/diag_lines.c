/* Diagnostics as lines of JSON, for `reload` and `diff`. */
#include "superd/control/diag_lines.h"

#include <string.h>

#include "lib/json.h"

static void add_diagnostic(struct buf *out, const struct diag *diag)
{
	buf_char(out, '\n');
	json_object_open(out);
	json_text_field(out, "diagnostic", diag->message);
	json_text_field(out, "file", diag->file);
	json_count_field(out, "line", diag->line);
	json_count_field(out, "column", diag->column);
	json_text_field(out, "severity", severity_name(diag->severity));
	if (diag->hint)
		json_text_field(out, "hint", diag->hint);
	json_object_close(out);
}

void diag_lines_add(struct diag_lines *lines, const struct diags *diags)
{
	for (size_t n = 0; n < diags->count; n++)
		add_diagnostic(&lines->text, &diags->list[n]);
	buf_char(&lines->text, '\n');
}

bool diag_lines_send(struct diag_lines *lines, struct session *session)
{
	while (lines->sent + 1 < lines->text.length) {
		const char *start = lines->text.data + lines->sent + 1;
		size_t length = strcspn(start, "\n");

		if (!line_io_has_room(&session->io))
			return false;
		buf_add(&session->line, start, length);
		lines->sent += length + 1;
		if (length)
			session_send_line(session);
	}
	return true;
}

void diag_lines_free(struct diag_lines *lines)
{
	buf_free(&lines->text);
}
