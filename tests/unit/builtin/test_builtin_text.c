/* What the small services say, and the lines that clients say to them. */
#include "builtin/builtin.h"
#include "tests/unit/unit.h"

Test(builtin_text, a_turn_of_chargen_is_95_lines_that_shift)
{
	char turn[CHARGEN_TURN];

	cr_expect_eq(chargen_fill(turn, false), sizeof(turn));
	cr_expect_eq(memcmp(turn, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r\n", 74),
		     0);
	cr_expect_eq(memcmp(turn + 74, "!\"#$", 4), 0);
	cr_expect_eq(memcmp(turn + CHARGEN_TURN - 74, "~ !\"", 4), 0, "the last line begins with the last character");
	for (size_t n = 0; n < sizeof(turn); n++) {
		char expected = n % 74 == 72 ? '\r' : n % 74 == 73 ? '\n' : (char)(' ' + (n / 74 + n % 74) % 95);

		cr_assert_eq(turn[n], expected, "at %zu", n);
	}
}

/* As xinetd 2.3.15 sends it. */
Test(builtin_text, chargen_of_xinetd_has_neither_blank_nor_tilde)
{
	char turn[CHARGEN_TURN];

	cr_expect_eq(chargen_fill(turn, true), 93 * 74);
	cr_expect_eq(memcmp(turn, "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh\r\n", 74),
		     0);
	cr_expect_eq(memcmp(turn + 22 * 74, "789:;<", 6), 0);
	cr_expect_eq(memcmp(turn + 22 * 74 + 68, "{|}!\r\n", 6), 0);
	cr_expect_eq(memcmp(turn + 92 * 74, "}!\"#$%", 6), 0);
}

Test(builtin_text, daytime_is_said_in_both_forms)
{
	char text[64];

	cr_assert_eq(setenv("TZ", "UTC", 1), 0);
	cr_expect_eq(daytime_text(1795154171, false, text, sizeof(text)), 26);
	cr_expect_str_eq(text, "Fri Nov 20 05:56:11 2026\r\n");
	cr_expect_eq(daytime_text(1795154171, true, text, sizeof(text)), 26);
	cr_expect_str_eq(text, "20 NOV 2026 05:56:11 UTC\r\n");
	daytime_text(1793520000, false, text, sizeof(text));
	cr_expect_str_eq(text, "Sun Nov  1 08:00:00 2026\r\n");
	daytime_text(1793520000, true, text, sizeof(text));
	cr_expect_str_eq(text, "01 NOV 2026 08:00:00 UTC\r\n");
}

/* RFC 868's own examples. */
Test(builtin_text, time_is_four_bytes_since_1900)
{
	static const struct {
		time_t now;
		unsigned char bytes[4];
	} moments[] = {
		{ 0, { 0x83, 0xaa, 0x7e, 0x80 } },      /* 2,208,988,800 */
		{ 420595200, { 0x9c, 0xbc, 0x44, 0x80 } },      /* 2,629,584,000: 1 May 1983 */
		{ 2085978495, { 0xff, 0xff, 0xff, 0xff } },
		{ 2085978496, { 0, 0, 0, 0 } }, /* 2036: it begins anew */
	};
	unsigned char bytes[4];

	for (size_t n = 0; n < sizeof(moments) / sizeof(moments[0]); n++) {
		time_bytes(moments[n].now, bytes);
		cr_expect_eq(memcmp(bytes, moments[n].bytes, 4), 0, "moment %zu", n);
	}
}

/* A connection whose other end has said this; more of it may follow. */
static int connection_with(const char *said, size_t length, int *other)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(write(ends[1], said, length), (ssize_t)length);
	*other = ends[1];
	return ends[0];
}

/* Reads a name and compares it, and what is left behind it. */
static void expect_name(const char *said, size_t length, const char *name, const char *rest)
{
	char left[1024] = "";
	struct buf got = { 0 };
	int other, connection = connection_with(said, length, &other);
	enum request_state state;

	shutdown(other, SHUT_WR);
	state = tcpmux_read(connection, &got);
	cr_expect_eq(state, name ? REQUEST_COMPLETE : REQUEST_INVALID, "'%s'", said);
	if (name && state == REQUEST_COMPLETE) {
		cr_expect_str_eq(buf_string(&got), name);
		cr_expect_geq(read(connection, left, sizeof(left) - 1), 0);
		cr_expect_str_eq(left, rest);
	}
	buf_free(&got);
	close(connection);
	close(other);
}

#define EXPECT_NAME(said, name, rest) expect_name(said, sizeof(said) - 1, name, rest)

Test(builtin_text, a_mux_name_ends_with_its_line_and_takes_nothing_more)
{
	EXPECT_NAME("finger\r\n", "finger", "");
	EXPECT_NAME("finger\n", "finger", "");
	EXPECT_NAME("finger\r\nroot\r\n", "finger", "root\r\n");
	EXPECT_NAME("finger\nroot\n", "finger", "root\n");
	EXPECT_NAME("finger\n\nroot", "finger", "\nroot");
}

Test(builtin_text, what_is_no_mux_name_is_refused)
{
	char long_name[300];

	EXPECT_NAME("", NULL, NULL);
	EXPECT_NAME("finger", NULL, NULL);
	EXPECT_NAME("finger\0", NULL, NULL);
	EXPECT_NAME("finger\r", NULL, NULL);
	EXPECT_NAME("finger\rroot\r\n", NULL, NULL);
	EXPECT_NAME("\r\n", NULL, NULL);
	EXPECT_NAME("two words\r\n", NULL, NULL);
	EXPECT_NAME("a\033[2J\r\n", NULL, NULL);
	memset(long_name, 'x', sizeof(long_name));
	memcpy(long_name + 257, "\r\n", 2);
	expect_name(long_name, 259, NULL, NULL);
	expect_name(long_name, 256, NULL, NULL);
	memcpy(long_name + 200, "\r\n", 3);
	long_name[200] = '\0';
	{
		char said[204];

		memcpy(said, long_name, 200);
		memcpy(said + 200, "\r\nR", 3);
		expect_name(said, 203, long_name, "R");
	}
}

Test(builtin_text, a_mux_name_may_come_in_pieces)
{
	struct buf name = { 0 };
	int other, connection = connection_with("fin", 3, &other);

	cr_expect_eq(tcpmux_read(connection, &name), REQUEST_PARTIAL);
	cr_assert_eq(write(other, "ger\r", 4), 4);
	cr_expect_eq(tcpmux_read(connection, &name), REQUEST_PARTIAL, "its LF follows");
	cr_assert_eq(write(other, "\n", 1), 1);
	cr_expect_eq(tcpmux_read(connection, &name), REQUEST_COMPLETE);
	cr_expect_str_eq(buf_string(&name), "finger");
	buf_free(&name);
	close(connection);
	close(other);
}
