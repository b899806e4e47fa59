/* Arrays that grow by doubling. */
#pragma once

#include <stddef.h>

/* Makes room for one more element of `size` bytes behind the first `count`. Returns the array, which may have moved;
 * the caller frees it. NULL: out of memory; the old array and *capacity (in elements) are unchanged. */
void *array_grow(void *array, size_t *capacity, size_t count, size_t size);

/* array_add(list, count, capacity) = element: adds an element. For processes that end without memory (lib/memory.h). */
#define array_add(list, count, capacity) \
	(*((list) = array_grow((list), &(capacity), (count), sizeof(*(list))), &(list)[(count)++]))

/* The index of the last of these elements, which begin with a size_t and are sorted by it, that is not above the number;
 * 0: none is. By binary search. */
size_t array_floor(const void *array, size_t count, size_t size, size_t number);

