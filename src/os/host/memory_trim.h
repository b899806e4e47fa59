/* Returns freed memory to the kernel (malloc(3)): reading a table takes far more memory than keeping it. Both do
 * nothing if libc has no such calls. */
#pragma once

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif

/* Call it first. glibc raises these limits to the size of a freed block, such as a table, and then keeps as much memory
 * at the end of each thread's heap, where malloc_trim(3) leaves it. A limit that a program sets does not change
 * (mallopt(3)); this sets the initial one. */
static inline void memory_trim_set_up(void)
{
#ifdef HAVE_MALLOC_TRIM
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}

static inline void memory_trim(void)
{
#ifdef HAVE_MALLOC_TRIM
	malloc_trim(0);
#endif
}
