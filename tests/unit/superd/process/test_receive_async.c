/* Receiving beside superd: what is asked for comes back, what may hang to close does not, and nothing is left here. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>

#include "os/host/program.h"
#include "os/proc/pidfd.h"
#include "superd/process/receive_async.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

static int ends[2];
static struct received received;

static void open_pair(void)
{
	programs_open(NULL);            /* they stay open */
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
}

TestSuite(receive_async, .init = open_pair);

static size_t count_open(void)
{
	size_t count = 0;

	for (int n = 0; n < 1024; n++)
		count += fcntl(n, F_GETFD) >= 0;
	return count;
}

static void give(const int *fds, size_t count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = { .header = { CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { (char[]){ "FDSTORE=1" }, 9 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	cr_assert_geq(sendmsg(ends[1], &message, 0), 0);
}

/* Receives, and waits for the end of the process that did. */
static enum receive_state receive(enum receive_purpose purpose)
{
	enum receive_state state = RECEIVE_WAITS;
	struct worker_process process = receive_async(ends[0], purpose, 0);
	struct pollfd answer = { process.channel, POLLIN, 0 };

	cr_assert_geq(process.channel, 0);
	while (state == RECEIVE_WAITS && poll(&answer, 1, HANG_MS) > 0)
		state = receive_async_hear(&process, &received);
	close(process.channel);
	cr_assert_eq(waitpid(process.pid, NULL, 0), process.pid);
	return state;
}

static bool is_same(int a, int b)
{
	struct stat one, two;

	return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

Test(receive_async, what_can_be_held_without_harm_comes_back)
{
	int pipes[2], fds[6];

	cr_assert_eq(pipe(pipes), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	fds[1] = pipes[0];
	fds[2] = memfd_create("held", MFD_ALLOW_SEALING);
	fds[3] = eventfd(0, 0);
	fds[4] = timerfd_create(CLOCK_MONOTONIC, 0);
	fds[5] = pidfd_of(getpid());
	give(fds, 6);
	cr_assert_eq(receive(RECEIVE_STORED), RECEIVE_DONE);
	cr_expect_eq(received.refused, 0, "%s", received.kind);
	cr_assert_eq(received.count, 6);
	for (size_t n = 0; n < 6; n++) {
		cr_expect(is_same(received.fds[n], fds[n]));
		cr_expect(fcntl(received.fds[n], F_GETFD) & FD_CLOEXEC);
	}
}

Test(receive_async, a_file_a_fifo_and_an_epoll_do_not)
{
	char folder[] = "/tmp/receive-XXXXXX", path[64];
	int fds[4];
	size_t before;

	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	cr_assert_eq(mkfifo(path, 0600), 0);
	fds[0] = open(folder, O_RDONLY);
	fds[1] = open(path, O_RDWR);
	fds[2] = epoll_create1(0);
	fds[3] = eventfd(0, 0);
	before = count_open();
	give(fds, 4);
	cr_assert_eq(receive(RECEIVE_STORED), RECEIVE_DONE);
	cr_expect_eq(received.count, 1);
	cr_expect(is_same(received.fds[0], fds[3]));
	cr_expect_eq(received.refused, 3);
	cr_expect_str_eq(received.kind, "a file");
	cr_expect_eq(count_open(), before + 1);
	unlink(path);
	rmdir(folder);
}

Test(receive_async, a_file_whose_name_reads_like_one_in_memory_does_not)
{
	char folder[] = "/tmp/receive-XXXXXX", path[64];
	int fd;

	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/memfd:x (deleted)", folder);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	give(&fd, 1);
	cr_assert_eq(receive(RECEIVE_STORED), RECEIVE_DONE);
	cr_expect_eq(received.count, 0);
	cr_expect_eq(received.refused, 1);
	unlink(path);
	rmdir(folder);
}

Test(receive_async, a_process_is_told_by_its_pidfd_alone)
{
	int fd = pidfd_of(getpid());
	size_t before = count_open();

	give(&fd, 1);
	cr_assert_eq(receive(RECEIVE_PROCESS), RECEIVE_DONE);
	cr_expect_eq(received.process, getpid());
	cr_expect_eq(received.count, 0);
	give(&(int){ STDIN_FILENO }, 1);
	cr_assert_eq(receive(RECEIVE_PROCESS), RECEIVE_DONE);
	cr_expect_eq(received.process, -1);
	cr_expect_eq(count_open(), before);
}

Test(receive_async, what_nobody_asked_for_is_dropped)
{
	size_t before = count_open();
	char byte;

	give(&(int){ STDIN_FILENO }, 1);
	cr_assert_eq(receive(RECEIVE_NOTHING), RECEIVE_DONE);
	cr_expect_eq(received.count, 0);
	cr_expect_eq(count_open(), before);
	cr_expect_lt(recv(ends[0], &byte, 1, MSG_DONTWAIT), 0, "the message is taken");
}

Test(receive_async, without_a_message_there_is_no_answer)
{
	cr_expect_eq(receive(RECEIVE_STORED), RECEIVE_FAILED);
}
