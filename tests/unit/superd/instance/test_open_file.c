/* Whether two descriptors are one opening of a file. */
#include "superd/instance/fdstore.h"
#include "tests/unit/unit.h"

Test(open_file, one_opening_is_the_same_by_any_number)
{
	int one = open("/dev/null", O_RDONLY), two = open("/dev/null", O_RDONLY), copy = dup(one), ends[2];

	cr_expect(open_file_is_same(one, one));
	cr_expect(open_file_is_same(one, copy));
	cr_expect_not(open_file_is_same(one, two));
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	cr_expect_not(open_file_is_same(ends[0], ends[1]));
	cr_expect(open_file_is_same(ends[0], dup(ends[0])));
}
