/* Services made by hand for tests: one line of a table is one call. Lines count on, so that places can be told
 * apart. */
#pragma once

#include "table/services/services.h"
#include "tests/unit/unit.h"

#define FILE_NAME "test.conf"
#define WORDS_MOST 16

static struct table *table;
static struct diags diags;
static unsigned line;

static inline struct origin next_line(void)
{
	return (struct origin){ .file = FILE_NAME, .line = ++line, .column = 1 };
}

static inline void end_table(void)
{
	table_free(table);
	diags_free(&diags);
	table = NULL;
	diags = (struct diags){ 0 };
}

/* A new table; ends the one before. */
static inline void begin_table(void)
{
	end_table();
	table = table_new();
	cr_assert_not_null(table);
	line = 0;
}

static inline struct service_builder *begin(const char *name)
{
	struct service_builder *builder = builder_new(table, (struct service){ .name = name, .at = next_line() });

	cr_assert_not_null(builder);
	return builder;
}

static inline bool set_value(struct service_builder *builder, const char *name, va_list more)
{
	const char *list[WORDS_MOST + 1] = { NULL };
	struct origin places[WORDS_MOST];
	struct value value = { .words = list, .at = next_line(), .word_at = places };
	const char *word;

	while ((word = va_arg(more, const char *))) {
		cr_assert_lt(value.count, WORDS_MOST);
		places[value.count] = value.at;
		places[value.count].column = (unsigned)(10 + value.count);
		list[value.count++] = word;
	}
	value.is_list = value.count != 1;
	return builder_set(builder, name, &value, &diags);
}

/* name = { words … }; the words end with NULL. */
__attribute__((sentinel)) static inline bool set(struct service_builder *builder, const char *name, ...)
{
	va_list more;
	bool good;

	va_start(more, name);
	good = set_value(builder, name, more);
	va_end(more);
	return good;
}

/* Finishes the builder over the defaults (NULL: none), frees it and returns its row, which lasts until the next. */
static inline struct service *end_with(struct service_builder *builder, const struct service_builder *defaults)
{
	bool sealed = builder_finish(builder, defaults, &diags);

	builder_free(builder);
	cr_assert(sealed);
	return &table->services[table->count - 1];
}

static inline struct service *end(struct service_builder *builder)
{
	return end_with(builder, NULL);
}

/* A service in which nothing is wrong. */
static inline struct service_builder *begin_good(const char *name, const char *listen)
{
	struct service_builder *builder = begin(name);

	cr_assert(set(builder, "listen", listen, NULL));
	cr_assert(set(builder, "exec", "/bin/true", NULL));
	return builder;
}

static inline const struct diag *said(enum severity severity, const char *part)
{
	for (size_t i = 0; i < diags.count; i++) {
		if (diags.list[i].severity == severity && strstr(diags.list[i].message, part))
			return &diags.list[i];
	}
	return NULL;
}

/* All that was said, for a failing test's message. */
static inline const char *all_said(void)
{
	static char text[4096];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < diags.count && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "\n  %u: %s", diags.list[i].line,
					   diags.list[i].message);
	return text;
}

/* Exactly one diagnostic, an error with this part, at this line. */
static inline void expect_error(unsigned at, const char *part)
{
	const struct diag *diag = said(SEVERITY_ERROR, part);

	cr_assert_not_null(diag, "no error with '%s' in:%s", part, all_said());
	cr_assert_eq(diag->line, at, "at line %u, not %u:%s", diag->line, at, all_said());
	cr_assert_eq(diags.count, 1, "more than one:%s", all_said());
}

static inline void expect_nothing(void)
{
	cr_assert_eq(diags.count, 0, "said:%s", all_said());
}
