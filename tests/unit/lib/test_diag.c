/* Diagnostics: their form, their bounds, and that they can't attack a terminal. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

static char *print(const struct diags *diags)
{
	size_t length;
	char *text = NULL;
	FILE *out = open_memstream(&text, &length);

	cr_assert_not_null(out);
	diags_print(diags, out);
	fclose(out);
	return text;
}

static void expect_print(const struct diags *diags, const char *expected)
{
	char *text = print(diags);

	cr_expect_str_eq(text, expected);
	free(text);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

Test(diag, prints_place_severity_message_and_hint)
{
	struct diags diags = { 0 };

	diag_error(&diags, ((struct origin){ "a.conf", 3, 7 }), "lisen: unknown option");
	diags_hint(&diags, "did you mean %s", "listen");
	diag_warning(&diags, ((struct origin){ "b.conf", 4, 0 }), "runs as root");
	diag_note(&diags, ((struct origin){ "c.conf", 0, 0 }), "empty");
	diag_error(&diags, ((struct origin){ NULL, 5, 6 }), "no table");
	cr_assert_eq(diags.errors, 2);
	cr_assert_eq(diags.warnings, 1);
	expect_print(&diags,
		     "a.conf:3:7: error: lisen: unknown option\n"
		     "a.conf:3:7: hint: did you mean listen\n"
		     "b.conf:4: warning: runs as root\n"
		     "c.conf: note: empty\n"
		     "superd: error: no table\n");
	diags_free(&diags);
	cr_assert_eq(diags.count, 0);
}

Test(diag, sorts_by_lines_and_keeps_further_places_behind)
{
	struct diags diags = { 0 };

	diag_error(&diags, ((struct origin){ "b.conf", 9, 1 }), "nine");
	diag_error(&diags, ((struct origin){ "a.conf", 5, 1 }), "five");
	diag_note(&diags, ((struct origin){ "b.conf", 1, 1 }), "because of this");
	diags_tie(&diags);
	diag_warning(&diags, ((struct origin){ "b.conf", 2, 8 }), "two");
	diags_hint(&diags, "or one");
	diag_warning(&diags, ((struct origin){ "b.conf", 2, 3 }), "two again");
	diag_warning(&diags, ((struct origin){ "a.conf", 0, 0 }), "the file");
	diags_sort(&diags);
	expect_print(&diags,
		     "b.conf:2:8: warning: two\n"
		     "b.conf:2:8: hint: or one\n"
		     "b.conf:2:3: warning: two again\n"
		     "b.conf:9:1: error: nine\n"
		     "a.conf: warning: the file\n"
		     "a.conf:5:1: error: five\n"
		     "b.conf:1:1: note: because of this\n");
	diags_free(&diags);
}

Test(diag, copies_the_name_of_the_file)
{
	struct diags diags = { 0 };
	char file[] = "one.conf";

	diag_error(&diags, ((struct origin){ file, 1, 1 }), "wrong");
	file[0] = 'x';
	expect_print(&diags, "one.conf:1:1: error: wrong\n");
	diags_free(&diags);
}

Test(diag, keeps_the_last_hint)
{
	struct diags diags = { 0 };

	diags_hint(&diags, "to nobody");
	diag_error(&diags, ((struct origin){ "a", 1, 1 }), "wrong");
	diags_hint(&diags, "first");
	diags_hint(&diags, "second");
	expect_print(&diags, "a:1:1: error: wrong\na:1:1: hint: second\n");
	diags_free(&diags);
}

Test(diag, escapes_what_a_terminal_would_obey)
{
	struct diags diags = { 0 };

	diag_error(&diags, ((struct origin){ "a\n.conf", 1, 1 }), "\x1b]0;owned\x07 %s", "\xc3\xa9");
	diags_hint(&diags, "\x9b");
	expect_print(&diags,
		     "a\\x0a.conf:1:1: error: \\x1b]0;owned\\x07 \xc3\xa9\n"
		     "a\\x0a.conf:1:1: hint: \\x9b\n");
	diags_free(&diags);
}

Test(diag, bounds_errors_and_says_how_many_more)
{
	struct diags diags = { 0 };
	char *text;

	for (unsigned i = 1; i <= DIAGS_ERRORS + 50; i++)
		diag_error(&diags, ((struct origin){ "a", i, 1 }), "wrong %u", i);
	diags_hint(&diags, "for one that was dropped");
	diag_warning(&diags, ((struct origin){ "a", 1, 1 }), "still said");
	diags_bound(&diags);
	cr_assert_eq(diags.errors, DIAGS_ERRORS + 50);
	cr_assert_eq(diags.dropped_errors, 50);
	cr_assert_eq(diags.count, DIAGS_ERRORS + 1);
	text = print(&diags);
	cr_assert_eq(count_lines(text), DIAGS_ERRORS + 2);
	cr_assert_not_null(strstr(text, ": wrong 200\n"));
	cr_assert_null(strstr(text, ": wrong 201\n"));
	cr_assert_null(strstr(text, "hint"));
	cr_assert_not_null(strstr(text, "still said\nsuperd: \xe2\x80\xa6 and 50 more\n"));
	free(text);
	diags_free(&diags);
}

Test(diag, bounds_warnings_and_still_takes_errors)
{
	struct diags diags = { 0 };

	for (unsigned i = 0; i < DIAGS_MOST + 10; i++)
		diag_warning(&diags, ((struct origin){ "a", i, 1 }), "odd");
	diag_error(&diags, ((struct origin){ "a", 1, 1 }), "wrong");
	cr_assert_eq(diags.warnings, DIAGS_MOST + 10);
	cr_assert_eq(diags.dropped_others, 10);
	cr_assert_eq(diags.dropped_errors, 0);
	cr_assert_eq(diags.count, DIAGS_MOST + 1);
	cr_assert_str_eq(diags.list[DIAGS_MOST].message, "wrong");
	diags_free(&diags);
}

Test(diag, cuts_a_message_that_quotes_a_huge_word)
{
	char *word = calloc(1, 100001);
	struct diags diags = { 0 };
	const char *message;

	cr_assert_not_null(word);
	memset(word, 'x', 100000);
	diag_error(&diags, ((struct origin){ "a", 1, 1 }), "%s: wrong", word);
	message = diags.list[0].message;
	cr_assert_eq(strlen(message), DIAGS_MESSAGE + 3);
	cr_assert_str_eq(message + DIAGS_MESSAGE, "\xe2\x80\xa6");
	diags_free(&diags);
	free(word);
}

/* Who looks through the list sees each error, whoever reads it only the first. */
Test(diag, drops_none_before_the_end_where_all_are_to_be_seen)
{
	struct diags diags = { 0 };

	for (unsigned i = 1; i <= DIAGS_ERRORS + 50; i++)
		diag_error(&diags, ((struct origin){ "a", i, 1 }), "wrong %u", i);
	diag_note(&diags, ((struct origin){ "b", 1, 1 }), "a further place");
	diags_tie(&diags);
	diag_warning(&diags, ((struct origin){ "a", 999, 1 }), "still said");
	cr_assert_eq(diags.count, DIAGS_ERRORS + 52);
	for (size_t n = 0; n < 20; n++)
		diags_pass_over(&diags, &diags.list[n]);
	cr_expect_eq(diags.errors, DIAGS_ERRORS + 30);
	cr_expect_eq(diags.warnings, 21);
	diags_bound(&diags);
	cr_expect_eq(diags.count, DIAGS_ERRORS + 1);
	cr_expect_eq(diags.errors, DIAGS_ERRORS + 30, "what is no longer listed is wrong all the same");
	cr_expect_eq(diags.dropped_errors, 50);
	cr_expect_eq(diags.dropped_others, 1, "the further place of one that is dropped goes with it");
	cr_expect_str_eq(diags.list[DIAGS_ERRORS].message, "still said");
	diags_free(&diags);
}

static bool is_odd_line(const struct diag *before, const struct diag *diag)
{
	(void)before;
	return diag->line % 2;
}

Test(diag, keeps_those_that_are_wanted_and_what_is_known_of_those_that_it_lacks)
{
	struct diags diags = { .errors = 3, .dropped_errors = 1, .dropped_others = 4, .lost = 2 };

	diag_error(&diags, ((struct origin){ "a", 1, 1 }), "wrong");
	diag_warning(&diags, ((struct origin){ "a", 2, 1 }), "odd");
	diag_warning(&diags, ((struct origin){ "a", 3, 1 }), "strange");
	diag_error(&diags, ((struct origin){ "a", 4, 1 }), "bad");
	diags_drop(&diags, is_odd_line);
	cr_expect_eq(diags.errors, 4);
	cr_expect_eq(diags.warnings, 1);
	cr_expect_eq(diags.count, 2);
	cr_expect_str_eq(diags.list[0].message, "odd");
	cr_expect_str_eq(diags.list[1].message, "bad");
	cr_expect(diags.lost == 2 && diags.dropped_errors == 1 && diags.dropped_others == 4);
	diags_free(&diags);
}

static bool repeats(const struct diag *before, const struct diag *diag)
{
	return before && !strcmp(before->message, diag->message);
}

Test(diag, tells_which_is_the_last_that_stays)
{
	struct diags diags = { 0 };

	for (unsigned line = 1; line <= 6; line++)
		diag_error(&diags, ((struct origin){ "a", line, 1 }), "%s", line == 4 ? "other" : "same");
	diags_drop(&diags, repeats);
	expect_print(&diags, "a:1:1: error: same\na:4:1: error: other\na:5:1: error: same\n");
	diags_free(&diags);
}
