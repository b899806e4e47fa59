/* What a client of `run` sends, taken apart. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "superd/control/run_message.h"

static struct run_message message;

static const char *read_line(const char *line)
{
	buf_free(&message.input);
	message = (struct run_message){ 0 };
	return run_message_read(&message, line);
}

static void end(void)
{
	buf_free(&message.input);
}

TestSuite(run_message, .fini = end);

Test(run_message, has_input_of_any_bytes)
{
	cr_assert_null(read_line("input AP8K"));
	cr_expect_eq(message.kind, RUN_INPUT);
	cr_assert_eq(message.input.length, 3);
	cr_expect_eq(memcmp(message.input.data, "\0\xff\n", 3), 0);
	cr_assert_null(read_line("input"));
	cr_expect_eq(message.input.length, 0);
}

Test(run_message, is_the_end_a_size_or_a_signal)
{
	cr_assert_null(read_line("end"));
	cr_expect_eq(message.kind, RUN_END);
	cr_assert_null(read_line("size 24x80"));
	cr_expect(message.kind == RUN_SIZE && message.size.rows == 24 && message.size.columns == 80);
	cr_assert_null(read_line("size 0x0"));
	cr_assert_null(read_line("size 9999x9999"));
	cr_assert_null(read_line("signal INT"));
	cr_expect(message.kind == RUN_SIGNAL && message.signal == SIGINT);
}

Test(run_message, says_what_is_wrong)
{
	static const struct { const char *line, *why; } cases[] = {
		{ "", "expected input, end, size or signal" },
		{ "stop web", "expected input, end, size or signal" },
		{ "inputs", "expected input, end, size or signal" },
		{ "input A", "no base64" },
		{ "input AP8", "no base64" },
		{ "input A\"8K", "no base64" },
		{ "end now", "end stands alone" },
		{ "size 24", "expected ROWSxCOLUMNS" },
		{ "size 24x", "expected ROWSxCOLUMNS" },
		{ "size x80", "expected ROWSxCOLUMNS" },
		{ "size 24x80 ", "expected ROWSxCOLUMNS" },
		{ "size -1x80", "expected ROWSxCOLUMNS" },
		{ "size 10000x80", "expected ROWSxCOLUMNS" },
		{ "size 18446744073709551640x80", "expected ROWSxCOLUMNS" },
		{ "signal", "" },
		{ "signal FROB", "" },
		{ "signal KILL", "expected INT, QUIT, TERM or HUP" },
		{ "signal STOP", "expected INT, QUIT, TERM or HUP" },
		{ "signal 0", "" },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		const char *refusal = read_line(cases[n].line);

		cr_assert_not_null(refusal, "%s", cases[n].line);
		cr_expect_not_null(strstr(refusal, cases[n].why), "%s: %s", cases[n].line, refusal);
	}
}
