/* Pids and who waits for them. */
#include "superd/loop/child_table.h"
#include "scarce.h"
#include "tests/unit/unit.h"

Test(children, finds_each_without_any_memory)
{
	enum { MANY = 1000 };
	static struct child list[MANY];
	struct child_table children = { 0 };

	scarce.all = true;
	for (int n = 0; n < MANY; n++) {
		list[n].pid = 2 + 3 * n;
		child_table_add(&children, &list[n]);
	}
	for (int n = 0; n < MANY; n++)
		cr_assert_eq(child_table_find(&children, 2 + 3 * n), &list[n]);
	scarce.all = false;
	child_table_remove(&children, &list[0]);
	child_table_add(&children, &list[0]);   /* moves all into a table of fitting size */
	for (int n = 0; n < MANY; n++)
		cr_assert_eq(child_table_find(&children, 2 + 3 * n), &list[n]);
	child_table_free(&children);
}

/* One ended unseen, and another got its pid. */
Test(children, finds_of_two_the_one_that_was_added_last)
{
	struct child_table children = { 0 };
	struct child first = { .pid = 7 }, second = { .pid = 7 };

	child_table_add(&children, &first);
	child_table_add(&children, &second);
	cr_expect_eq(child_table_find(&children, 7), &second);
	child_table_remove(&children, &first);
	child_table_resume(&children, &first);
	cr_expect_eq(child_table_find(&children, 7), &first);
	child_table_remove(&children, &first);
	cr_expect_eq(child_table_find(&children, 7), &second);
	child_table_free(&children);
}

Test(children, finds_nobody_in_an_empty_table)
{
	struct child_table children = { 0 };
	struct child child = { .pid = 7 };

	cr_expect_null(child_table_find(&children, 7));
	child_table_remove(&children, &child);
	child_table_free(&children);
}

Test(children, finds_each_of_thousands)
{
	enum { MANY = 5000 };
	struct child_table children = { 0 };
	struct child *list = calloc(MANY, sizeof(*list));

	cr_assert(list);
	for (int n = 0; n < MANY; n++) {
		list[n].pid = 2 + 3 * n;
		child_table_add(&children, &list[n]);
	}
	cr_expect_eq(children.count, MANY);
	for (int n = 0; n < MANY; n++) {
		cr_assert_eq(child_table_find(&children, 2 + 3 * n), &list[n]);
		cr_assert_null(child_table_find(&children, 3 + 3 * n));
	}
	for (int n = 0; n < MANY; n += 2)
		child_table_remove(&children, &list[n]);
	for (int n = 0; n < MANY; n++)
		cr_assert_eq(child_table_find(&children, 2 + 3 * n), n % 2 ? &list[n] : NULL);
	cr_expect_eq(children.count, MANY / 2);
	child_table_free(&children);
	free(list);
}

Test(children, keeps_apart_who_shares_a_bucket)
{
	struct child_table children = { 0 };
	struct child list[] = { { .pid = 64 }, { .pid = 128 }, { .pid = 192 } };

	for (int n = 0; n < 3; n++)
		child_table_add(&children, &list[n]);
	cr_assert_eq(children.count, 3u);
	child_table_remove(&children, &list[1]);
	cr_expect_eq(child_table_find(&children, 64), &list[0]);
	cr_expect_null(child_table_find(&children, 128));
	cr_expect_eq(child_table_find(&children, 192), &list[2]);
	child_table_free(&children);
}

Test(children, bears_removing_twice_and_removing_none)
{
	struct child_table children = { 0 };
	struct child child = { .pid = 9 }, other = { .pid = 9 }, none = { .pid = 0 };

	child_table_add(&children, &child);
	child_table_remove(&children, &other);
	child_table_remove(&children, &none);
	cr_expect_eq(children.count, 1u);
	child_table_remove(&children, &child);
	child_table_remove(&children, &child);
	cr_expect_eq(children.count, 0u);
	cr_expect_null(child_table_find(&children, 9));
	child_table_add(&children, &child);
	cr_expect_eq(child_table_find(&children, 9), &child);
	child_table_free(&children);
}

static void note_ending(struct child *child)
{
	(void)child;
}

Test(children, are_counted_whose_end_is_seen)
{
	struct child_table children = { 0 };
	struct child first = { .pid = 10 }, second = { .pid = 11, .ending = note_ending };

	child_table_add(&children, &first);
	child_table_add(&children, &second);
	cr_expect_eq(children.seen, 1u);
	child_table_see_end(&children, &first, note_ending);
	child_table_see_end(&children, &first, note_ending);
	cr_expect_eq(children.seen, 2u);
	child_table_remove(&children, &first);
	child_table_remove(&children, &second);
	cr_expect_eq(children.seen, 0u);
	child_table_free(&children);
}
