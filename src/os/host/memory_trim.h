/* Returns freed memory to the kernel (malloc(3)): reading a table takes far more memory than keeping it. Both do
 * nothing if libc has no such calls. */
#pragma once

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif

/* To be called first. glibc raises these limits to the size of what was freed once, as a table, and then keeps as much
 * at the end of each thread's heap, where malloc_trim(3) leaves it. A limit that is set stays (mallopt(3)); this is
 * that of the beginning. */
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
