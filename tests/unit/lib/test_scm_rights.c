/* Descriptors along with a message: refused by the kernel where it can, and seen before anything is received. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

static size_t count_open(void)
{
	size_t count = 0;

	for (int n = 0; n < 256; n++)
		count += fcntl(n, F_GETFD) >= 0;
	return count;
}

static bool give(int end, const char *text)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { (char *)(uintptr_t)text, strlen(text) };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};

	memcpy(CMSG_DATA(&control.header), &(int){ STDIN_FILENO }, sizeof(int));
	return sendmsg(end, &message, 0) > 0;
}

Test(passed_rights, a_look_at_a_stream_takes_nothing_and_tells)
{
	int ends[2];
	char text[16];
	bool carries = true;
	size_t before;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	before = count_open();
	cr_assert_eq(send(ends[1], "abc", 3, 0), 3);
	cr_expect_eq(scm_rights_peek(ends[0], text, sizeof(text), &carries), 3);
	cr_expect_not(carries);
	cr_assert(give(ends[1], "def"));
	cr_expect_geq(scm_rights_peek(ends[0], text, sizeof(text), &carries), 3);
	cr_expect(carries);
	cr_expect_eq(recv(ends[0], text, 3, 0), 3, "what was looked at before can be read");
	cr_expect_eq(scm_rights_peek(ends[0], text, sizeof(text), &carries), 3);
	cr_expect(carries);
	cr_expect_eq(count_open(), before);
}

Test(passed_rights, an_empty_queue_and_the_end_carry_nothing)
{
	int ends[2];
	char text[16];
	bool carries = true;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	cr_expect_lt(scm_rights_peek(ends[0], text, sizeof(text), &carries), 0);
	cr_expect_eq(errno, EAGAIN);
	cr_expect_not(carries);
	close(ends[1]);
	cr_expect_eq(scm_rights_peek(ends[0], text, sizeof(text), &carries), 0);
	cr_expect_not(carries);
}

Test(passed_rights, the_kernel_refuses_them_where_they_are_not_allowed)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	if (!scm_rights_allow(ends[0], false)) {
		cr_expect_eq(errno, ENOPROTOOPT);
		cr_skip_test("the kernel has no SO_PASSRIGHTS (Linux 6.16)");
	}
	cr_expect_not(give(ends[1], "abc"));
	cr_expect_eq(errno, EPERM);
	cr_expect(scm_rights_allow(ends[0], true));
	cr_expect(give(ends[1], "abc"));
}

Test(passed_rights, connections_of_a_listener_have_it_from_there)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), before, after, accepted;

	if (!scm_rights_allow(listener, false))
		cr_skip_test("the kernel has no SO_PASSRIGHTS (Linux 6.16)");
	cr_assert_eq(bind(listener, (struct sockaddr *)&(sa_family_t){ AF_UNIX }, sizeof(sa_family_t)), 0);
	cr_assert_eq(listen(listener, 4), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	before = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(connect(before, (struct sockaddr *)&address, size), 0);
	cr_expect_not(give(before, "not accepted yet"));
	accepted = accept(listener, NULL, NULL);
	cr_expect_not(give(before, "accepted"));
	cr_expect(give(accepted, "the other way is the client's affair"));
	after = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(connect(after, (struct sockaddr *)&address, size), 0);
	cr_expect_not(give(after, "of a later one"));
}

Test(passed_rights, urgent_data_is_refused_with_them_or_seen)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { (char[]){ "x" }, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int ends[2];
	char text[16];
	bool carries;

	memcpy(CMSG_DATA(&control.header), &(int){ STDIN_FILENO }, sizeof(int));
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	cr_assert_eq(setsockopt(ends[0], SOL_SOCKET, SO_OOBINLINE, &(int){ 1 }, sizeof(int)), 0);
	if (sendmsg(ends[1], &message, MSG_OOB) < 0)
		cr_skip_test("no urgent data on unix sockets here");
	cr_expect_geq(scm_rights_peek(ends[0], text, sizeof(text), &carries), 0);
	cr_expect(carries);
	if (scm_rights_allow(ends[0], false))
		cr_expect_lt(sendmsg(ends[1], &message, MSG_OOB), 0);
}
