/* Answers of name services: kept and found by kind and name. */
#include "table/services/services.h"
#include "tests/unit/unit.h"

static struct lookup_cache *lookups;

static void make(void)
{
	static const char user[] = "nobody\00065534\00065534\0\0/bin/sh";

	lookups = lookup_cache_new();
	lookup_cache_add(lookups, "user", "nobody", user, sizeof(user));
	lookup_cache_add(lookups, "user", "somebody", NULL, 0);
	lookup_cache_add(lookups, "group", "nobody", "7", 2);
}

static void drop(void)
{
	lookup_cache_free(lookups);
}

TestSuite(lookup_cache, .init = make, .fini = drop);

static void expect_answers(struct lookup_cache *known)
{
	const char *const *answer = lookup_cache_find(known, "user", "nobody");

	cr_assert_not_null(answer);
	cr_expect_str_eq(answer[0], "nobody");
	cr_expect_str_eq(answer[3], "");
	cr_expect_str_eq(answer[4], "/bin/sh");
	cr_expect_null(answer[5]);
	answer = lookup_cache_find(known, "user", "somebody");
	cr_assert_not_null(answer, "that there is none is an answer, too");
	cr_expect_null(answer[0]);
	cr_assert_not_null(lookup_cache_find(known, "group", "nobody"));
	cr_expect_str_eq(lookup_cache_find(known, "group", "nobody")[0], "7");
	cr_expect_null(lookup_cache_find(known, "group", "somebody"));
	cr_expect_null(lookup_cache_find(known, "port", "nobody"));
}

Test(lookup_cache, finds_by_kind_and_name)
{
	expect_answers(lookups);
	cr_expect_null(lookup_cache_find(NULL, "user", "nobody"));
	lookup_cache_free(NULL);
}

Test(lookup_cache, takes_no_other_word_for_a_number)
{
	static const char *const wrong[] = { NULL, "", "-1", "1x", "4294967296", "99999999999", " 1" };
	uint32_t number = 0;

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
		cr_expect_not(lookup_number(wrong[n], &number), "%s", wrong[n]);
	cr_expect(lookup_number("4294967295", &number));
	cr_expect_eq(number, UINT32_MAX);
}
