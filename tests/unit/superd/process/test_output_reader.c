/* Pipes that another process reads: in order, to their end, each for itself, and again by another one where it is
 * killed. */
#include <poll.h>
#include <sys/resource.h>

#include "lib/answer.h"
#include "lib/fd.h"
#include "os/proc/pidfd.h"
#include "superd/start/worker_process.h"
#include "superd/process/output_reader.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/hang.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/worker_memory.h"

/* What the loop does. */
static void reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		spawn_reaped(pid);
}

/* Its writing end. */
static int open_pipe(struct output_reading *reading)
{
	int ends[2];

	*reading = (struct output_reading)OUTPUT_READING_NONE;
	cr_assert_eq(fd_pipe(ends), 0);
	cr_assert(output_reader_start(reading, ends[0]));
	cr_expect_eq(reading->pipe, ends[0]);
	fd_set_nonblocking(ends[1], false);
	return ends[1];
}

/* What comes: the length, 0 at the end. */
static size_t take(struct output_reading *reading, char *to, size_t size)
{
	struct pollfd text = { .fd = reading->text, .events = POLLIN };
	ssize_t got;

	cr_assert_gt(poll(&text, 1, HANG_MS), 0, "nothing has come");
	got = output_reader_read(reading, to, size);
	cr_assert_geq(got, 0);
	return (size_t)got;
}

static void expect_text(struct output_reading *reading, const char *expected)
{
	char text[64] = "";
	size_t length = 0;

	while (length < strlen(expected)) {
		size_t got = take(reading, text + length, sizeof(text) - length - 1);

		cr_assert_gt(got, 0, "its end after %s", text);
		length += got;
	}
	cr_expect_str_eq(text, expected);
}

static void say(int fd, const char *text)
{
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* The reader that there is has it. */
static int open_read_pipe(struct output_reading *reading)
{
	int pipe = open_pipe(reading);

	say(pipe, "begun\n");
	expect_text(reading, "begun\n");
	return pipe;
}

/* The reader that there is; it stands still. */
static pid_t stop_reader(void)
{
	pid_t reader = output_reader_process();

	kill(reader, SIGSTOP);
	cr_assert_eq(waitpid(reader, NULL, WUNTRACED), reader);
	return reader;
}

static bool has_ended(const struct output_reading *reading)
{
	char byte;

	return reading->text >= 0 && recv(reading->text, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* As the loop does, if the reader was killed meanwhile. */
static void wait_until_read(struct output_reading *reading)
{
	for (int tries = 0; !output_reader_is_at_it(reading) || has_ended(reading); tries++) {
		cr_assert_lt(tries, HANG_MS / 5, "nobody reads it");
		if (has_ended(reading))
			output_reader_stop(reading);
		poll(NULL, 0, 5);
		reap();
	}
}

Test(output_reader, what_is_written_comes_and_then_its_end)
{
	struct output_reading reading;
	int pipe = open_pipe(&reading);
	char byte;

	say(pipe, "one\n");
	expect_text(&reading, "one\n");
	say(pipe, "two\n");
	expect_text(&reading, "two\n");
	wait_until_read(&reading);
	cr_expect_lt(read(reading.text, &byte, 1), 0);
	cr_expect_eq(errno, EAGAIN);
	cr_expect_not(output_reader_is_done(&reading));
	close(pipe);
	cr_expect_eq(take(&reading, &byte, 1), 0);
	cr_expect(output_reader_is_done(&reading));
}

Test(output_reader, much_comes_in_order)
{
	enum { NUMBERS = 200000 };
	struct output_reading reading;
	int pipe = open_pipe(&reading);
	static uint32_t numbers[NUMBERS];
	size_t length = 0, got;

	if (fork() == 0) {
		for (uint32_t n = 0; n < NUMBERS; n++)
			numbers[n] = n;
		_exit(write(pipe, numbers, sizeof(numbers)) == (ssize_t)sizeof(numbers) ? 0 : 1);
	}
	close(pipe);
	while ((got = take(&reading, (char *)numbers + length, sizeof(numbers) - length)))
		length += got;
	cr_expect_eq(length, sizeof(numbers));
	for (uint32_t n = 0; n < NUMBERS; n++)
		cr_assert_eq(numbers[n], n);
}

/* As an end of an instance has it: what was written is on its way until it has come, and then nothing is. */
Test(output_reader, what_was_written_is_behind_until_it_has_come)
{
	struct output_reading reading;
	int pipe = open_pipe(&reading);
	char byte;

	for (int n = 0; n < 3000; n++) {
		struct pollfd text = { .fd = reading.text, .events = POLLIN };

		say(pipe, "x");
		cr_assert_gt(poll(&text, 1, HANG_MS), 0);
		cr_assert(output_reader_is_behind(&reading), "it is in the pipe no more, and was not received");
		cr_assert_eq(take(&reading, &byte, 1), 1);
		cr_assert_not(output_reader_is_behind(&reading), "what has come would be waited for");
	}
}

/* Until nobody makes room any more, as far as can be seen. */
static void fill(int pipe)
{
	struct pollfd room = { .fd = pipe, .events = POLLOUT };
	static const char much[4096];
	size_t written = 0;

	fd_set_nonblocking(pipe, true);
	for (ssize_t put = 1; put > 0 || poll(&room, 1, 200) > 0; written += put > 0 ? (size_t)put : 0) {
		cr_assert_lt(written, 1 << 20);
		put = write(pipe, much, sizeof(much));
	}
}

Test(output_reader, a_writer_waits_for_who_does_not_read)
{
	struct output_reading reading;

	fill(open_pipe(&reading));
	cr_expect(output_reader_is_behind(&reading));
}

/* Like a pipe whose lock somebody holds, one that is not read keeps its thread alone. */
Test(output_reader, one_that_hangs_holds_up_no_other)
{
	struct output_reading full, another;

	fill(open_pipe(&full));
	say(open_pipe(&another), "heard\n");
	expect_text(&another, "heard\n");
}

Test(output_reader, one_that_is_killed_is_replaced)
{
	struct output_reading reading;
	int pipe = open_read_pipe(&reading);
	pid_t before;
	char byte;

	before = output_reader_process();
	cr_assert_gt(before, 0);
	kill(before, SIGKILL);
	cr_expect_eq(take(&reading, &byte, 1), 0);
	cr_expect_not(output_reader_is_done(&reading), "the pipe is there");
	say(pipe, "still here\n");
	cr_expect(output_reader_start(&reading, reading.pipe));
	wait_until_read(&reading);
	expect_text(&reading, "still here\n");
	cr_expect_neq(output_reader_process(), before);
}

Test(output_reader, what_a_killed_one_has_not_taken_is_not_lost)
{
	struct output_reading first, second;
	int pipe;

	open_read_pipe(&first);
	stop_reader();
	pipe = open_pipe(&second);
	kill(output_reader_process(), SIGKILL);
	say(pipe, "late\n");
	wait_until_read(&second);
	expect_text(&second, "late\n");
}

Test(output_reader, one_that_receives_no_more_is_ended)
{
	struct output_reading first, second;
	pid_t stopped;
	int pipe;

	open_read_pipe(&first);
	stopped = stop_reader();
	pipe = open_pipe(&second);
	say(pipe, "late\n");
	cr_expect_not(output_reader_is_at_it(&second));
	own_clock_advance(60);
	cr_expect_not(output_reader_is_at_it(&second), "the machine may have stood still");
	for (int n = 0; n < 8; n++) {
		own_clock_advance(1);
		cr_expect_not(output_reader_is_at_it(&second));
	}
	cr_expect_eq(output_reader_process(), stopped, "it may be slow");
	own_clock_advance(2);
	wait_until_read(&second);
	expect_text(&second, "late\n");
	cr_expect_neq(output_reader_process(), stopped);
	wait_until_read(&first);
}

/* superd may look at the first one only when a later one waits already. */
Test(output_reader, one_that_is_read_does_not_wait_with_later_ones)
{
	struct output_reading first, second;
	pid_t stopped;

	open_read_pipe(&first);
	stopped = stop_reader();
	open_pipe(&second);
	cr_expect(output_reader_is_at_it(&first));
	cr_expect_not(output_reader_is_at_it(&second));
	kill(stopped, SIGCONT);
	wait_until_read(&second);
}

/* Its thread may have read the pipe by the time that superd looks. */
Test(output_reader, a_slow_one_keeps_what_it_was_sent)
{
	struct output_reading first, second;
	pid_t stopped;

	open_read_pipe(&first);
	stopped = stop_reader();
	say(open_pipe(&second), "slow\n");
	for (int n = 0; n < 100; n++)
		cr_expect_not(output_reader_is_at_it(&second));
	kill(stopped, SIGCONT);
	expect_text(&second, "slow\n");
	wait_until_read(&second);
	cr_expect_eq(output_reader_process(), stopped);
}

/* As one does that was taken over: superd ends it. */
Test(output_reader, one_that_shuts_its_channel_down_is_replaced)
{
	struct output_reading first, second, third;
	struct answer_fault fault;
	int late, its_end, pidfd;
	pid_t hostile;

	open_read_pipe(&first);
	hostile = stop_reader();
	late = open_pipe(&second);
	pidfd = pidfd_of(hostile);
	its_end = pidfd_copy(pidfd, STDIN_FILENO);
	if (its_end < 0)
		cr_skip_test("its descriptors are root's to copy");
	cr_assert_eq(shutdown(its_end, SHUT_RD), 0);
	close(its_end);                 /* with what waits there, as soon as the reader has ended */
	say(open_pipe(&third), "heard\n");
	wait_until_read(&third);
	expect_text(&third, "heard\n");
	for (int tries = 0; kill(hostile, 0) == 0; tries++) {
		cr_assert_lt(tries, HANG_MS / 5, "it is still there");
		poll(NULL, 0, 5);
		reap();
	}
	say(late, "late\n");
	wait_until_read(&second);
	expect_text(&second, "late\n");
	cr_assert(answer_take_fault(&fault));
	cr_expect_eq(fault.pid, hostile);
}

Test(output_reader, the_pipe_is_closed_when_it_is_wanted_no_more)
{
	struct output_reading reading;
	int pipe = open_pipe(&reading);
	struct pollfd end = { .fd = pipe };

	wait_until_read(&reading);
	output_reader_stop(&reading);
	cr_expect_eq(reading.text, -1);
	close(reading.pipe);
	cr_assert_eq(poll(&end, 1, HANG_MS), 1, "somebody has its reading end");
	cr_expect(end.revents & POLLERR);
}

Test(output_reader, without_a_process_it_is_read_as_soon_as_there_is_one)
{
	struct rlimit none = { 0, 0 }, before;
	struct output_reading reading;
	int pipe;

	SKIP_UNLESS_NOBODY_REACHES_PROGRAMS();
	if (getuid() == 0)
		cr_assert_eq(setreuid(60999, 60999), 0);        /* the limit is not root's */
	getrlimit(RLIMIT_NPROC, &before);
	none.rlim_max = before.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NPROC, &none), 0);
	pipe = open_pipe(&reading);
	say(pipe, "patient\n");
	cr_expect_not(output_reader_is_at_it(&reading));
	cr_expect_eq(output_reader_process(), 0);
	cr_assert_eq(setrlimit(RLIMIT_NPROC, &before), 0);
	wait_until_read(&reading);
	expect_text(&reading, "patient\n");
}

/* Fills what superd and the readers share, as one leaves it that was killed between two steps, or was taken over. */
static void expect_read_in_spite_of(unsigned char byte)
{
	struct shared_memory before = list_shared_memory();
	struct output_reading first, second, third;
	pid_t stopped;
	int pipe;

	open_read_pipe(&first);
	stopped = stop_reader();
	fill_shared_since(&before, byte);
	pipe = open_pipe(&second);
	cr_expect_not(output_reader_is_at_it(&second), "it has not been received");
	kill(stopped, SIGKILL);
	say(pipe, "late\n");
	wait_until_read(&second);
	expect_text(&second, "late\n");
	pipe = open_pipe(&third);
	wait_until_read(&third);
	stopped = output_reader_process();
	for (int n = 0; n < 10; n++)
		cr_expect(output_reader_is_at_it(&third));
	cr_expect_eq(output_reader_process(), stopped, "another one was started, though this one reads");
	say(pipe, "later\n");
	expect_text(&third, "later\n");
}

Test(output_reader, goes_on_though_one_that_was_killed_has_counted_nothing)
{
	expect_read_in_spite_of(0);
}

Test(output_reader, goes_on_though_one_has_written_false_numbers)
{
	expect_read_in_spite_of(0xff);
}
