/* The terminal of `superctl run`, and the signals that go to the service. In raw mode each key is passed on, so that the
 * service's own terminal decides what Ctrl-C is. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

struct pollfd;

/* Begins zeroed. */
struct run_terminal {
	bool is_entered;                /* its settings are changed */
	bool passes_keys;               /* raw mode for input, too */
	struct termios before;          /* the settings to restore */
	sigset_t mask;                  /* signal mask to wait with */
};

/* Whether standard input and output are a terminal. */
bool run_terminal_is_there(void);

/* The size of the terminal; 0 and 0: unknown. */
void run_terminal_size(unsigned short *rows, unsigned short *columns);

/* Catches signals, which are blocked except in run_terminal_poll, from now on. */
void run_terminal_catch(struct run_terminal *terminal);

/* Set raw mode, and again after SIGCONT: the first for output alone, which another terminal has processed, so that
 * Ctrl-C still interrupts superctl; the second for both. false and errno. run_terminal_leave restores the former modes;
 * it does nothing if they are in effect already. */
bool run_terminal_pass_output(struct run_terminal *terminal);
bool run_terminal_pass_keys(struct run_terminal *terminal);
void run_terminal_leave(struct run_terminal *terminal);

/* As poll(2), without a time limit; also returns when a signal has arrived. */
void run_terminal_poll(const struct run_terminal *terminal, struct pollfd *fds, unsigned count);

int run_terminal_signal(void);          /* the next signal that arrived: INT, QUIT, TERM or HUP; 0: none */
bool run_terminal_resized(void);        /* once after each change of the size */
