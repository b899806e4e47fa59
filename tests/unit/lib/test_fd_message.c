/* Descriptors in messages of a unix socket. */
#include <dirent.h>

#include "lib/lib.h"
#include "tests/unit/unit.h"

static int count_open(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	cr_assert(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void make_pair(int ends[2])
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

Test(fd_message, carries_bytes_and_descriptors)
{
	const int sent[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	int ends[2], fds[3] = { -1, -1, -1 };
	size_t count = 3;
	char text[16];

	make_pair(ends);
	cr_assert(fd_message_send(ends[0], "three", 6, sent, 3, 0));
	cr_assert_eq(fd_message_receive(ends[1], text, sizeof(text), fds, &count, 0), 6);
	cr_expect_str_eq(text, "three");
	cr_assert_eq(count, 3);
	for (size_t n = 0; n < count; n++)
		cr_expect(fcntl(fds[n], F_GETFD) & FD_CLOEXEC);
	cr_assert(fd_message_send(ends[0], "none", 5, NULL, 0, 0));
	cr_assert_eq(fd_message_receive(ends[1], text, sizeof(text), fds, &count, 0), 5);
	cr_expect_eq(count, 0);
}

Test(fd_message, keeps_no_more_than_were_asked_for)
{
	int ends[2], sent[FD_MESSAGE_MOST], fd, before;
	size_t count = 1;
	char text[16];

	for (size_t n = 0; n < FD_MESSAGE_MOST; n++)
		sent[n] = STDERR_FILENO;
	make_pair(ends);
	before = count_open();
	cr_assert(fd_message_send(ends[0], "", 1, sent, FD_MESSAGE_MOST, 0));
	cr_assert_eq(fd_message_receive(ends[1], text, sizeof(text), &fd, &count, 0), 1);
	cr_expect_eq(count, 1);
	cr_expect_eq(count_open(), before + 1);
}

/* As a notify socket does, where they stand before the descriptors. */
Test(fd_message, passes_over_credentials)
{
	int ends[2], fd = -1, on = 1;
	size_t count = 1;
	char byte;

	make_pair(ends);
	cr_assert_eq(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	cr_assert(fd_message_send(ends[0], "", 1, &ends[0], 1, 0));
	cr_assert_eq(fd_message_receive(ends[1], &byte, 1, &fd, &count, MSG_DONTWAIT), 1);
	cr_expect_eq(count, 1);
	cr_expect_geq(fd, 0);
}

Test(fd_message, says_when_there_is_none)
{
	int ends[2], fd;
	size_t count = 1;
	char byte;

	make_pair(ends);
	cr_expect_eq(fd_message_receive(ends[1], &byte, 1, &fd, &count, MSG_DONTWAIT), -1);
	cr_expect_eq(errno, EAGAIN);
	cr_expect_eq(count, 0);
	close(ends[1]);
	cr_expect_not(fd_message_send(ends[0], "", 1, NULL, 0, 0), "and no SIGPIPE");
}
