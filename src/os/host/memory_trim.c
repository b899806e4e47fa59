/* glibc keeps what is freed below its top; malloc_trim(3) gives whole pages back wherever they lie. */
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
