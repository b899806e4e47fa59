/* Scalars as text, read back. What is read and refused is in tests/read/superd/scalars.conf. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

typedef const char *scanner(const char *text, int64_t *out);

static void gives(scanner *scan, const char *text, int64_t expected)
{
	int64_t value = -77;
	const char *wrong = scan(text, &value);

	cr_expect(wrong == NULL, "%s: %s", text, wrong);
	cr_expect(value == expected, "%s: %" PRId64 " instead of %" PRId64, text, value, expected);
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
