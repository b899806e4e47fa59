/* A table from a text, resolved on this machine, and what was said of it: .init = set_up, .fini = tear_down. */
#pragma once

#include "superd/machine/machine.h"
#include "tests/unit/read_text.h"
#include "tests/unit/unit.h"

static struct diags diags;
static struct table *table;

static inline void set_up(void)
{
	diags = (struct diags){ 0 };
	table = NULL;
}

static inline void tear_down(void)
{
	table_free(table);
	diags_free(&diags);
}

/* Everything said, one line each, hints too. */
static inline const char *said(void)
{
	static char text[8192];
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < diags.count && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%u: %s / %s\n", diags.list[i].line,
				       diags.list[i].message, diags.list[i].hint ? diags.list[i].hint : "");
	return text;
}

/* In place of what was there before; diags is left with what resolving said. */
static inline void __attribute__((format(printf, 1, 2))) resolve(const char *format, ...)
{
	char text[4096];
	va_list arguments;

	tear_down();
	set_up();
	va_start(arguments, format);
	cr_assert_lt(vsnprintf(text, sizeof(text), format, arguments), (int)sizeof(text));
	va_end(arguments);
	table = read_text("test.conf", text, strlen(text), &diags);
	cr_assert(table);
	cr_assert_eq(diags.errors, 0, "%s", said());
	diags_free(&diags);
	diags = (struct diags){ 0 };
	resolve_table(table, NULL, &diags);
	check_conflicts(table, &diags);
}

static inline const struct service *service(const char *name)
{
	const struct service *found = table_find(table, name);

	cr_assert(found);
	return found;
}
