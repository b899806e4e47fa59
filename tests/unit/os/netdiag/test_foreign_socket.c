/* What is done to a socket of another user's backend: beside superd, with its answer, and never for long. */
#include <netinet/in.h>

#include "os/netdiag/foreign_socket.h"
#include "tests/unit/unit.h"

static pid_t self;
static int listener;

static void set_up(void)
{
	self = getpid();
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(listener, 0);
	cr_assert_eq(listen(listener, 1), 0);
}

TestSuite(foreign_socket, .init = set_up, .timeout = 120);

static int succeed_beside(int fd, const void *with, struct buf *why, struct buf *warnings)
{
	(void)fd, (void)with, (void)warnings;
	buf_text(why, "told");
	return getpid() == self ? -1 : 0;
}

static int fail_without_reason(int fd, const void *with, struct buf *why, struct buf *warnings)
{
	(void)fd, (void)with, (void)why, (void)warnings;
	errno = 0;
	return -1;
}

static int make_socket(int fd, const void *with, struct buf *why, struct buf *warnings)
{
	(void)fd, (void)with, (void)why, (void)warnings;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int hang(int fd, const void *with, struct buf *why, struct buf *warnings)
{
	(void)fd, (void)with, (void)why, (void)warnings;
	while (getpid() != self)
		pause();
	return -1;
}

static int run(socket_work *work, struct buf *why)
{
	struct buf none = { 0 };
	int result = foreign_socket_do(listener, work, NULL, why, &none), error = errno;

	buf_free(&none);
	errno = error;
	return result;
}

Test(foreign_socket, work_is_done_beside_superd_and_tells)
{
	struct buf why = { 0 };

	cr_assert(foreign_socket_mark(listener));
	cr_expect_eq(run(succeed_beside, &why), 0);
	cr_expect_str_eq(buf_string(&why), "told");
	buf_free(&why);
}

Test(foreign_socket, a_failure_is_one_also_without_a_reason)
{
	struct buf why = { 0 };

	cr_expect_eq(run(fail_without_reason, &why), -1);
	cr_assert(foreign_socket_mark(listener));
	cr_expect_eq(run(fail_without_reason, &why), -1);
	buf_free(&why);
}

Test(foreign_socket, what_hangs_is_given_up_and_not_tried_at_once)
{
	struct buf why = { 0 };

	cr_assert(foreign_socket_mark(listener));
	cr_expect_eq(run(hang, &why), -1);
	cr_expect_eq(errno, ETIMEDOUT);
	cr_expect_eq(run(succeed_beside, &why), -1);
	cr_expect_eq(errno, ETIMEDOUT);
	cr_expect_eq(why.length, 0, "it was not done");
	buf_free(&why);
}

Test(foreign_socket, a_new_socket_is_none_whatever_had_its_number)
{
	struct buf none = { 0 };
	int made, again;

	cr_assert(foreign_socket_mark(listener));
	made = foreign_socket_open(listener, make_socket, NULL, &none, &none);
	cr_assert_geq(made, 0);
	cr_assert(foreign_socket_mark(made));
	close(made);
	again = foreign_socket_open(listener, make_socket, NULL, &none, &none);
	cr_expect_eq(again, made, "the test needs the same number");
	cr_expect_not(foreign_socket_is(again));
	buf_free(&none);
}

Test(foreign_socket, its_name_is_that_of_before)
{
	struct socket_address before, after;

	cr_assert(foreign_socket_name(listener, &before));
	cr_assert(foreign_socket_mark(listener));
	cr_assert(foreign_socket_name(listener, &after));
	cr_expect_eq(before.in.sin_port, after.in.sin_port);
}

/* Without the socket's lock, which its holder may keep. */
Test(foreign_socket, the_name_of_one_from_elsewhere_is_found_again)
{
	static const struct { int domain, type; } kinds[] = {
		{ AF_INET, SOCK_STREAM }, { AF_INET6, SOCK_STREAM }, { AF_INET, SOCK_DGRAM }, { AF_UNIX, SOCK_STREAM },
	};

	for (size_t n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
		struct socket_address before = { .length = sizeof(before.storage) }, after = { 0 };
		int fd = socket(kinds[n].domain, kinds[n].type | SOCK_CLOEXEC, 0);

		if (fd < 0)
			continue;       /* a machine without IPv6 */
		before.any.sa_family = (sa_family_t)kinds[n].domain;
		cr_assert_eq(bind(fd, &before.any, kinds[n].domain == AF_INET6 ? sizeof(before.in6)
					  : kinds[n].domain == AF_INET ? sizeof(before.in) : sizeof(sa_family_t)), 0);
		if (kinds[n].type == SOCK_STREAM)
			cr_assert_eq(listen(fd, 1), 0);
		memset(&before, 0, sizeof(before));
		before.length = sizeof(before.storage);
		cr_assert_eq(getsockname(fd, &before.any, &before.length), 0);
		foreign_socket_resume(fd, NULL);
		cr_expect(foreign_socket_is(fd));
		cr_assert(foreign_socket_name(fd, &after), "kind %zu", n);
		cr_expect_eq(before.length, after.length, "kind %zu", n);
		cr_expect_arr_eq(&before.storage, &after.storage, before.length, "kind %zu", n);
		close(fd);
	}
}

Test(foreign_socket, a_name_that_is_given_is_kept)
{
	const struct socket_address given = {
		.in = { .sin_family = AF_INET, .sin_port = 7 }, .length = sizeof(given.in),
	};
	struct socket_address name;

	foreign_socket_resume(listener, &given);
	cr_assert(foreign_socket_name(listener, &name));
	cr_expect_eq(name.in.sin_port, 7);
}

Test(foreign_socket, what_has_no_name_to_remember_is_not_marked)
{
	int ends[2];

	cr_expect_not(foreign_socket_mark(0x7fff), "the call fails");
	cr_expect_not(foreign_socket_is(0x7fff));
	cr_assert_eq(pipe(ends), 0);
	cr_expect(foreign_socket_mark(ends[0]), "a pipe has none, which is no failure");
	cr_expect(foreign_socket_is(ends[0]));
	close(ends[0]);
	close(ends[1]);
}
