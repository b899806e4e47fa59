/* Arrays that grow. */
#include "lib/array.h"
#include "tests/unit/unit.h"

Test(array, grows_by_one_element_at_a_time)
{
	size_t capacity = 0;
	int *list = NULL;

	for (size_t n = 0; n < 1000; n++) {
		list = array_grow(list, &capacity, n, sizeof(*list));
		cr_assert(list);
		list[n] = (int)n;
	}
	cr_expect_geq(capacity, 1000);
	cr_expect_eq(list[999], 999);
	free(list);
}

Test(array, reaches_an_index_over_zeros)
{
	size_t capacity = 0;
	uint64_t *list = array_reach(NULL, &capacity, 100, sizeof(*list));

	cr_assert(list);
	cr_assert_geq(capacity, 101);
	for (size_t n = 0; n < capacity; n++)
		cr_expect_eq(list[n], 0);
	list[100] = 7;
	list = array_reach(list, &capacity, 5, sizeof(*list));
	cr_expect_eq(list[100], 7);
	list = array_reach(list, &capacity, 1000, sizeof(*list));
	cr_expect_eq(list[100], 7);
	cr_expect_eq(list[capacity - 1], 0);
	free(list);
}
