/* Zeroed objects, of which those that are never written take no memory. */
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "lib/lib.h"

enum { SIZE = 2048, MANY = 200 };

static bool is_zero(const char *object)
{
	for (int n = 0; n < SIZE; n++) {
		if (object[n])
			return false;
	}
	return true;
}

Test(zone, objects_are_zero_also_when_they_had_another_owner)
{
	struct zone zone = { .size = SIZE };
	char *objects[MANY];

	for (int round = 0; round < 3; round++) {
		for (int n = 0; n < MANY; n++) {
			objects[n] = zone_take(&zone);
			cr_assert(objects[n] && is_zero(objects[n]));
			for (int other = 0; other < n; other++)
				cr_assert_neq(objects[n], objects[other]);
		}
		for (int n = 0; n < MANY; n++)
			memset(objects[n], n + 1, SIZE);
		for (int n = 0; n < MANY; n++)
			cr_assert(objects[n][0] == (char)(n + 1) && objects[n][SIZE - 1] == (char)(n + 1));
		for (int n = round; n < MANY; n += 3) /* in between */
			zone_give(&zone, objects[n]);
		for (int n = round; n < MANY; n += 3) {
			objects[n] = zone_take(&zone);
			cr_assert(objects[n] && is_zero(objects[n]));
		}
		for (int n = 0; n < MANY; n++)
			zone_give(&zone, objects[n]);
		cr_assert(list_empty(&zone.chunks));
	}
	zone_give(&zone, NULL);
}

Test(zone, what_is_only_read_takes_no_memory)
{
#ifndef SANITIZED /* there each is malloc's */
	struct zone zone = { .size = SIZE };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *object = zone_take(&zone);
	char *begin = object + (page - (size_t)object % page) % page;
	unsigned char resident = 1;

	/* mincore(2) tells of the page of zeros, too, so none of it is read before. */
	cr_assert(object);
	cr_assert_eq(mincore(begin, 1, &resident), 0);
	cr_assert_eq(resident & 1, 0);
	zone_give(&zone, object);
	object = zone_take(&zone);
	object[0] = 1;
	zone_give(&zone, object);
	cr_assert(list_empty(&zone.chunks));
#endif
}
