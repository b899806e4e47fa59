/* A table made without a reader: texts, durations and endpoints are parsed, a service is drafted, sealed, checked,
 * found and compared. Run by tests/musl/check with another libc, where Criterion is not at hand. */

#include "table/services/services.h"

static unsigned failures;

static void require(bool claim, const char *what)
{
	if (claim)
		return;
	fprintf(stderr, "smoke: does not hold: %s\n", what);
	failures++;
}

static void set(struct service_builder *builder, const char *name, const char *text, unsigned line, struct diags *diags)
{
	struct origin at = { .file = "smoke.conf", .line = line, .column = 1 };
	struct value value = { .words = &text, .count = 1, .at = at };

	require(builder_set(builder, name, &value, diags), name);
}

static struct table *make_table(const char *timeout, struct diags *diags)
{
	struct table *table = table_new();
	struct service row = { .name = "echo", .at = { .file = "smoke.conf", .line = 1, .column = 1 } };
	struct service_builder *builder = table ? builder_new(table, row) : NULL;

	require(builder != NULL, "a draft is made");
	if (!builder)
		return table;
	set(builder, "listen", "127.0.0.1:8888", 2, diags);
	set(builder, "exec", "/bin/cat '-u' \"a b\"", 3, diags);
	set(builder, "user", "nobody", 4, diags);
	set(builder, "timeout_stop", timeout, 5, diags);
	require(builder_finish(builder, NULL, diags), "the draft is sealed");
	builder_free(builder);
	return table;
}

static void check_scalars(void)
{
	int64_t duration = 0, bytes = 0;
	char text[32];

	require(!scan_duration("1min 30s", &duration) && duration == 90 * INT64_C(1000000), "1min 30s is 90 seconds");
	require(scan_duration("-1s", &duration) != NULL, "a negative duration is refused");
	require(!scan_bytes("64K", &bytes) && bytes == 65536, "64K is 65536 bytes");
	scan_bytes_format(bytes, text);
	require(strcmp(text, "64K") == 0, "65536 bytes print as 64K");
}

static void check_services(const struct table *before, const struct table *after)
{
	const struct service *a = table_find(before, "echo"), *b = table_find(after, "echo");

	require(a && b, "the services are found");
	if (!a || !b)
		return;
	require(!table_find(before, "ohce"), "an unknown name is not found");
	require(a->socket_count == 1 && a->sockets[0].endpoint->port == 8888, "it listens on port 8888");
	require(a->exec->exec && strcmp(a->exec->exec[2], "a b") == 0, "its command is split by the quotes");
	require(service_compare(a, a, NULL) == DIFF_SAME, "a service equals itself");
	require(service_compare(a, b, NULL) == DIFF_CHANGED, "another timeout_stop is a change");
}

int main(void)
{
	struct diags diags = { 0 };
	struct table *before = make_table("5s", &diags), *after = make_table("6s", &diags);

	check_scalars();
	if (before && after) {
		table_check(before, &diags);
		require(diags.errors == 0, "the table has no error");
		check_services(before, after);
	}
	diags_print(&diags, stderr);
	table_free(before);
	table_free(after);
	diags_free(&diags);
	return failures ? 1 : 0;
}
