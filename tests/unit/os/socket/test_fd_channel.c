/* Packets and descriptors from a program that may be in wrong hands, and files that have no name. */
#include "os/host/host.h"
#include "tests/unit/unit.h"

static int ends[2];

static void open_ends(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	scm_rights_allow(ends[0], false);
}

static void close_ends(void)
{
	close(ends[0]);
	close(ends[1]);
}

TestSuite(channel_end, .init = open_ends, .fini = close_ends, .timeout = 120);

/* As the other end would: this many copies of standard error go along. */
static void send_with(const char *text, size_t length, int count)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { (void *)(uintptr_t)text, length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	int list[16] = { 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 };

	if (count) {
		control.header.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), list, (size_t)count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
	}
	cr_assert_eq(sendmsg(ends[1], &message, MSG_NOSIGNAL), (ssize_t)length);
}

static int lowest_free(void)
{
	int fd = fcntl(2, F_DUPFD_CLOEXEC, 3);

	close(fd);
	return fd;
}

Test(channel_end, a_packet_comes_as_it_was_sent)
{
	char text[16];

	send_with("help", 4, 0);
	cr_assert_eq(fd_channel_receive(ends[0], text, sizeof(text)), 4);
	cr_expect_eq(memcmp(text, "help", 4), 0);
}

Test(channel_end, nothing_is_not_waited_for)
{
	char text[16];

	cr_expect_eq(fd_channel_receive(ends[0], text, sizeof(text)), -1);
	cr_expect_eq(errno, EAGAIN);
	close(ends[1]);
	ends[1] = -1;
	cr_expect_eq(fd_channel_receive(ends[0], text, sizeof(text)), 0);
	cr_expect_eq(errno, EPIPE);
}

Test(channel_end, descriptors_do_not_come_along)
{
	int before = lowest_free();
	char text[16];

	if (scm_rights_allow(ends[0], true)) {          /* as before Linux 6.16 */
		send_with("name", 4, 8);
		cr_expect_eq(fd_channel_receive(ends[0], text, sizeof(text)), -1);
		cr_expect_eq(errno, EPERM);
		cr_expect_eq(lowest_free(), before);
	}
}

Test(channel_end, a_packet_too_long_is_none)
{
	char text[4];

	send_with("far too long", 12, 0);
	cr_expect_eq(fd_channel_receive(ends[0], text, sizeof(text)), -1);
	cr_expect_eq(errno, EMSGSIZE);
	send_with("next", 4, 0);
	cr_expect_eq(fd_channel_receive(ends[0], text, sizeof(text)), 4);
}

Test(channel_end, an_empty_file_is_one)
{
	int file = memory_file("", 0);
	char byte;

	cr_assert_geq(file, 0);
	cr_expect_eq(read(file, &byte, 1), 0);
	close(file);
}
