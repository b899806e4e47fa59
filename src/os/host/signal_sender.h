/* Signals that the kernel sends superd itself, too: PIPE of a broken pipe, TTIN and TTOU of a terminal that is another
 * group's. What a process has sent of these is heard by a descriptor. */
#pragma once

#include <stdbool.h>

bool signal_is_kernels_too(int signal);

/* Readable when one has come; they are blocked from now on. -1: this system cannot tell who sent a signal. */
int sent_signals_open(void);

/* The next that a process has sent; 0: none. */
int sent_signals_next(int fd);
