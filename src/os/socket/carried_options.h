/* Socket options that a program has set before its bind(2), on the socket that superd's listener replaces. Those
 * that matter to the listener, or that accepted connections inherit from it, go over. What the table sets stays: an
 * option of the listener that differs from the kernel's default is the table's. */
#pragma once

/* Sets them on the listener, as well as O_NONBLOCK. For a worker process only: another holder of the socket may
 * keep its lock. Returns the number of options that could not be set. */
int carried_options_set(int from, int listener);

/* Gives the listener the kernel's defaults again, before the table's options are set. As above, another holder may keep
 * its lock. */
void carried_options_clear(int listener);
