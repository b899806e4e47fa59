/* The two kinds of work for pass = bind, as in worker/work.h. */
#pragma once

void work_bind(int channel);            /* answers calls */
void work_bind_left(int channel);       /* passes them on to the kernel, until no process has the filters any more */
