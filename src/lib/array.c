/* Arrays that grow by doubling, by reallocarray(3). */
#include "lib/lib.h"

#define FIRST 4

void *array_grow(void *array, size_t *capacity, size_t count, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : FIRST;
	void *grown;

	if (count < *capacity)
		return array;
	grown = reallocarray(array, more, size);
	if (!grown)
		return memory_ran_out();
	*capacity = more;
	return grown;
}

size_t array_floor(const void *array, size_t count, size_t size, size_t number)
{
	size_t low = 0, high = count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (*(const size_t *)(const void *)((const char *)array + middle * size) <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

