/* Scalars from text: each claim with values on both sides of it. */
#include "lib/scan.h"
#include "tests/unit/unit.h"

#include <inttypes.h>

typedef const char *scanner(const char *text, int64_t *out);

static void gives(scanner *scan, const char *text, int64_t expected)
{
	int64_t value = -77;
	const char *wrong = scan(text, &value);

	cr_expect(wrong == NULL, "%s: %s", text, wrong);
	cr_expect(value == expected, "%s: %" PRId64 " instead of %" PRId64, text, value, expected);
}

static void refuses(scanner *scan, const char *text, const char *part)
{
	int64_t value = -77;
	const char *wrong = scan(text, &value);

	cr_assert(wrong != NULL, "%s was taken as %" PRId64, text, value);
	cr_expect(strstr(wrong, part) != NULL, "%s: %s", text, wrong);
	cr_expect(value == -77, "%s: the value was touched", text);
}

Test(count, reads_decimal_octal_and_hexadecimal)
{
	gives(scan_count, "0", 0);
	gives(scan_count, "42", 42);
	gives(scan_count, "-1", -1);
	gives(scan_count, "+7", 7);
	gives(scan_count, "010", 8);
	gives(scan_count, "0x1F", 31);
	gives(scan_count, "0XfF", 255);
	gives(scan_count, "9223372036854775806", INT64_MAX - 1);
	gives(scan_count, "-9223372036854775806", -(INT64_MAX - 1));
}

Test(count, refuses_anything_else_than_the_whole_text)
{
	static const char *const texts[] = { "",   "-",	 "+",	"x",   "1x",  " 1",  "1 ",
					     "0x", "08", "1.5", "--1", "+-1", "1e3", "0b1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuses(scan_count, texts[i], "a number is");
}

Test(count, refuses_to_wrap_around)
{
	refuses(scan_count, "9223372036854775807", "too large");
	refuses(scan_count, "9223372036854775808", "too large");
	refuses(scan_count, "18446744073709551617", "too large");
	refuses(scan_count, "-99999999999999999999", "too large");
	refuses(scan_count, "0xffffffffffffffff", "too large");
}

Test(count, knows_unlimited_where_it_may_be)
{
	gives(scan_unlimited, "unlimited", SCAN_INFINITY);
	gives(scan_unlimited, "Infinity", SCAN_INFINITY);
	gives(scan_unlimited, "12", 12);
	refuses(scan_unlimited, "many", "unlimited");
	refuses(scan_unlimited, "99999999999999999999", "too large");
	refuses(scan_count, "unlimited", "a number is");
}

Test(duration, reads_units_and_bare_seconds)
{
	gives(scan_duration, "0", 0);
	gives(scan_duration, "5", 5000000);
	gives(scan_duration, "10us", 10);
	gives(scan_duration, "250ms", 250000);
	gives(scan_duration, "5s", 5000000);
	gives(scan_duration, "5sec", 5000000);
	gives(scan_duration, "5min", 300000000);
	gives(scan_duration, "5m", 300000000);
	gives(scan_duration, "1h30min", 5400000000);    /* as the message says */
	cr_expect(strstr(scan_duration("5x", &(int64_t){ 0 }), "1h30min"));
	gives(scan_duration, "2h", 7200000000);
	gives(scan_duration, "2 hours", 7200000000);
	gives(scan_duration, "1d", 86400000000);
	gives(scan_duration, "1w", 604800000000);
	gives(scan_duration, "infinity", SCAN_INFINITY);
}

Test(duration, reads_fractions)
{
	gives(scan_duration, "1.5s", 1500000);
	gives(scan_duration, "0.1", 100000);
	gives(scan_duration, "0.5min", 30000000);
	gives(scan_duration, "1.000001s", 1000001);
	gives(scan_duration, "0.25ms", 250);
	refuses(scan_duration, "1.0000001s", "six digits");
	refuses(scan_duration, "1.s", "a duration is");
	refuses(scan_duration, ".5s", "a duration is");
	refuses(scan_duration, "1.5.5s", "a duration is");
}

Test(duration, reads_spans)
{
	gives(scan_duration, "1min 30s", 90000000);
	gives(scan_duration, "1h30min", 5400000000);
	gives(scan_duration, "1d 2h 3min 4s 5ms 6us", 93784005006);
}

Test(duration, refuses_what_is_none)
{
	static const char *const texts[] = { "",     " ",	 "s",	 "5x", "5 parsecs", "5s,",
					     "5s x", "1min -3s", "0x10", "5S", "+5" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuses(scan_duration, texts[i], "a duration is");
}

Test(duration, rejects_negative_values)
{
	refuses(scan_duration, "-1", "never negative");
	refuses(scan_duration, "-5min", "never negative");
}

Test(duration, rejects_what_is_too_large)
{
	gives(scan_duration, "9223372036854775806us", INT64_MAX - 1);
	refuses(scan_duration, "9223372036854775807us", "too large");
	refuses(scan_duration, "9223372036854775806us 1us", "too large");
	refuses(scan_duration, "9223372036855s", "too large");
	refuses(scan_duration, "99999999999999999999", "too large");
}

Test(duration, reads_back_what_it_writes)
{
	static const struct {
		int64_t value;
		const char *text;
	} pairs[] = {
		{ 0, "0" },
		{ 1, "1us" },
		{ 1500, "1500us" },
		{ 250000, "250ms" },
		{ 1500000, "1500ms" },
		{ 90000000, "90s" },
		{ 300000000, "5min" },
		{ 7200000000, "2h" },
		{ 86400000000, "1d" },
		{ 1209600000000, "2w" },
		{ INT64_MAX - 1, "9223372036854775806us" },
		{ SCAN_INFINITY, "infinity" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		scan_duration_format(pairs[i].value, text);
		cr_expect(!strcmp(text, pairs[i].text), "%s instead of %s", text, pairs[i].text);
		gives(scan_duration, text, pairs[i].value);
	}
}

Test(bytes, reads_sizes_of_base_1024)
{
	gives(scan_bytes, "0", 0);
	gives(scan_bytes, "100", 100);
	gives(scan_bytes, "100B", 100);
	gives(scan_bytes, "64K", 65536);
	gives(scan_bytes, "64k", 65536);
	gives(scan_bytes, "64KiB", 65536);
	gives(scan_bytes, "64Ki", 65536);
	gives(scan_bytes, "10M", 10485760);
	gives(scan_bytes, "1.5G", 1610612736);
	gives(scan_bytes, "1T", (int64_t)1 << 40);
	gives(scan_bytes, "infinity", SCAN_INFINITY);
	gives(scan_bytes, "8 M", 8388608);
	gives(scan_bytes, "1G 512M", 1610612736);
	gives(scan_bytes, "1K512", 1536);
	gives(scan_bytes, "1K 112 B", 1136);
	gives(scan_bytes, "3. K", 3072);
	gives(scan_bytes, "12P", INT64_C(12) << 50);
	gives(scan_bytes, "3E", INT64_C(3) << 60);
	gives(scan_bytes, "0.5E", INT64_C(1) << 59);
}

Test(bytes, refuses_what_is_no_size)
{
	static const char *const texts[] = { "",     "K",   "1X",    "1KK", "1 2",  "1.5",
					     "1.5B", "1K ", "1KiBB", "1i",  "1,5K", "1\n",
					     "1K 1M", "1 K ", "1B 1", ".5K" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuses(scan_bytes, texts[i], "a size is");
	refuses(scan_bytes, "-1K", "never negative");
	refuses(scan_bytes, "8388608T", "too large");
	refuses(scan_bytes, "9223372036854775807", "too large");
	gives(scan_bytes, "8388607T", INT64_C(8388607) << 40);
}

Test(bytes, reads_back_what_it_writes)
{
	static const struct {
		int64_t value;
		const char *text;
	} pairs[] = {
		{ 0, "0" },
		{ 1, "1" },
		{ 1000, "1000" },
		{ 1024, "1K" },
		{ 1536, "1536" },
		{ 65536, "64K" },
		{ 10485760, "10M" },
		{ INT64_C(3) << 30, "3G" },
		{ INT64_C(1) << 40, "1T" },
		{ INT64_C(1) << 60, "1E" },
		{ SCAN_INFINITY, "infinity" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		scan_bytes_format(pairs[i].value, text);
		cr_expect(!strcmp(text, pairs[i].text), "%s instead of %s", text, pairs[i].text);
		gives(scan_bytes, text, pairs[i].value);
	}
}

Test(mode, is_octal_and_bounded)
{
	static const char *const wrong[] = { "",   "8",	    "0x1",
					     "-1", "10000", "0o660",
					     "rw", "660 ",  "77777777777777777777777777" };
	mode_t mode = 1;

	cr_expect(!scan_mode("0660", &mode) && mode == 0660);
	cr_expect(!scan_mode("0", &mode) && mode == 0);
	cr_expect(!scan_mode("7777", &mode) && mode == 07777);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect(scan_mode(wrong[i], &mode) != NULL, "%s was taken", wrong[i]);
	cr_expect(mode == 07777);
}

Test(boolean, knows_its_words_in_any_case)
{
	static const char *const yes[] = { "yes", "YES", "true", "on", "1", "y", "t", "On" };
	static const char *const no[] = { "no", "No", "false", "off", "0", "n", "f", "FALSE" };
	static const char *const neither[] = { "", "maybe", "2", "yes ", "ye", "enable" };
	bool value;

	for (size_t i = 0; i < 8; i++) {
		value = false;
		cr_expect(!scan_bool(yes[i], &value) && value, "%s", yes[i]);
		cr_expect(!scan_bool(no[i], &value) && !value, "%s", no[i]);
	}
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++)
		cr_expect(scan_bool(neither[i], &value) != NULL, "%s was taken", neither[i]);
}

static void signal_is(const char *text, int expected)
{
	int number = -1;
	const char *wrong = scan_signal(text, &number);

	cr_expect(wrong == NULL, "%s: %s", text, wrong);
	cr_expect(number == expected, "%s: %d", text, number);
}

Test(signal_name, is_read_in_every_way_of_writing_it)
{
	signal_is("TERM", SIGTERM);
	signal_is("SIGTERM", SIGTERM);
	signal_is("sigterm", SIGTERM);
	signal_is("15", SIGTERM);
	signal_is("CLD", SIGCHLD);
	signal_is("RTMIN", SIGRTMIN);
	signal_is("SIGRTMIN+3", SIGRTMIN + 3);
	signal_is("RTMAX", SIGRTMAX);
	signal_is("RTMAX-2", SIGRTMAX - 2);
}

Test(signal_name, refuses_what_is_none)
{
	static const char *const texts[] = {
		"",    "SIG",	 "0",	    "-1",	"+15",	   "15x",      "999",	"99999999999", "TERMX",
		"TER", "RTMIN+", "RTMIN-1", "RTMIN+99", "RTMAX+1", "RTMIN+-1", "SIG15", "RTMINX",
	};
	int number = -1;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect(scan_signal(texts[i], &number) != NULL, "%s was taken as %d", texts[i], number);
	cr_expect(number == -1);
}

Test(signal_name, reads_back_what_it_writes)
{
	char text[32];

	for (int signal = 1; signal <= SIGRTMAX; signal++)
		signal_is(scan_signal_name(signal, text), signal);
	cr_expect(!strcmp(scan_signal_name(SIGTERM, text), "TERM"));
	cr_expect(!strcmp(scan_signal_name(SIGCHLD, text), "CHLD"));
	cr_expect(!strcmp(scan_signal_name(SIGRTMIN, text), "RTMIN"));
	cr_expect(!strcmp(scan_signal_name(SIGRTMIN + 3, text), "RTMIN+3"));
	cr_expect(!strcmp(scan_signal_name(1000, text), "1000"));
}

Test(distance, counts_edits)
{
	cr_expect(scan_distance("listen", "listen", 2) == 0);
	cr_expect(scan_distance("lisen", "listen", 2) == 1);
	cr_expect(scan_distance("listtten", "listen", 3) == 2);
	cr_expect(scan_distance("listem", "listen", 2) == 1);
	cr_expect(scan_distance("lsiten", "listen", 2) == 1);
	cr_expect(scan_distance("", "abc", 5) == 3);
	cr_expect(scan_distance("abc", "", 5) == 3);
	cr_expect(scan_distance("kitten", "sitting", 5) == 3);
}

Test(distance, stops_at_its_bound)
{
	char far[80];

	memset(far, 'x', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	cr_expect(scan_distance("abc", "xyz", 1) == 2);
	cr_expect(scan_distance("a", "abcdefgh", 2) == 3);
	cr_expect(scan_distance(far, "listen", 2) == 3);
	cr_expect(scan_distance(far, far + 1, 2) == 3);
	cr_expect(scan_distance(far, far, 2) == 0);
	cr_expect(scan_distance(far + 16, far + 17, 2) == 1);
}
