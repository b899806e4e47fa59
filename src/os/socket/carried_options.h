/* Socket options that a program has set before its bind(2), on the socket that superd's listener replaces. Options that
 * matter to the listener, or that accepted connections inherit from it, are copied. The options of the table win: an
 * option of the listener that differs from the kernel's default is the table's. */
#pragma once

#include <stdbool.h>

/* Options that the program has set and the listener does not get. */
struct left_options {
	char text[256];                 /* "SO_BINDTODEVICE = lo (bind_to_device in the table sets it), …"; "": none */
	bool is_full;                   /* true: there are more than text has room for */
	bool unconfined;                /* true: one of them should have kept clients away */
};

/* Sets them on the listener, as well as O_NONBLOCK. Lower the capabilities first: an option that takes one is left. For a
 * worker process only: another holder of the socket may keep its lock. */
void carried_options_set(int from, int listener, struct left_options *left);

/* Gives the listener the kernel's defaults again, before the table's options are set. As above, another holder may keep
 * its lock. */
void carried_options_clear(int listener);
