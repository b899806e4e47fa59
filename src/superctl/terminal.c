/* The terminal of an interactive view: the alternate screen, no echo, each key at once.
 *
 * superctl must restore it however it ends. Signals are blocked except in ppoll(2), and their handlers only set a
 * flag. At ^Z superctl restores the terminal before it stops, and takes it again after SIGCONT. */
#include "superctl/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "superctl/json_reply.h"

static const int watched[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGWINCH, SIGALRM };

enum { WATCHED = sizeof(watched) / sizeof(watched[0]) };

static struct {
	bool is_entered;
	struct termios before;               /* the settings to restore */
	sigset_t mask;                       /* the signal mask to restore, which ppoll(2) waits with */
	struct sigaction actions[WATCHED];   /* the handlers to restore */
} terminal;

static volatile sig_atomic_t ending; /* the signal that ends the program; 0: none */
static volatile sig_atomic_t resized, stopped;

static void on_signal(int signal)
{
	if (signal == SIGWINCH)
		resized = 1;
	else if (signal == SIGTSTP)
		stopped = 1;
	else
		ending = signal;
}

bool terminal_draw(const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };

			(void)poll(&ready, 1, 1000);
			continue;
		}
		if (written < 0)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return true;
}

static bool draw_text(const char *text)
{
	return terminal_draw(text, strlen(text));
}

/* Changes to the alternate screen. ISIG stays on, so ^C and ^Z still send signals. \033[?7l makes the terminal cut long
 * lines. */
static bool enter_screen(void)
{
	struct termios raw = terminal.before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return false;
	return draw_text("\033[?1049h\033[?25l\033[?7l");
}

static void restore_screen(void)
{
	(void)draw_text("\033[0m\033[?7h\033[?25h\033[?1049l");
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
}

/* In the background it raises SIGTTOU, which stops the process until the shell brings it to the foreground.
 * tcsetattr(3) would do that, too, but again at each SIGCONT and with SIGTERM blocked. false: the process is still in
 * the background. */
static bool move_to_foreground(void)
{
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		(void)raise(SIGTTOU);
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

bool terminal_enter(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &terminal.before) < 0 || !move_to_foreground())
		return false;
	sigemptyset(&action.sa_mask);
	sigemptyset(&block);
	for (size_t i = 0; i < WATCHED; i++)
		sigaddset(&block, watched[i]);
	(void)sigprocmask(SIG_BLOCK, &block, &terminal.mask);
	for (size_t i = 0; i < WATCHED; i++)
		(void)sigaction(watched[i], &action, &terminal.actions[i]);
	terminal.is_entered = true;
	json_reply_do_without_memory();
	if (enter_screen())
		return true;
	terminal_leave();
	return false;
}

/* Restores the terminal and stops, as the shell's job control expects, until SIGCONT. */
static void stop_process(void)
{
	stopped = 0;
	restore_screen();
	(void)raise(SIGSTOP);
	if (move_to_foreground())
		(void)enter_screen();
	else
		ending = SIGTERM;
	resized = 1;
}

unsigned terminal_wait(int fd, int milliseconds)
{
	struct timespec most = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
	struct pollfd ready[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
	unsigned events = 0;

	if (ppoll(ready, 2, milliseconds < 0 ? NULL : &most, &terminal.mask) <= 0)
		ready[0].revents = ready[1].revents = 0;
	if (stopped)
		stop_process();
	if (ready[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		ending = ending ? ending : SIGHUP;
	events |= ready[0].revents & POLLIN ? TERMINAL_KEY : 0;
	events |= ready[1].revents ? TERMINAL_INPUT : 0;
	events |= resized ? TERMINAL_SIZE : 0;
	events |= ending ? TERMINAL_END : 0;
	resized = 0;
	return events;
}

char terminal_key(void)
{
	char keys[8];
	ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));

	if (got <= 0)
		return 0;
	if (keys[0] != '\033')
		return keys[0];
	if (got < 3 || keys[1] != '[')
		return 0;
	return keys[2] == 'A' ? 'k' : keys[2] == 'B' ? 'j' : 0;
}

void terminal_leave(void)
{
	if (!terminal.is_entered)
		return;
	restore_screen();
	for (size_t i = 0; i < WATCHED; i++)
		(void)sigaction(watched[i], &terminal.actions[i], NULL);
	terminal.is_entered = false;
	(void)sigprocmask(SIG_SETMASK, &terminal.mask, NULL);
}

void terminal_die(void)
{
	if (!ending)
		return;
	(void)signal(ending, SIG_DFL);
	(void)raise(ending);
}
