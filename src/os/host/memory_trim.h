/* Returns freed memory to the kernel (malloc_trim(3)): reading a table takes far more memory than keeping it. Does
 * nothing if libc has no such call. */
#pragma once

void memory_trim(void);
