/* Lines of unit files: sections, comments, lines that go on, and where each byte of a value stands. */
#include "unit_reading.h"

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

static void expect_place(const struct unit_assignment *assignment, const char *part, unsigned line, unsigned column)
{
	const char *found = strstr(assignment->value, part);
	struct origin at;

	cr_assert(found, "%s in %s", part, assignment->value);
	at = unit_place(assignment, (size_t)(found - assignment->value));
	cr_expect_str_eq(at.file, "t");
	cr_expect(at.line == line && at.column == column, "%s stands at %u:%u", part, at.line, at.column);
}

Test(unit_text, takes_keys_in_the_order_of_their_lines)
{
	const struct unit *unit = service("[Unit]\nDescription=one\n[Service]\nExecStart=/bin/a\n[Unit]\nAfter=x\n");

	cr_assert_eq(unit->count, 3);
	cr_expect_str_eq(unit->list[0].section, "Unit");
	cr_expect_str_eq(unit->list[0].key, "Description");
	cr_expect_str_eq(unit->list[1].section, "Service");
	cr_expect_str_eq(unit->list[1].value, "/bin/a");
	cr_expect_str_eq(unit->list[2].key, "After");
	cr_expect_eq(unit->list[2].at.line, 6);
	cr_expect_eq(unit->files, 1);
}

Test(unit_text, takes_blanks_around_key_and_value_away)
{
	expect_value("[Service]\n \t Group \t=\t greylist \t\n", "greylist");
	expect_value("[Service]\nGroup = a  b ", "a  b");
	expect_value("[Service]\nGroup=", "");
	expect_value("[Service]\nGroup= \t", "");
	expect_value("  [Service]  \nGroup=x", "x");
}

Test(unit_text, needs_no_newline_at_the_end)
{
	expect_value("[Service]\nUser=redoctober", "redoctober");
}

Test(unit_text, takes_lines_that_end_in_carriage_returns)
{
	expect_value("[Service]\r\nExecStart=/bin/echo a \\\r\n\tb\r\n", "/bin/echo a  \tb");
}

Test(unit_text, splits_a_line_at_its_first_sign)
{
	expect_value("[Service]\nEnvironment=A=b=c", "A=b=c");
}

Test(unit_text, passes_comments_over)
{
	expect_value("# a\n; b\n[Service]\n  # c\n  ; User=x\nUser=y # d\n", "y # d");
}

Test(unit_text, makes_a_blank_of_a_backslash_at_the_end_of_a_line)
{
	expect_value("[Service]\nExecStart=/bin/echo a\\\nb", "/bin/echo a b");
	expect_value("[Service]\nExecStart=/bin/echo a \\\n   b \\\n\\\n c", "/bin/echo a     b    c");
	expect_value("[Service]\nExecStart=/bin/echo \"d \\\n  e\"", "/bin/echo \"d    e\"");
	expect_value("[Service]\nExecStart\\\n=\\\n/bin/a", "/bin/a");
}

Test(unit_text, passes_comments_over_between_lines_that_go_on)
{
	expect_value("[Service]\nExecStart=/bin/echo a \\\n# no\n  ; nor this \\\n b\n", "/bin/echo a   b");
	expect_value("[Service]\nExecStart=/bin/echo a \\\n# no", "/bin/echo a");
}

Test(unit_text, ends_a_line_that_goes_on_with_an_empty_one_or_the_file)
{
	const struct unit *unit = service("[Service]\nExecStart=/bin/echo a \\\n\nUser=x\nGroup=y\\");

	cr_assert_eq(unit->count, 3);
	cr_expect_str_eq(unit->list[0].value, "/bin/echo a");
	cr_expect_str_eq(unit->list[1].value, "x");
	cr_expect_str_eq(unit->list[2].value, "y");
	cr_expect_str_eq(said(), "");
}

Test(unit_text, does_not_go_on_behind_an_escaped_backslash)
{
	const struct unit *unit = service("[Service]\nExecStart=/bin/echo f\\\\\nUser=x\nGroup=a\\\\\\\nb");

	cr_assert_eq(unit->count, 3);
	cr_expect_str_eq(unit->list[0].value, "/bin/echo f\\\\");
	cr_expect_str_eq(unit->list[2].value, "a\\\\ b");
}

Test(unit_text, does_not_go_on_behind_a_backslash_and_a_blank)
{
	cr_expect_eq(service("[Service]\nExecStart=/bin/echo \\ \nUser=x\n")->count, 2);
}

Test(unit_text, warns_of_junk_and_passes_it_over)
{
	const struct unit *unit = service("User=early\n[Service]\njunk line\n=value\n-l imap:///..?out=x\nUser=a\n");

	cr_expect_str_eq(only(unit)->value, "a");
	cr_expect_eq(diags.errors, 0);
	cr_expect_eq(diags.warnings, 4);
	cr_expect(strstr(said(), "t:1:1: warning: a setting before the first section is ignored"), "%s",
		  said());
	cr_expect(strstr(said(), "t:3:1: warning: there is no = in it: this line is passed over"), "%s", said());
	cr_expect(strstr(said(), "t:4:1: warning: there is no key before the ="), "%s", said());
	cr_expect(strstr(said(), "t:5:1: warning: the text before the = is not a key"), "%s", said());
	cr_expect(strstr(said(), "ends in a backslash"), "%s", said());
}

Test(unit_text, refuses_a_header_without_its_end_and_all_up_to_the_next)
{
	const struct unit *unit = service("[Service\nUser=a\njunk\n[Service]\nGroup=b\n");

	cr_expect_str_eq(only(unit)->key, "Group");
	cr_expect_eq(diags.errors, 1);
	cr_expect_eq(diags.warnings, 0, "%s", said());
	cr_expect(strstr(said(), "t:1:1: error: the header of a section ends in ]"), "%s", said());
}

Test(unit_text, keeps_keys_of_every_section)
{
	const struct unit *unit = service("[X-Mine]\nX-Foo=1\n[Foo]\nBar=2\n");

	cr_assert_eq(unit->count, 2);
	cr_expect_str_eq(unit->list[0].section, "X-Mine");
	cr_expect_str_eq(unit->list[1].section, "Foo");
	cr_expect_str_eq(said(), "");
}

Test(unit_text, knows_where_each_byte_of_a_value_stands)
{
	const struct unit_assignment *assignment =
		only(service("[Service]\nExecStart = /bin/echo one \\\n# comment\n   two \\\r\n\tthree\n"));

	cr_expect_eq(assignment->piece_count, 3);
	cr_expect_eq(assignment->at.line, 2);
	cr_expect_eq(assignment->at.column, 1);
	expect_place(assignment, "/bin", 2, 13);
	expect_place(assignment, "one", 2, 23);
	expect_place(assignment, "two", 4, 4);
	expect_place(assignment, "wo", 4, 5);
	expect_place(assignment, "three", 5, 2);
}

Test(unit_text, knows_where_a_value_stands_that_begins_in_a_further_line)
{
	const struct unit_assignment *assignment = only(service("[Service]\nExecStart=\\\n  \\\n  /bin/a\n"));

	cr_expect_str_eq(assignment->value, "/bin/a");
	cr_expect_eq(assignment->piece_count, 1);
	expect_place(assignment, "/bin/a", 4, 3);
	expect_place(assignment, "a", 4, 8);
}

Test(unit_text, places_an_empty_value_at_its_key)
{
	const struct unit_assignment *assignment = only(service("[Service]\n  User=\n"));

	cr_expect_eq(assignment->piece_count, 0);
	cr_expect_eq(unit_place(assignment, 0).line, 2);
	cr_expect_eq(unit_place(assignment, 0).column, 3);
}

Test(unit_text, gives_the_last_assignment_of_a_key_unless_it_is_a_reset)
{
	const struct unit *unit = service("[Service]\nUser=a\nUser=b\nGroup=c\nGroup=\n[Unit]\nUser=d\n");

	cr_expect_str_eq(unit_last(unit, "Service", "User")->value, "b");
	cr_expect_null(unit_last(unit, "Service", "Group"));
	cr_expect_null(unit_last(unit, "Service", "user"));
	cr_expect_null(unit_last(unit, "Socket", "User"));
}

Test(unit_text, bounds_a_setting_over_all_its_lines)
{
	size_t length = 12, rows = 40, row = 50000;
	char *text = calloc(length + rows * (row + 2) + 20, 1);

	cr_assert_not_null(text);
	strcpy(text, "[Service]\nA=");
	for (size_t n = 0; n < rows; n++, length += row + 2) {
		memset(text + length, 'x', row);
		memcpy(text + length + row, "\\\n", 2);
	}
	strcpy(text + length, "x\nUser=b\n");
	cr_expect_str_eq(only(service(text))->key, "User");
	cr_expect_eq(diags.errors, 1);
	cr_expect(strstr(said(), "this setting is longer than 1.0M"), "%s", said());
	free(text);
}

Test(unit_text, bounds_the_settings_of_a_unit)
{
	size_t count = 100001;
	char *text = malloc(11 + 3 * count);
	struct source_file source;

	cr_assert_not_null(text);
	strcpy(text, "[Service]\n");
	for (size_t n = 0; n < count; n++)
		memcpy(text + 10 + 3 * n, "a=\n", 3);
	cr_assert(source_from_text(&source, "t", text, 10 + 3 * count, reading.table->pool, &diags));
	cr_expect_null(unit_from_source(&reading, "a.service", &source));
	cr_expect(strstr(said(), "t:100002:1: error: more than 100000 settings in one unit"), "%s", said());
	source_free(&source);
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
