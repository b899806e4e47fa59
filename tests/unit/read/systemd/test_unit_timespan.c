/* Spans of time as systemd writes them. */

#include "lib/lib.h"
#include "tests/unit/unit.h"

#define SECOND INT64_C(1000000)

Test(unit_span, reads_what_systemd_reads)
{
	static const struct {
		const char *text;
		int64_t microseconds;
	} cases[] = {
		{ "0", 0 }, { "90", 90 * SECOND }, { " 90 ", 90 * SECOND }, { "5min 20s", 320 * SECOND },
		{ "5min20s", 320 * SECOND }, { "5 min  20 s", 320 * SECOND }, { "100ms", 100000 }, { "7us", 7 },
		{ "7µs", 7 }, { "7μs", 7 }, { "3usec 2msec", 2003 }, { "1.5h", 5400 * SECOND }, { ".5", SECOND / 2 },
		{ "0.0000019s", 1 }, { "2 3", 5 * SECOND }, { "1m", 60 * SECOND }, { "1M", 2629800 * SECOND },
		{ "1month 1d", 2716200 * SECOND }, { "1y", 31557600 * SECOND }, { "1year", 31557600 * SECOND },
		{ "2weeks", 1209600 * SECOND }, { "1w", 604800 * SECOND }, { "3days", 259200 * SECOND },
		{ "1hr", 3600 * SECOND }, { "1hour", 3600 * SECOND }, { "1sec", SECOND }, { "0.5M", 1314900 * SECOND },
		{ "infinity", SCAN_INFINITY }, { " infinity ", SCAN_INFINITY },
	};

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		int64_t got = -1;
		const char *wrong = scan_timespan(cases[n].text, &got);

		cr_expect_null(wrong, "%s: %s", cases[n].text, wrong);
		cr_expect_eq(got, cases[n].microseconds, "%s: %" PRId64, cases[n].text, got);
	}
}

Test(unit_span, refuses_everything_else)
{
	static const char *const texts[] = {
		"", " ", "s", "-1", "+1", "5.", ".", "1.s", "5 parsecs", "5S", "1Min", "infinity 5", "5 infinity",
		"Infinity", "1s x", "1..5", "0x10", "9223372036854775807y", "99999999999999999999", "1s,2s",
	};

	for (size_t n = 0; n < sizeof(texts) / sizeof(*texts); n++) {
		int64_t got = -1;

		cr_expect_not_null(scan_timespan(texts[n], &got), "%s", texts[n]);
		cr_expect_eq(got, -1, "%s", texts[n]);
	}
}
