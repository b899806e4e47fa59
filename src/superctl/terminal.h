/* The terminal of an interactive view. superctl takes it over and restores it, also when it is stopped (SIGTSTP) or
 * killed by a signal. There is one terminal, so the functions have no argument for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Bits. */
enum terminal_event {
	TERMINAL_KEY = 1,               /* terminal_key can read a key */
	TERMINAL_INPUT = 2,             /* the other descriptor is readable, or has hung up */
	TERMINAL_SIZE = 4,              /* the size may have changed: draw everything again */
	TERMINAL_END = 8                /* a signal ends the program: call terminal_leave, then terminal_die */
};

bool terminal_enter(void);              /* false: stdin or stdout is no terminal, or superctl is in the background */

/* Waits for a key or for input on fd; fd -1: for keys only. Returns bits of enum terminal_event; 0: so many
 * milliseconds have passed. milliseconds -1: no limit. */
unsigned terminal_wait(int fd, int milliseconds);

char terminal_key(void);                /* 0: none; the cursor keys up and down are 'k' and 'j' */
bool terminal_draw(const char *text, size_t length);
void terminal_leave(void);              /* restores the terminal; does nothing if it was not entered */
void terminal_die(void);                /* ends the process by the signal of TERMINAL_END, if there was one */
