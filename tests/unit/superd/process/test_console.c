/* The console of a service in the foreground: what passes between a backend's ends and superd, and who waits when one
 * of them does not read. This test is superd and the backend. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "superd/process/console.h"
#include "tests/unit/hang.h"

static struct console console;
static struct buf why;
static struct {
	struct buf output, errors;
	size_t taken;
	bool finished;
} heard;

static void open_console(const struct console_size *size)
{
	signal(SIGPIPE, SIG_IGN);
	cr_assert(console_open(&console, size, &why), "%s", buf_string(&why));
}

/* Takes one message. false: there is none for so many milliseconds. */
static bool hear(int milliseconds)
{
	struct pollfd channel = { console.process.channel, POLLIN, 0 };
	char bytes[CONSOLE_CHUNK];
	size_t length;

	if (poll(&channel, 1, milliseconds) <= 0)
		return false;
	switch (console_read(&console, bytes, &length)) {
	case CONSOLE_NOTHING:
		return false;
	case CONSOLE_OUTPUT:
		buf_add(&heard.output, bytes, length);
		break;
	case CONSOLE_ERRORS:
		buf_add(&heard.errors, bytes, length);
		break;
	case CONSOLE_TAKEN:
		heard.taken += length;
		break;
	case CONSOLE_FINISHED:
		heard.finished = true;
		break;
	}
	return true;
}

static void hear_until_finished(void)
{
	while (!heard.finished)
		cr_assert(hear(HANG_MS));
}

static void close_streams(void)
{
	for (int n = 0; n < 3; n++) {
		if (n == 0 || console.streams[n] != console.streams[0])
			close(console.streams[n]);
	}
}

static void end(void)
{
	console_leave(&console);
	buf_free(&heard.output);
	buf_free(&heard.errors);
	buf_free(&why);
}

TestSuite(console, .fini = end, .timeout = 120);

Test(console, passes_output_and_errors_apart)
{
	open_console(NULL);
	cr_assert_eq(write(console.streams[1], "out", 3), 3);
	cr_assert_eq(write(console.streams[2], "err", 3), 3);
	close_streams();
	hear_until_finished();
	cr_expect_str_eq(buf_string(&heard.output), "out");
	cr_expect_str_eq(buf_string(&heard.errors), "err");
}

Test(console, passes_input_and_its_end)
{
	char read_back[16] = "";

	open_console(NULL);
	cr_assert(console_add_input(&console, "typed", 5));
	console_end_input(&console);
	cr_assert_not(console_flush(&console));
	for (size_t got = 0; got < 5;)
		got += (size_t)read(console.streams[0], read_back + got, sizeof(read_back) - got);
	cr_expect_str_eq(read_back, "typed");
	cr_expect_eq(read(console.streams[0], read_back, 1), 0, "it has ended");
	while (heard.taken < 5)
		cr_assert(hear(HANG_MS));
	cr_expect_eq(heard.taken, 5);
	cr_expect_not(console_add_input(&console, "more", 4), "behind its end");
	close_streams();
}

static double seconds_used(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	cr_assert_eq(clock_getcpuclockid(pid, &clock), 0);
	cr_assert_eq(clock_gettime(clock, &used), 0);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static bool sleeps(pid_t pid)
{
	char path[64], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	cr_assert(file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
	fclose(file);
	return state == 'S';
}

/* What is typed ends with the terminal alone. */
Test(console, rests_behind_the_end_of_a_terminals_input)
{
	static const struct console_size size = { 24, 80 };
	double used = 0, before = -1;

	open_console(&size);
	console_end_input(&console);
	cr_assert_not(console_flush(&console));
	cr_assert_eq(write(console.streams[1], "out", 3), 3);
	cr_assert(hear(HANG_MS));
	for (int tries = 0; used > before || !sleeps(console.process.pid); tries++) {
		cr_assert_lt(tries, HANG_MS, "it spins");
		before = used;
		poll(NULL, 0, 1);
		used = seconds_used(console.process.pid);
	}
	close_streams();
	hear_until_finished();
}

Test(console, takes_no_more_input_than_a_window)
{
	static const char bytes[CONSOLE_WINDOW];
	size_t taken = 0;

	open_console(NULL);
	cr_expect(console_add_input(&console, bytes, CONSOLE_WINDOW));
	cr_expect_not(console_add_input(&console, bytes, 1));
	console_flush(&console);
	while (heard.taken < CONSOLE_WINDOW)    /* the pipe takes so much, though nobody reads it */
		cr_assert(hear(HANG_MS));
	for (int n = 0; n < 20; n++) {          /* until the pipe is full */
		if (console_add_input(&console, bytes, CONSOLE_CHUNK))
			taken += CONSOLE_CHUNK;
		console_flush(&console);
		(void)hear(taken < (64 << 10) ? 100 : 10);
	}
	cr_expect_leq(console.under_way, CONSOLE_WINDOW);
	close_streams();
}

Test(console, lets_a_flood_wait)
{
	static const char bytes[4096];
	size_t written = 0;

	open_console(NULL);
	fcntl(console.streams[1], F_SETFL, O_NONBLOCK);
	for (int quiet = 0; quiet < 20; poll(NULL, 0, 5)) {     /* nobody takes it here */
		ssize_t put = write(console.streams[1], bytes, sizeof(bytes));

		written += put > 0 ? (size_t)put : 0;
		quiet = put > 0 ? 0 : quiet + 1;
	}
	cr_expect_lt(written, 2 << 20, "%zu bytes", written);
	close_streams();
	hear_until_finished();
	cr_expect_eq(heard.output.length, written);
}

Test(console, is_a_terminal_of_the_size_that_was_given)
{
	const struct console_size first = { 24, 80 }, second = { 50, 132 };
	struct winsize size = { 0 };

	open_console(&first);
	cr_expect(isatty(console.streams[0]));
	cr_assert_eq(ioctl(console.streams[2], TIOCGWINSZ, &size), 0);
	cr_expect(size.ws_row == 24 && size.ws_col == 80);
	console_resize(&console, &second);
	cr_assert_not(console_flush(&console));
	for (int n = 0; n < HANG_MS && size.ws_col != 132; n++) {
		poll(NULL, 0, 1);
		cr_assert_eq(ioctl(console.streams[2], TIOCGWINSZ, &size), 0);
	}
	cr_expect(size.ws_row == 50 && size.ws_col == 132);
	close_streams();
	hear_until_finished();
}

Test(console, echoes_and_edits_as_a_terminal)
{
	const struct console_size size = { 24, 80 };
	char line[16] = "";

	open_console(&size);
	cr_assert(console_add_input(&console, "ax\177b\r", 5));
	cr_assert_not(console_flush(&console));
	cr_assert_eq(read(console.streams[0], line, sizeof(line)), 3);
	cr_expect_str_eq(line, "ab\n");
	close_streams();
	hear_until_finished();
	cr_expect_not_null(strstr(buf_string(&heard.output), "b\r\n"), "%s", buf_string(&heard.output));
}

Test(console, finishes_when_asked_though_others_have_it)
{
	const struct console_size size = { 24, 80 };

	open_console(&size);
	cr_assert_eq(write(console.streams[1], "last\n", 5), 5);
	console_finish(&console);
	cr_assert_not(console_flush(&console));
	hear_until_finished();
	cr_expect_str_eq(buf_string(&heard.output), "last\r\n");
	close_streams();
}

/* The backend neither waits nor gets a hangup, and the process ends with it. */
Test(console, goes_on_without_superd)
{
	const struct console_size size = { 24, 80 };
	static const char bytes[4096];
	int status;

	open_console(&size);
	console_leave(&console);
	for (int n = 0; n < 100; n++)
		cr_assert_eq(write(console.streams[1], bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	cr_expect_eq(waitpid(console.process.pid, &status, WNOHANG), 0, "it holds the terminal");
	close_streams();
	cr_assert_eq(waitpid(console.process.pid, &status, 0), console.process.pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
}

/* The client leaves while superd waits for the rest of the output, and a process of the backend's is left. */
Test(console, goes_on_without_superd_that_has_asked_for_the_rest)
{
	const struct console_size size = { 24, 80 };
	static const char bytes[4096];
	int status;

	open_console(&size);
	console_finish(&console);
	cr_assert_not(console_flush(&console));
	console_leave(&console);
	for (int n = 0; n < 100; n++)
		cr_assert_eq(write(console.streams[1], bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	close_streams();
	cr_assert_eq(waitpid(console.process.pid, &status, 0), console.process.pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%d", status);
}

Test(console, finishes_if_its_process_was_killed)
{
	open_console(NULL);
	kill(console.process.pid, SIGKILL);
	hear_until_finished();
	cr_expect(console_add_input(&console, "x", 1));
	cr_expect_not(console_flush(&console), "nothing waits for a process that is gone");
	close_streams();
}
