/* Memory that was freed goes back to the kernel, also after something large was freed. */
#include "os/host/memory_trim.h"
#include "tests/unit/unit.h"

#if defined(HAVE_MALLOC_TRIM) && defined(HAVE_MALLINFO2) && !defined(SANITIZED)
Test(memory_trim, the_limits_of_malloc_stay)
{
	size_t before = mallinfo2().hblks;
	char *volatile large;
	char *volatile smaller;

	memory_trim_set_up();
	large = malloc(2 << 20);
	cr_expect_eq(mallinfo2().hblks, before + 1);
	free(large);
	smaller = malloc(512 << 10);
	cr_expect_eq(mallinfo2().hblks, before + 1, "it is in the heap");
	free(smaller);
	cr_expect_eq(mallinfo2().hblks, before);
}
#else
Test(memory_trim, the_limits_of_malloc_stay)
{
	cr_skip_test("without glibc's malloc");
}
#endif
