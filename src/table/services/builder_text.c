/* What a reader sets in a builder, as a service of superd.conf, for a superd that does not have that reader.
 *
 * The text is exact: it has every option that was set, be it to its default, in the words of the reader. It has no
 * value that was refused: the reader then leaves out the service. A mark is a comment on a line of its own,
 * "# LINE:COLUMN "FILE" WORDS", and is the place of what follows it, up to the next mark. It leaves out the file of
 * the mark before it. */
#include "table/services/builder_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "lib/scan.h"

const char *const dialect_words[DIALECTS] = { "foreign", "xinetd", "unit", "launchd" };

bool builder_text_begin(struct service_builder *builder)
{
	builder->text = calloc(1, sizeof(*builder->text));
	if (!builder->text)
		return memory_ran_out();
	builder->text->at = builder->at;
	return true;
}

void mark_add(struct buf *out, struct origin at, struct origin *last)
{
	if (origin_equal(at, *last))
		return;
	if (out->length && out->data[out->length - 1] != '\n')
		buf_char(out, '\n');
	buf_text(out, "# ");
	buf_number(out, at.line);
	buf_char(out, ':');
	buf_number(out, at.column);
	if (at.file && (!last->file || strcmp(at.file, last->file) != 0)) {
		buf_char(out, ' ');
		native_quoted(out, at.file);
	}
	buf_char(out, '\n');
	*last = at;
}

void mark_add_service(struct buf *out, struct origin at, bool is_foreign, enum dialect dialect, bool is_alone)
{
	buf_addf(out, "# %u:%u ", at.line, at.column);
	native_quoted(out, at.file ? at.file : "");
	buf_addf(out, "%s%s%s\n", is_foreign ? " " : "", is_foreign ? dialect_words[dialect] : "",
		 is_alone ? " alone" : "");
}

static void add_place(struct service_builder *builder, struct origin at)
{
	mark_add(&builder->text->body, at, &builder->text->at);
}

void builder_text_open(struct service_builder *builder, const struct socket_block *block)
{
	add_place(builder, block->at);
	buf_text(&builder->text->body, "\tsocket ");
	native_value(&builder->text->body, block->name);
	buf_text(&builder->text->body, " {\n");
}

void builder_text_close(struct service_builder *builder)
{
	buf_text(&builder->text->body, "\t}\n");
}

static void add_endpoints(struct service_builder *builder, const struct value *value)
{
	const char *comma = "";

	buf_char(&builder->text->body, '{');
	for (size_t n = 0; n < value->count; n++) {
		buf_text(&builder->text->body, comma);
		if (value->word_at)
			add_place(builder, value->word_at[n]);
		buf_char(&builder->text->body, ' ');
		native_value(&builder->text->body, value->words[n]);
		comma = ",";
	}
	buf_text(&builder->text->body, " }\n");
}

void builder_text_set(struct service_builder *builder, const struct directive *directive, const struct value *value)
{
	struct buf *out = &builder->text->body;

	add_place(builder, value->at);
	buf_text(out, builder->open ? "\t\t" : "\t");
	buf_text(out, directive->name[NATIVE]);
	buf_text(out, value->append ? " += " : " = ");
	if (directive->flags & STRUCTURE)
		return add_endpoints(builder, value);
	if (!value->is_list && value->count == 1) {
		native_value(out, value->words[0]);
		buf_char(out, '\n');
	} else {
		for (size_t n = 0; n < value->count; n++) {
			buf_text(out, n ? ", " : "{");
			native_value(out, value->words[n]);
		}
		buf_text(out, value->count ? "}\n" : "{}\n");
	}
}

void builder_write(const struct service_builder *builder, bool marks, struct buf *out)
{
	const struct buf *body = &builder->text->body;

	if (marks) {
		mark_add_service(out, builder->at, true, builder->dialect, builder->is_alone);
	} else if (builder->at.file) {
		buf_text(out, "# ");
		buf_visible(out, builder->at.file, strlen(builder->at.file));
		buf_addf(out, ":%u\n", builder->at.line);
	}
	buf_text(out, "service ");
	native_value(out, builder->name);
	buf_text(out, " {\n");
	if (marks)
		buf_add(out, buf_string(body), body->length);
	for (const char *at = marks ? "" : buf_string(body); *at; at += strcspn(at, "\n") + 1) {
		if (*at != '#')
			buf_add(out, at, strcspn(at, "\n") + 1);
		else if (scan_ends_with(buf_string(out), "= {\n") || scan_ends_with(buf_string(out), ",\n"))
			out->data[--out->length] = '\0';        /* within a list */
	}
	buf_text(out, "}\n");
	out->failed |= body->failed;
}

void builder_text_free(struct service_builder *builder)
{
	if (builder->text)
		buf_free(&builder->text->body);
	free(builder->text);
}
