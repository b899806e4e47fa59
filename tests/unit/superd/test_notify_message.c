/* Notifications, taken apart: what each key means, what is passed over, and what can't get through. */
#include "superd/main.h"
#include "tests/unit/unit.h"

/* In memory of its own, so that a read behind the text is seen. */
static struct notify_message parse_bytes(const char *bytes, size_t length, bool good)
{
	static char *copy;
	struct notify_message message;

	free(copy);
	copy = malloc(length ? length : 1);
	cr_assert(copy);
	memcpy(copy, bytes, length);
	cr_assert_eq(notify_message_parse(copy, length, &message), good, "%.*s", (int)length, bytes);
	return message;
}

static struct notify_message parse(const char *text)
{
	return parse_bytes(text, strlen(text), true);
}

static void expect_text(struct note_text text, const char *expected)
{
	cr_assert(text.at, "not said: %s", expected);
	cr_expect(text.length == strlen(expected) && !memcmp(text.at, expected, text.length), "%.*s", (int)text.length,
		  text.at);
}

static void expect_wrong(const char *line)
{
	expect_text(parse(line).wrong, line);
	expect_text(parse_bytes(line, strlen(line), true).wrong, line);
}

Test(notify_message, an_empty_one_says_nothing)
{
	struct notify_message message = parse("");

	cr_expect(!message.flags && !message.wrong.at);
	cr_expect_eq(message.main_pid, NOTE_UNSET);
	cr_expect_eq(message.extend, NOTE_UNSET);
}

Test(notify_message, flags_are_set_by_1_alone)
{
	struct notify_message message =
		parse("READY=1\nRELOADING=1\nSTOPPING=1\nWATCHDOG=1\nFDSTORE=1\n"
		      "FDSTOREREMOVE=1");

	cr_expect_eq(message.flags, NOTE_READY | NOTE_RELOADING | NOTE_STOPPING | NOTE_WATCHDOG | NOTE_STORE |
				    NOTE_REMOVE);
	cr_expect_not(message.wrong.at);
	expect_wrong("READY=0");
	expect_wrong("READY=");
	expect_wrong("READY=11");
	expect_wrong("STOPPING=yes");
}

Test(notify_message, the_last_line_needs_no_newline_and_empty_lines_are_nothing)
{
	struct notify_message message = parse("\n\nREADY=1\n\nSTATUS=a b");

	cr_expect(message.flags & NOTE_READY);
	expect_text(message.status, "a b");
}

Test(notify_message, of_a_key_said_twice_the_last_counts)
{
	expect_text(parse("STATUS=a\nSTATUS=b").status, "b");
	cr_expect_eq(parse("MAINPID=5\nMAINPID=6").main_pid, 6);
}

Test(notify_message, unknown_keys_and_lines_without_a_value_are_passed_over)
{
	struct notify_message message = parse("X_OWN=1\nREADY\nready=1\n READY=1\n=1\nEXIT_STATUS=3");

	cr_expect(!(message.flags & NOTE_READY) && !message.wrong.at);
}

Test(notify_message, an_empty_status_is_one)
{
	expect_text(parse("STATUS=").status, "");
}

Test(notify_message, numbers_are_digits_within_bounds)
{
	cr_expect_eq(parse("WATCHDOG_USEC=0").watchdog_every, 0);
	cr_expect_eq(parse("EXTEND_TIMEOUT_USEC=9223372036854775806").extend, INT64_MAX - 1);
	cr_expect_eq(parse("MAINPID=2147483647").main_pid, INT32_MAX);
	expect_wrong("MAINPID=2147483648");
	expect_wrong("EXTEND_TIMEOUT_USEC=9223372036854775807");
	expect_wrong("WATCHDOG_USEC=18446744073709551616");
	expect_wrong("MAINPID= 1");
	expect_wrong("MAINPID=0x10");
	expect_wrong("MAINPID=");
}

Test(notify_message, a_bad_value_takes_nothing_else_with_it)
{
	struct notify_message message = parse("MAINPID=x\nREADY=1\nWATCHDOG=y");

	cr_expect(message.flags & NOTE_READY);
	cr_expect_eq(message.main_pid, NOTE_UNSET);
	expect_text(message.wrong, "MAINPID=x");
}

Test(notify_message, the_watchdog_is_fed_or_triggered)
{
	cr_expect(parse("WATCHDOG=1").flags & NOTE_WATCHDOG);
	cr_expect(parse("WATCHDOG=trigger").flags & NOTE_TRIGGER);
	cr_expect_not(parse("WATCHDOG=trigger").flags & NOTE_WATCHDOG);
	expect_wrong("WATCHDOG=0");
}

Test(notify_message, names_of_descriptors_fit_between_colons)
{
	char longest[8 + 255 + 1] = "FDNAME=", too_long[8 + 256 + 1] = "FDNAME=";

	memset(longest + 7, 'a', 255);
	memset(too_long + 7, 'a', 256);
	expect_text(parse("FDNAME=a state").name, "a state");
	expect_text(parse("FDNAME=").name, "");
	cr_expect_eq(parse(longest).name.length, 255);
	expect_wrong("FDNAME=a:b");
	expect_wrong("FDNAME=a\tb");
	expect_wrong("FDNAME=\303\244");
	cr_expect_not(parse(too_long).name.at);
}

Test(notify_message, descriptors_are_polled_unless_it_says_no)
{
	cr_expect(parse("FDPOLL=0").flags & NOTE_UNPOLLED);
	cr_expect_not(parse("FDPOLL=1").flags & NOTE_UNPOLLED);
	expect_wrong("FDPOLL=no");
}

Test(notify_message, a_barrier_stands_alone)
{
	cr_expect(parse("BARRIER=1").flags & NOTE_BARRIER);
	cr_expect(parse("BARRIER=1\n").flags & NOTE_BARRIER);
	parse_bytes("BARRIER=1\nREADY=1", 17, false);
	parse_bytes("X=1\nBARRIER=1", 13, false);
}

Test(notify_message, bytes_of_any_kind_are_a_status)
{
	struct notify_message message = parse_bytes("STATUS=\377\001\177", 10, true);

	cr_expect_eq(message.status.length, 3);
}
