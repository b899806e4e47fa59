/* Signals that the kernel sends superd by itself, too: SIGPIPE for a broken pipe, SIGTTIN and SIGTTOU for a terminal of
 * another process group. A descriptor reports only those that a process has sent. */
#pragma once

#include <stdbool.h>

bool signal_is_kernels_too(int signal);

/* A descriptor that becomes readable when such a signal arrives. Blocks these signals from now on. -1: the system does
 * not report the sender of a signal. */
int sent_signals_open(void);

/* The next signal that a process has sent; 0: none. */
int sent_signals_next(int fd);
