/* What the terminal was is kept, to restore it however superctl ends. */
#include "superctl/run_terminal.h"

#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "superctl/json_reply.h"

static const int watched[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT };

enum { WATCHED = sizeof(watched) / sizeof(watched[0]) };

static volatile sig_atomic_t arrived[WATCHED];

static void on_signal(int signal)
{
	for (size_t i = 0; i < WATCHED; i++) {
		if (watched[i] == signal)
			arrived[i] = 1;
	}
}

/* true: the signal has arrived since the last call. */
static bool take_signal(int signal)
{
	bool came = false;

	for (size_t i = 0; i < WATCHED; i++) {
		if (watched[i] != signal)
			continue;
		came = arrived[i];
		arrived[i] = 0;
	}
	return came;
}

bool run_terminal_is_there(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void run_terminal_size(unsigned short *rows, unsigned short *columns)
{
	struct winsize size = { 0 };

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){ 0 };
	*rows = size.ws_row;
	*columns = size.ws_col;
}

void run_terminal_catch(struct run_terminal *terminal)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&action.sa_mask);
	sigemptyset(&block);
	for (size_t i = 0; i < WATCHED; i++)
		sigaddset(&block, watched[i]);
	(void)sigprocmask(SIG_BLOCK, &block, &terminal->mask);
	for (size_t i = 0; i < WATCHED; i++)
		(void)sigaction(watched[i], &action, NULL);
}

static bool set_raw(const struct run_terminal *terminal)
{
	struct termios raw = terminal->before;

	raw.c_oflag &= ~(tcflag_t)OPOST;
	if (terminal->passes_keys) {
		raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
		raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
		raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
	}
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

bool run_terminal_pass_output(struct run_terminal *terminal)
{
	json_reply_do_without_memory();
	terminal->is_entered = tcgetattr(STDIN_FILENO, &terminal->before) == 0 && set_raw(terminal);
	return terminal->is_entered;
}

bool run_terminal_pass_keys(struct run_terminal *terminal)
{
	if (!terminal->is_entered && !run_terminal_pass_output(terminal))
		return false;
	terminal->passes_keys = true;
	return set_raw(terminal);
}

void run_terminal_leave(struct run_terminal *terminal)
{
	if (terminal->is_entered)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
	terminal->is_entered = false;
}

void run_terminal_poll(const struct run_terminal *terminal, struct pollfd *fds, unsigned count)
{
	if (ppoll(fds, count, NULL, &terminal->mask) < 0) {
		for (unsigned n = 0; n < count; n++)
			fds[n].revents = 0;
	}
	if (take_signal(SIGCONT) && terminal->is_entered)        /* the shell had the terminal meanwhile */
		(void)set_raw(terminal);
}

int run_terminal_signal(void)
{
	static const int passed[] = { SIGHUP, SIGTERM, SIGINT, SIGQUIT };

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		if (take_signal(passed[i]))
			return passed[i];
	}
	return 0;
}

bool run_terminal_resized(void)
{
	return take_signal(SIGWINCH);
}
