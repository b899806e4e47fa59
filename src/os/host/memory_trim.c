/* glibc keeps freed memory below the top of its heap. malloc_trim(3) returns whole free pages wherever they lie. */
#include "os/host/memory_trim.h"

#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>

void memory_trim(void)
{
	malloc_trim(0);
}
#else
void memory_trim(void)
{
}
#endif
