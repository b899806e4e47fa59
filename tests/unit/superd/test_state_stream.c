/* State streams: what is written is read back, and other texts are refused with the line that is wrong. */
#include "superd/main.h"
#include "tests/unit/unit.h"

static struct state_stream stream;
static struct buf why;

static const char *parse(const char *text)
{
	state_stream_free(&stream);
	buf_clear(&why);
	return state_stream_parse(&stream, strdup(text), strlen(text), &why);
}

static void forget(void)
{
	state_stream_free(&stream);
	buf_free(&why);
}

TestSuite(stream, .fini = forget);

Test(stream, gives_back_what_was_written)
{
	const char *strange = "a\\n b\nc\\\x01 \xff=[x]";
	unsigned char *bytes;
	size_t length;
	struct buf out = { 0 };

	state_stream_begin(&out);
	state_open_section(&out, "service");
	state_add(&out, "name", strange);
	state_add_number(&out, "pid", -12345678901);
	state_add_bytes(&out, "source", "\x00\x7f\xff", 3);
	state_add(&out, "empty", "");
	state_open_section(&out, "nothing");
	state_stream_end(&out);
	cr_assert_null(parse(buf_string(&out)), "%s", buf_string(&why));
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

Test(stream, refuses_what_is_none)
{
	static const char *const wrong[][2] = {
		{ "", "it is no ledger" },
		{ "superd ledger\n.\n", "it is no ledger" },
		{ "superd ledger x\n.\n", "it is no ledger" },
		{ "superd ledger 2\n.\n", "it is of format 2, and this superd reads format 4" },
		{ "superd ledger 5\n.\n", "it is of format 5, and this superd reads format 4" },
		{ "superd ledger 4\n", "end is missing" },
		{ "superd ledger 4\n[a]\nb=c\n", "end is missing" },
		{ "superd ledger 4\n[a]\nb=c", "end is missing" },
		{ "superd ledger 4\n.\nx", "more after its end" },
		{ "superd ledger 4\na=b\n.\n", "line 2: it comes before the first [SECTION]" },
		{ "superd ledger 4\n[]\n.\n", "line 2: it is no [SECTION]" },
		{ "superd ledger 4\n[a\n.\n", "line 2: it is no [SECTION]" },
		{ "superd ledger 4\n[a]\nb\n.\n", "line 3: it is no KEY=VALUE" },
		{ "superd ledger 4\n[a]\n=b\n.\n", "line 3: it is no KEY=VALUE" },
		{ "superd ledger 4\n[a]\nA=b\n.\n", "line 3: it is no KEY=VALUE" },
		{ "superd ledger 4\n[a]\nb=\\x\n.\n", "must follow a backslash" },
		{ "superd ledger 4\n[a]\nb=\\\n.\n", "must follow a backslash" },
	};

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++) {
		const char *said = parse(wrong[n][0]);

		cr_assert_not_null(said, "taken: %s", wrong[n][0]);
		cr_assert_not_null(strstr(said, wrong[n][1]), "said of %s: %s", wrong[n][0], said);
	}
}

Test(stream, refuses_a_nul)
{
	static const char text[] = "superd ledger 4\n[a]\nb=\0c\n.\n";
	char *copy = malloc(sizeof(text));

	memcpy(copy, text, sizeof(text));
	cr_assert_not_null(state_stream_parse(&stream, copy, sizeof(text) - 1, &why));
}

Test(stream, gives_the_fallback_for_a_value_out_of_bounds)
{
	size_t length;

	cr_assert_null(parse("superd ledger 4\n[a]\nbig=70000\nword=x\nhex=0g\nodd=abc\n.\n"));
	cr_assert_eq(state_number(&stream.sections[0], "missing", 0, 65535, 7), 7);
	cr_assert_eq(state_number(&stream.sections[0], "big", 0, 65535, 7), 7);
	cr_assert_eq(state_number(&stream.sections[0], "word", 0, 65535, 8), 8);
	cr_assert_null(state_take_bytes(&stream.sections[0], "hex", 10, &length));
	cr_assert_null(state_take_bytes(&stream.sections[0], "odd", 10, &length));
}
