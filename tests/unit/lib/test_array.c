/* Arrays that grow. */
#include "lib/lib.h"
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

