/* Addresses remembered for a while, against what was put in. */
#include <math.h>

#include "superd/limits/address_lru.h"
#include "tests/unit/unit.h"

static const unsigned char *source_of(unsigned number)
{
	static unsigned char source[SOURCE_SIZE];

	memset(source, 0, sizeof(source));
	memcpy(source + 12, &number, sizeof(number));
	return source;
}

Test(recent, remembers_until_the_time_is_over)
{
	struct address_lru recent = { .most = 10 };

	cr_assert_not_null(address_lru_note(&recent, 1, source_of(1), 100, 160));
	cr_expect_not_null(address_lru_find(&recent, 1, source_of(1), 159.9));
	cr_expect_null(address_lru_find(&recent, 1, source_of(1), 160));
	cr_expect_eq(recent.count, 0u, "what is over goes when it is met");
	address_lru_free(&recent);
}

Test(recent, tells_services_and_sources_apart)
{
	struct address_lru recent = { .most = 10 };

	address_lru_note(&recent, 1, source_of(1), 0, 10)->count = 11;
	address_lru_note(&recent, 1, source_of(2), 0, 10)->count = 12;
	address_lru_note(&recent, 2, source_of(1), 0, 10)->count = 21;
	cr_expect_eq(address_lru_find(&recent, 1, source_of(1), 5)->count, 11);
	cr_expect_eq(address_lru_find(&recent, 1, source_of(2), 5)->count, 12);
	cr_expect_eq(address_lru_find(&recent, 2, source_of(1), 5)->count, 21);
	cr_expect_null(address_lru_find(&recent, 2, source_of(2), 5));
	address_lru_free(&recent);
}

Test(recent, drops_the_oldest_when_there_are_too_many)
{
	struct address_lru recent = { .most = 3 };

	for (unsigned n = 0; n < 3; n++)
		address_lru_note(&recent, 0, source_of(n), 0, INFINITY);
	address_lru_note(&recent, 0, source_of(0), 1, INFINITY); /* came again: the youngest now */
	address_lru_note(&recent, 0, source_of(3), 2, INFINITY);
	cr_expect_eq(recent.count, 3u);
	cr_expect_not_null(address_lru_find(&recent, 0, source_of(0), 3));
	cr_expect_null(address_lru_find(&recent, 0, source_of(1), 3));
	cr_expect_not_null(address_lru_find(&recent, 0, source_of(2), 3));
	cr_expect_not_null(address_lru_find(&recent, 0, source_of(3), 3));
	address_lru_free(&recent);
}

Test(recent, keeps_the_count_and_prolongs_the_time_of_who_comes_again)
{
	struct address_lru recent = { .most = 3 };

	address_lru_note(&recent, 0, source_of(1), 0, 10)->count = 7;
	cr_expect_eq(address_lru_note(&recent, 0, source_of(1), 5, 20)->count, 7);
	cr_expect_not_null(address_lru_find(&recent, 0, source_of(1), 15));
	cr_expect_eq(address_lru_note(&recent, 0, source_of(1), 25, 30)->count, 0, "it was over: a new one");
	address_lru_free(&recent);
}

/* A hundred thousand strangers cost no more than the most there may be. */
Test(recent, stays_within_its_bounds)
{
	struct address_lru recent = { .most = 1000, .salt = 0x123456789abcdef };

	for (unsigned n = 0; n < 100000; n++) {
		cr_assert_not_null(address_lru_note(&recent, 3, source_of(n), n, n + 500.));
		cr_assert_leq(recent.count, 1000u);
	}
	cr_expect_leq(recent.count, 501u, "what is over goes from the old end");
	cr_expect_leq(recent.size, 1024u);
	for (unsigned n = 0; n < 100000; n++)
		cr_assert_eq(address_lru_find(&recent, 3, source_of(n), 100000.) != NULL, n > 99500, "%u", n);
	address_lru_free(&recent);
	cr_expect_eq(recent.count, 0u);
	cr_expect_eq(recent.most, 1000u);
	cr_assert_not_null(address_lru_note(&recent, 3, source_of(1), 0, 1), "usable again");
	address_lru_free(&recent);
}
