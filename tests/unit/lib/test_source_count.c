/* Counts by service and source, against a plain array that counts the same. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

#define LIMIT INT64_MAX

static const char services[4];

static const unsigned char *source_of(unsigned number)
{
	static unsigned char source[SOURCE_SIZE];

	memset(source, 0, sizeof(source));
	memcpy(source + 12, &number, sizeof(number));
	return source;
}

Test(gate, counts_up_to_the_limit_and_no_further)
{
	struct source_counts sources = { 0 };

	for (int n = 0; n < 3; n++)
		cr_expect(source_count_enter(&sources, &services[0], source_of(1), 3));
	cr_expect(!source_count_enter(&sources, &services[0], source_of(1), 3));
	cr_expect_eq(source_count_count(&sources, &services[0], source_of(1)), 3u);
	source_count_leave(&sources, &services[0], source_of(1));
	cr_expect(source_count_enter(&sources, &services[0], source_of(1), 3));
	source_count_free(&sources);
}

Test(gate, tells_sources_and_services_apart)
{
	struct source_counts sources = { 0 };

	cr_expect(source_count_enter(&sources, &services[0], source_of(1), 1));
	cr_expect(source_count_enter(&sources, &services[0], source_of(2), 1));
	cr_expect(source_count_enter(&sources, &services[1], source_of(1), 1));
	cr_expect(!source_count_enter(&sources, &services[1], source_of(1), 1));
	cr_expect_eq(source_count_count(&sources, &services[1], source_of(2)), 0u);
	source_count_free(&sources);
}

Test(gate, counts_nothing_of_who_is_refused)
{
	struct source_counts sources = { 0 };

	cr_expect(!source_count_enter(&sources, &services[0], source_of(1), 0));
	cr_expect_eq(source_count_count(&sources, &services[0], source_of(1)), 0u);
	cr_expect_eq(sources.used, 0u);
	source_count_free(&sources);
}

Test(gate, bears_leaving_what_never_entered)
{
	struct source_counts sources = { 0 };

	source_count_leave(&sources, &services[0], source_of(1));
	cr_expect_eq(source_count_count(&sources, &services[0], source_of(1)), 0u);
	cr_assert(source_count_enter(&sources, &services[0], source_of(1), LIMIT));
	source_count_leave(&sources, &services[0], source_of(2));
	source_count_leave(&sources, &services[1], source_of(1));
	cr_expect_eq(source_count_count(&sources, &services[0], source_of(1)), 1u);
	cr_expect_eq(sources.used, 1u);
	source_count_free(&sources);
}

/* Two hundred sources on four services come and go in an order without pattern: removal must close its holes, or
 * one of them would be lost behind it. */
Test(gate, agrees_with_plain_counting_over_many_turns)
{
	static unsigned counts[4][200];
	struct source_counts sources = { 0 };
	unsigned chance = 1;
	size_t alive = 0;

	for (int turn = 0; turn < 200000; turn++) {
		unsigned service, source, *count;

		chance = chance * 1103515245 + 12345;
		service = chance >> 16 & 3;
		source = (chance >> 18) % 200;
		count = &counts[service][source];
		if (chance >> 30 & 1) {
			bool entered = source_count_enter(&sources, &services[service], source_of(source), 5);

			cr_assert_eq(entered, *count < 5);
			alive += entered && !(*count)++;
		} else if (*count) {
			source_count_leave(&sources, &services[service], source_of(source));
			alive -= !--*count;
		}
		cr_assert_eq(source_count_count(&sources, &services[service], source_of(source)), *count);
		cr_assert_eq(sources.used, alive);
	}
	for (unsigned service = 0; service < 4; service++) {
		for (unsigned source = 0; source < 200; source++)
			cr_assert_eq(source_count_count(&sources, &services[service], source_of(source)),
				     counts[service][source]);
	}
	source_count_free(&sources);
}

Test(gate, does_not_grow_by_guests_who_left)
{
	struct source_counts sources = { 0 };

	for (unsigned n = 0; n < 100000; n++) {
		cr_assert(source_count_enter(&sources, &services[0], source_of(n), LIMIT));
		source_count_leave(&sources, &services[0], source_of(n));
	}
	cr_expect_eq(sources.used, 0u);
	source_count_free(&sources);
	cr_expect_null(sources.root);
}
