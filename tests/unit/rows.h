/* A row of a table from a text, for tests of what is done with one. */
#pragma once

#include "superd/machine/machine.h"
#include "tests/unit/read_text.h"
#include "tests/unit/unit.h"

static struct table *table;
static struct diags diags;
static struct buf why;
static struct process_defaults process_defaults;
static char folder[64];
static bool doubtful;                   /* the text may hold what table/services/check refuses: then nothing is resolved */

static inline void set_up(void)
{
	static char *none[] = { NULL };

	strcpy(folder, "/tmp/superd-row-XXXXXX");
	cr_assert(mkdtemp(folder));
	process_defaults = (struct process_defaults){ .environment = none, .nofile = { 1024, 4096 },
				      .inherited_nofile = { 1024, 4096 } };
}

static inline void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
	table_free(table);
	diags_free(&diags);
	buf_free(&why);
	table = NULL;
}

/* Criterion leaves out tear_down where a test is skipped. */
static inline void skip_unless(bool possible, const char *reason)
{
	if (possible)
		return;
	tear_down();
	cr_skip_test("%s", reason);
}

/* The first service of this text, resolved; it lasts until the next. */
__attribute__((format(printf, 1, 2))) static inline const struct service *row(const char *format, ...)
{
	char text[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	table_free(table);
	table = read_text("rows.conf", text, strlen(text), &diags);
	cr_assert(table);
	if (!diags.errors)
		resolve_table(table, NULL, &diags);
	if (diags.errors && !doubtful)
		diags_print(&diags, stderr);
	cr_assert(!diags.errors || doubtful);
	cr_assert(table->count);
	return &table->services[0];
}

/* The plan of a service with these lines; the caller frees it. */
__attribute__((format(printf, 1, 2))) static inline struct plan *row_plan(const char *format, ...)
{
	char lines[2048];
	struct plan *plan;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(lines, sizeof(lines), format, arguments);
	va_end(arguments);
	plan = plan_make(row("service a { listen = 7\n%s\n}\n", lines), &process_defaults,
			 &(struct plan_sockets){ .port = 7 }, &why);
	cr_assert(plan, "%s", buf_string(&why));
	return plan;
}

/* What superd itself was started with; the texts end with NULL. */
__attribute__((sentinel)) static inline void inherit(const char *first, ...)
{
	static char *list[32];
	size_t count = 0;
	va_list more;

	va_start(more, first);
	for (const char *text = first; text; text = va_arg(more, const char *)) {
		cr_assert_lt(count + 1, sizeof(list) / sizeof(*list));
		list[count++] = (char *)(uintptr_t)text;
	}
	va_end(more);
	list[count] = NULL;
	process_defaults.environment = list;
}

/* A file in the test's folder; gives its path, which lasts until the next. */
static inline const char *file_of(const char *name, const char *text, size_t length)
{
	static char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert(file);
	cr_assert_eq(fwrite(text, 1, length, file), length);
	cr_assert_eq(fclose(file), 0);
	return path;
}
