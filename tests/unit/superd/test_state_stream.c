/* State streams: what is written is read back. */
#include "superd/main.h"
#include "tests/unit/unit.h"

static struct state_stream stream;

static bool parse(const char *text)
{
	state_stream_free(&stream);
	return state_stream_parse(&stream, strdup(text));
}

static void forget(void)
{
	state_stream_free(&stream);
}

TestSuite(stream, .fini = forget);

Test(stream, gives_back_what_was_written)
{
	const char *strange = "a\\n b\nc\\\x01 \xff=[x]";
	unsigned char *bytes;
	size_t length;
	struct buf out = { 0 };

	state_open_section(&out, "service");
	state_add(&out, "name", strange);
	state_add_number(&out, "pid", -12345678901);
	state_add_bytes(&out, "source", "\x00\x7f\xff", 3);
	state_add(&out, "empty", "");
	state_open_section(&out, "nothing");
	cr_assert(parse(buf_string(&out)));
	cr_assert_eq(stream.count, 2);
	cr_assert_str_eq(stream.sections[1].kind, "nothing");
	cr_assert_eq(stream.sections[1].count, 0);
	cr_assert_str_eq(state_text(&stream.sections[0], "name"), strange);
	cr_assert_str_eq(state_text(&stream.sections[0], "empty"), "");
	cr_assert_null(state_text(&stream.sections[0], "else"));
	cr_assert_eq(state_number(&stream.sections[0], "pid", INT64_MIN, INT64_MAX, 0), -12345678901);
	bytes = state_take_bytes(&stream.sections[0], "source", 3, &length);
	cr_assert_eq(length, 3);
	cr_assert_arr_eq(bytes, "\x00\x7f\xff", 3);
	free(bytes);
	buf_free(&out);
}

Test(stream, is_none_without_a_section)
{
	cr_expect_not(parse(""));
	cr_expect_not(parse("a=b\n"));
	cr_expect(parse("a=b\n[a]\nword\nb=c\nd"));
	cr_assert_eq(stream.entry_count, 1);
	cr_expect_str_eq(state_text(&stream.sections[0], "b"), "c");
}

Test(stream, gives_the_fallback_for_a_value_out_of_bounds)
{
	size_t length;

	cr_assert(parse("[a]\nbig=70000\nword=x\nhex=0g\nodd=abc\n"));
	cr_assert_eq(state_number(&stream.sections[0], "missing", 0, 65535, 7), 7);
	cr_assert_eq(state_number(&stream.sections[0], "big", 0, 65535, 7), 7);
	cr_assert_eq(state_number(&stream.sections[0], "word", 0, 65535, 8), 8);
	cr_assert_null(state_take_bytes(&stream.sections[0], "hex", 10, &length));
	cr_assert_null(state_take_bytes(&stream.sections[0], "odd", 10, &length));
}
