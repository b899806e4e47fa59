/* Arrays that grow by doubling. */
#pragma once

#include <stddef.h>

/* Makes room for one more element of so many bytes behind count of them. The array, which may have moved, or NULL when
 * memory ran out: the old one and its capacity then stand as they were. */
void *array_grow(void *array, size_t *capacity, size_t count, size_t size);

/* The same up to an element of this index; what is new is zeroed. */
void *array_reach(void *array, size_t *capacity, size_t index, size_t size);
