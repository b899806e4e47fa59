/* Returns freed memory to the kernel (malloc_trim(3)): reading a table takes far more memory than keeping it. Does
 * nothing if libc has no such call. */
#pragma once

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif

static inline void memory_trim(void)
{
#ifdef HAVE_MALLOC_TRIM
	malloc_trim(0);
#endif
}
