/* Memory that was freed goes back to the kernel: reading a table takes far more than keeping it. Where libc can't,
 * nothing happens. */
#pragma once

void memory_trim(void);
