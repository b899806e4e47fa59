/* The intrusive list. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

struct statement_item {
	int number;
	struct list link;
};

static int sum_in_order(struct list *head)
{
	int digits = 0;

	LIST_EACH(link, head)
		digits = digits * 10 + container_of(link, struct statement_item, link)->number;
	return digits;
}

Test(list, keeps_the_order_of_adding)
{
	struct statement_item items[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
	struct list head;

	list_init(&head);
	cr_assert(list_empty(&head));
	for (int i = 0; i < 3; i++)
		list_add(&head, &items[i].link);
	cr_assert(!list_empty(&head));
	cr_assert_eq(sum_in_order(&head), 123);
}

Test(list, allows_removing_the_current_one_while_walking)
{
	struct statement_item items[4] = { { .number = 1 }, { .number = 2 }, { .number = 3 }, { .number = 4 } };
	struct list head;
	int seen = 0;

	list_init(&head);
	for (int i = 0; i < 4; i++)
		list_add(&head, &items[i].link);
	LIST_EACH(link, &head) {
		seen++;
		if (container_of(link, struct statement_item, link)->number % 2 == 0)
			list_remove(link);
	}
	cr_assert_eq(seen, 4);
	cr_assert_eq(sum_in_order(&head), 13);
}

Test(list, forgives_removing_twice)
{
	struct statement_item items[2] = { { .number = 1 }, { .number = 2 } };
	struct list head;

	list_init(&head);
	list_add(&head, &items[0].link);
	list_add(&head, &items[1].link);
	list_remove(&items[0].link);
	list_remove(&items[0].link);
	cr_assert_eq(sum_in_order(&head), 2);
	list_remove(&items[1].link);
	cr_assert(list_empty(&head));
}
