/* A terminal taken over for a live view, and given back as it was: at the end, when stopped, and by any signal that ends
 * a program. One at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum terminal_event {
	TERMINAL_KEY = 1,               /* one can be read */
	TERMINAL_INPUT = 2,             /* the other descriptor has something to read, or its end */
	TERMINAL_SIZE = 4,              /* the size has changed, or the screen is to be drawn anew */
	TERMINAL_END = 8                /* a signal ends the program: terminal_leave, then terminal_die */
};

bool terminal_enter(void);              /* false, and errno: stdin or stdout is none */

/* Events, 0 after so many milliseconds without any (-1: waits on); a stop from the keyboard is seen to by itself. fd -1: the
 * keyboard alone. */
unsigned terminal_wait(int fd, int milliseconds);

char terminal_key(void);                /* 0: none; of a sequence for a cursor key 'A' up, 'B' down as 'k', 'j' */
bool terminal_draw(const char *text, size_t length);
void terminal_leave(void);              /* does nothing where it wasn't entered */
void terminal_die(void);                /* by the signal that ended the waiting */
