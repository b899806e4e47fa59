/* The queue of a sink: order, bounds, and who is dropped for whom. */
#include "lib/log/log.h"
#include "tests/unit/unit.h"

#include "lib/buf.h"
#include "scarce.h"

#define COST(text) (sizeof(struct log_line) + sizeof(text))

static struct log_queue queue;
static struct log_losses lost;

static void tear_down(void)
{
	scarce.all = false;
	log_queue_clear(&queue, &lost);
}

TestSuite(log_queue, .fini = tear_down, .timeout = 120);

static bool add(const char *text, bool of_client)
{
	return log_queue_add(&queue, &(struct log_text){ text, strlen(text), 0, of_client }, &lost);
}

static void expect_lines(const char *expected)
{
	struct buf all = { 0 };

	LIST_EACH(link, &queue.lines)
		buf_text(&all, container_of(link, struct log_line, link)->text);
	cr_assert_str_eq(buf_string(&all), expected);
	buf_free(&all);
}

static void expect_lost(unsigned long all, unsigned long of_clients)
{
	cr_assert_eq(lost.all, all, "%lu", lost.all);
	cr_assert_eq(lost.of_clients, of_clients, "%lu", lost.of_clients);
}

Test(log_queue, keeps_the_order_of_both_classes)
{
	log_queue_init(&queue, 10000);
	cr_assert(log_queue_is_empty(&queue));
	cr_assert_null(log_queue_first(&queue));
	cr_assert(add("a", false) && add("B", true) && add("c", false) && add("D", true));
	expect_lines("aBcD");
	log_queue_complete(&queue, log_queue_first(&queue));
	expect_lines("BcD");
	expect_lost(0, 0);
	cr_assert_gt(queue.taken, 0);
}

Test(log_queue, drops_the_oldest_chatter_first)
{
	log_queue_init(&queue, 3 * COST("a"));
	cr_assert(add("A", true) && add("b", false) && add("c", false));
	cr_assert(add("d", false));
	expect_lines("Acd");
	cr_assert(add("E", true) && add("F", true));
	expect_lines("AEF");
	expect_lost(3, 0);
}

Test(log_queue, drops_lines_of_clients_for_those_alone)
{
	log_queue_init(&queue, 2 * COST("a"));
	cr_assert(add("A", true) && add("B", true));
	cr_assert_not(add("c", false));
	expect_lines("AB");
	expect_lost(1, 0);
	cr_assert(add("D", true));
	expect_lines("BD");
	expect_lost(2, 1);
}

Test(log_queue, never_holds_more_bytes_than_it_may)
{
	char text[400];

	log_queue_init(&queue, 1000);
	for (int n = 0; n < 1000; n++) {
		memset(text, 'x', sizeof(text));
		text[n % 399] = '\0';
		add(text, n % 3 == 0);
		cr_assert_leq(queue.bytes, 1000);
	}
	log_queue_clear(&queue, &lost);
	cr_assert_eq(queue.bytes, 0);
	expect_lost(1000, 334);
}

Test(log_queue, does_not_empty_itself_for_a_line_that_never_fits)
{
	char text[2000];

	log_queue_init(&queue, 1000);
	cr_assert(add("a", false));
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cr_assert_not(add(text, true));
	expect_lines("a");
	expect_lost(1, 1);
}

Test(log_queue, keeps_a_line_of_which_a_part_is_written)
{
	log_queue_init(&queue, 2 * COST("ab"));
	cr_assert(add("ab", false) && add("cd", false));
	log_queue_advance(&queue, log_queue_first(&queue), 1);
	cr_assert(add("EF", true) && add("GH", true));
	expect_lines("abGH");
	expect_lost(2, 1);
	cr_assert_eq(log_queue_first(&queue)->done, 1);
	log_queue_rewind(&queue);
	cr_assert_eq(log_queue_first(&queue)->done, 0);
	cr_assert(add("IJ", true));
	expect_lines("GHIJ");
}

Test(log_queue, takes_what_is_written_in_part_to_the_front)
{
	log_queue_init(&queue, 1000);
	cr_assert(add("a", false));
	cr_assert(log_queue_add(&queue, &(struct log_text){ "bc", 2, 1, true }, &lost));
	expect_lines("bca");
	cr_assert_eq(log_queue_first(&queue)->done, 1);
}

Test(log_queue, counts_a_line_that_no_memory_can_be_had_for)
{
	log_queue_init(&queue, 1000);
	cr_assert(add("a", false));
	scarce.all = true;
	cr_assert_not(add("B", true));
	scarce.all = false;
	expect_lost(1, 1);
	cr_assert(add("c", false));
	expect_lines("ac");
}
