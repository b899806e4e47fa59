/* Arrays that grow by doubling. The hard thing is what is left when memory ran out: what was there, and no byte of it
 * lost; so the caller takes the new place over only where there is one. */
#include "base/array.h"

#include <stdlib.h>

#define FIRST 4

void *array_grow(void *array, size_t *capacity, size_t count, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : FIRST;
	void *grown;

	if (count < *capacity)
		return array;
	grown = reallocarray(array, more, size);
	if (grown)
		*capacity = more;
	return grown;
}
