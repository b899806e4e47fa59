/* access_times: what is a span, and which minutes lie in it. */
#include "table/service/service.h"
#include "tests/unit/unit.h"

#define AT(hour, minute) ((hour) * 60 + (minute))
#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

Test(times, spans_of_one_or_two_digits_are_taken)
{
	static const char *const good[] = { "08:00-17:30", "8:00-9:05", "0:0-0:0", "22:00-06:00", "00:00-23:59" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect_null(times_refuse_word(good[i]), "%s", good[i]);
}

Test(times, what_is_no_span_is_refused)
{
	static const char *const bad[] = {
		"", "08:00", "08:00-", "-17:00", "08:00-24:00", "8-17", "08:60-09:00", "08:00-17:30x", "08:00 - 17:30",
		"008:00-09:00", "+8:00-9:00", "08:00-17:30-18:00", "8:000-9:00", "24:00-25:00",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_not_null(times_refuse_word(bad[i]), "%s", bad[i]);
}

Test(times, both_minutes_are_included)
{
	words day = LIST("08:00-17:30");

	cr_expect_not(times_include(day, AT(7, 59)));
	cr_expect(times_include(day, AT(8, 0)));
	cr_expect(times_include(day, AT(17, 30)));
	cr_expect_not(times_include(day, AT(17, 31)));
	cr_expect(times_include(LIST("12:00-12:00"), AT(12, 0)));
	cr_expect_not(times_include(LIST("12:00-12:00"), AT(12, 1)));
}

Test(times, a_span_goes_over_midnight)
{
	words night = LIST("22:00-06:00");

	cr_expect(times_include(night, AT(22, 0)));
	cr_expect(times_include(night, AT(23, 59)));
	cr_expect(times_include(night, AT(0, 0)));
	cr_expect(times_include(night, AT(6, 0)));
	cr_expect_not(times_include(night, AT(6, 1)));
	cr_expect_not(times_include(night, AT(21, 59)));
}

Test(times, several_spans_are_each_enough_and_none_is_always)
{
	words spans = LIST("8:00-9:00", "22:00-6:00");

	cr_expect(times_include(spans, AT(8, 30)));
	cr_expect(times_include(spans, AT(3, 0)));
	cr_expect_not(times_include(spans, AT(12, 0)));
	cr_expect(times_include(NULL, AT(12, 0)));
}
