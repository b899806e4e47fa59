/* A reading of property lists for each test of a suite, with what was said of them: .init = open_reading, .fini =
 * close_reading. */
#pragma once

#include "read/launchd/internal.h"
#include "read/launchd/launchd.h"
#include "tests/unit/unit.h"

#define HEAD \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
	"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n" \
	"<plist version=\"1.0\">\n"
#define TAIL "</plist>\n"

static struct reading reading;
static struct read_request request;
static struct diags diags;

static inline void open_reading(void)
{
	diags = (struct diags){ 0 };
	request = (struct read_request){ 0 };
	reading = (struct reading){ .table = table_new(), .diags = &diags, .request = &request };
	cr_assert_not_null(reading.table);
}

static inline void close_reading(void)
{
	table_free(reading.table);
	diags_free(&diags);
}

/* What was said, as superd prints it. */
static inline const char *said(void)
{
	static char *text;
	size_t length;
	FILE *out;

	free(text);
	out = open_memstream(&text, &length);
	cr_assert_not_null(out);
	diags_print(&diags, out);
	fclose(out);
	return text;
}

/* A source of any bytes, as source_load_bytes makes it. The copy ends where its memory does. */
static inline struct source_file source_of(const void *bytes, size_t length)
{
	struct source_file source = { .file = "t.plist", .length = length };

	source.text = malloc(length + 1);
	cr_assert_not_null(source.text);
	memcpy(source.text, bytes, length);
	source.text[length] = '\0';
	cr_assert(source_find_lines(&source));
	return source;
}

static inline const struct plist *read_tree(const void *bytes, size_t length)
{
	struct source_file source = source_of(bytes, length);
	const struct plist *tree = plist_read(reading.table->pool, &source, &diags);

	source_free(&source);
	return tree;
}

static inline const struct plist *read_xml(const char *text)
{
	return read_tree(text, strlen(text));
}
