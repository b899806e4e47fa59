/* Lines of unit files: their bounds, and places in long ones. What lines are is in tests/read/systemd/text.tables. */
#include "unit_reading.h"
#include "tests/unit/source_text.h"

TestSuite(unit_text, .init = open_reading, .fini = close_reading);

static const struct unit *service(const char *text)
{
	return read_unit("a.service", text);
}

static void expect_value(const char *text, const char *value)
{
	const struct unit_assignment *assignment = only(service(text));

	cr_expect_str_eq(assignment->value, value, "of %s", text);
	cr_expect_str_eq(said(), "", "of %s", text);
}

Test(unit_text, needs_no_newline_at_the_end)
{
	expect_value("[Service]\nUser=redoctober", "redoctober");
}

Test(unit_text, places_an_empty_value_at_its_key)
{
	const struct unit_assignment *assignment = only(service("[Service]\n  User=\n"));

	cr_expect_eq(unit_place(assignment, 0).line, 2);
	cr_expect_eq(unit_place(assignment, 0).column, 3);
}

Test(unit_text, bounds_the_settings_of_a_unit)
{
	size_t count = 100001;
	char *text = malloc(11 + 3 * count);

	cr_assert_not_null(text);
	strcpy(text, "[Service]\n");
	for (size_t n = 0; n < count; n++)
		memcpy(text + 10 + 3 * n, "a=\n", 3);
	text[10 + 3 * count] = '\0';
	cr_expect_null(try_unit("a.service", text));
	cr_expect(strstr(said(), "a.service:100002:1: error: more than 100000 settings in one unit"), "%s", said());
	free(text);
}

/* In no time: each piece, and each word, finds its place without passing all others. */
Test(unit_text, a_value_of_half_a_million_lines_is_read, .timeout = 120)
{
	const size_t count = 500000, head = strlen("[Service]\nA=\\\n");
	char *text = malloc(head + 3 * count + 2);
	const struct unit_assignment *assignment;

	cr_assert_not_null(text);
	strcpy(text, "[Service]\nA=\\\n");
	for (size_t n = 0; n < count; n++)
		memcpy(text + head + 3 * n, "a\\\n", 3);
	strcpy(text + head + 3 * count, "b");
	assignment = only(read_unit("a.service", text));
	cr_expect_eq(strlen(assignment->value), 2 * count + 1);
	for (size_t n = 0; n < count; n += count / 10) {
		cr_expect_eq(unit_place(assignment, 2 * n).line, 3 + n);
		cr_expect_eq(unit_place(assignment, 2 * n).column, 1);
	}
	for (size_t n = 0; n < count; n++)
		unit_place(assignment, 2 * n);
	free(text);
}

Test(unit_text, recognises_a_unit_by_its_sections)
{
	static const struct {
		const char *text;
		bool is_unit;
	} cases[] = {
		{ "[Socket]\nListenStream=80\n", true },
		{ "# a\n\n; b\n[Unit]\nDescription=x\n  [Service]\t\r\n", true },
		{ "[Service]", true },
		{ "[Unit]\nDescription=x\n[Timer]\nOnCalendar=daily\n", true },
		{ "a = b\n[Socket]\n", false },
		{ "[Socket\n", false },
		{ "[::1]:80 stream tcp nowait root /bin/a\n[Socket]\n", false },
		{ "service x { listen = \"80\" }\n", false },
		{ "", false },
		{ "[", false },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		struct source_file source;

		cr_assert(source_from_text(&source, "t", cases[n].text, strlen(cases[n].text), reading.table->pool,
					   &diags));
		cr_expect_eq(unit_text_recognises(&source), cases[n].is_unit, "%s", cases[n].text);
		source_free(&source);
	}
}
