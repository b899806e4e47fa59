/* Growable text, and how text of strangers is made harmless. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

#define ELLIPSIS "\xe2\x80\xa6"

static void expect_visible(const char *in, size_t length, const char *out)
{
	struct buf buf = { 0 };

	buf_visible(&buf, in, length);
	cr_expect_str_eq(buf_string(&buf), out);
	buf_free(&buf);
}

static void expect_json(const char *in, size_t length, const char *out)
{
	struct buf buf = { 0 };

	json_quote(&buf, in, length);
	cr_expect_str_eq(buf_string(&buf), out);
	buf_free(&buf);
}

Test(buf, is_empty_text_when_zeroed)
{
	struct buf buf = { 0 };
	char *text;

	cr_assert_str_eq(buf_string(&buf), "");
	text = buf_take(&buf);
	cr_assert_not_null(text);
	cr_assert_str_eq(text, "");
	free(text);
}

Test(buf, writes_numbers_in_decimal)
{
	struct buf buf = { 0 };

	buf_number(&buf, 0);
	buf_char(&buf, ' ');
	buf_number(&buf, 4090);
	buf_char(&buf, ' ');
	buf_number(&buf, UINT64_MAX);
	cr_assert_str_eq(buf_string(&buf), "0 4090 18446744073709551615");
	buf_free(&buf);
}

Test(buf, grows_with_what_is_added)
{
	struct buf buf = { 0 };

	for (int i = 0; i < 1000; i++)
		buf_addf(&buf, "%03d,", i);
	cr_assert_eq(buf.length, 4000);
	cr_assert_eq(strlen(buf_string(&buf)), 4000);
	cr_assert_eq(memcmp(buf_string(&buf) + 3996, "999,", 5), 0);
	buf_text(&buf, "x");
	buf_char(&buf, 'y');
	buf_add(&buf, "z\0z", 3);
	cr_assert_eq(buf.length, 4005);
	cr_assert_eq(memcmp(buf.data + 4000, "xyz\0z", 6), 0);
	buf_free(&buf);
	cr_assert_null(buf.data);
}

Test(buf, hands_the_text_over_and_is_empty_then)
{
	struct buf buf = { 0 };
	char *text;

	buf_text(&buf, "mine");
	text = buf_take(&buf);
	cr_assert_str_eq(text, "mine");
	cr_assert_null(buf.data);
	cr_assert_eq(buf.length, 0);
	free(text);
}

Test(buf, does_nothing_after_a_failure_until_cleared)
{
	struct buf buf = { 0 };

	buf_text(&buf, "before");
	buf_add(&buf, "", SIZE_MAX - 10);
	cr_assert(buf.failed);
	buf_text(&buf, "after");
	cr_assert_str_eq(buf_string(&buf), "before");
	buf_clear(&buf);
	cr_assert(!buf.failed);
	buf_text(&buf, "again");
	cr_assert_str_eq(buf_string(&buf), "again");
	buf_add(&buf, "", SIZE_MAX - 10);
	cr_assert_null(buf_take(&buf));
	cr_assert_null(buf.data);
}

/* What has room is written at once; what has none for its last byte, or for the NUL behind it, only when there is. */
Test(buf, formats_around_the_end_of_its_room)
{
	for (size_t before = 0; before < 80; before++) {
		struct buf buf = { 0 };
		char expected[200];

		for (size_t n = 0; n < before; n++)
			buf_char(&buf, '.');
		buf_addf(&buf, "%s-%d", "0123456789", 42);
		memset(expected, '.', before);
		strcpy(expected + before, "0123456789-42");
		cr_assert_str_eq(buf_string(&buf), expected, "behind %zu bytes", before);
		cr_assert_eq(buf.length, before + 13);
		buf_free(&buf);
	}
}

Test(buf, keeps_errno_for_percent_m)
{
	struct buf buf = { 0 };

	errno = ENOENT;
	buf_addf(&buf, "%s: %m", "why");
	cr_assert_str_eq(buf_string(&buf), "why: No such file or directory");
	cr_assert_eq(errno, ENOENT);
	buf_free(&buf);
}

Test(buf, writes_what_a_terminal_would_obey_as_hexadecimal)
{
	expect_visible("plain\ttext", 10, "plain\ttext");
	expect_visible("\x1b[2J\r\n", 6, "\\x1b[2J\\x0d\\x0a");
	expect_visible("a\0b", 3, "a\\x00b");
	expect_visible("\x7f", 1, "\\x7f");
	expect_visible("caf\xc3\xa9 " ELLIPSIS " \xf0\x9f\x90\xa7", 14, "caf\xc3\xa9 " ELLIPSIS " \xf0\x9f\x90\xa7");
	expect_visible("\xc2\x9b"
		       "31m",
		       5, "\\xc2\\x9b31m");
	expect_visible("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
	expect_visible("\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6");
}

Test(buf, writes_bytes_that_are_no_utf8_as_hexadecimal)
{
	expect_visible("\xff", 1, "\\xff");
	expect_visible("\xc0\xaf", 2, "\\xc0\\xaf");
	expect_visible("\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf");
	expect_visible("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
	expect_visible("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80");
	expect_visible("\xe2\x80", 2, "\\xe2\\x80");
	expect_visible("\xc3(", 2, "\\xc3(");
}

Test(buf, writes_visible_text_unchanged_a_second_time)
{
	expect_visible("\\x1b[2J", 7, "\\x1b[2J");
}

Test(buf, writes_json_strings)
{
	expect_json("", 0, "\"\"");
	expect_json("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
	expect_json("\b\f\n\r\t\x01\x7f", 7, "\"\\b\\f\\n\\r\\t\\u0001\\u007f\"");
	expect_json("a\0b", 3, "\"a\\u0000b\"");
	expect_json("\xc3\xa9\xff", 3, "\"\xc3\xa9\xef\xbf\xbd\"");
	expect_json("\xc2\x9b\xe2\x80\xae", 5, "\"\\u009b\\u202e\"");
}

Test(buf, keeps_json_within_its_bound_and_whole)
{
	static const char text[] = "ab\"\n\x01\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7z";
	size_t length = sizeof(text) - 1;
	struct buf buf = { 0 };
	size_t whole;

	json_quote(&buf, text, length);
	whole = buf.length;
	for (size_t most = 8; most <= whole + 2; most++) {
		buf_clear(&buf);
		json_quote_within(&buf, text, length, most);
		cr_expect_leq(buf.length, most);
		cr_expect_eq(buf.data[0], '"');
		cr_expect_eq(buf.data[buf.length - 1], '"');
		if (most >= whole)
			cr_expect_eq(buf.length, whole);
		else
			cr_expect_eq(memcmp(buf.data + buf.length - 4, ELLIPSIS "\"", 4), 0, "at %zu", most);
		cr_expect_neq(buf.data[buf.length - 5], '\\', "an escape is torn at %zu", most);
	}
	buf_free(&buf);
}

Test(buf, cuts_between_characters)
{
	struct buf buf = { 0 };

	buf_text(&buf,
		 "a\xe2\x82\xac"
		 "b");
	cr_assert(!buf_cut(&buf, 5));
	cr_assert(buf_cut(&buf, 3));
	cr_assert_str_eq(buf_string(&buf), "a");
	cr_assert(buf_cut(&buf, 0));
	cr_assert_str_eq(buf_string(&buf), "");
	buf_free(&buf);
}
