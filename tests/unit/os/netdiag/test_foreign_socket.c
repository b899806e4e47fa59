/* What superd knows of a socket of another user's backend without a call that takes its lock. */
#include <netinet/in.h>

#include "os/netdiag/foreign_socket.h"
#include "tests/unit/unit.h"

static int listener;

static void set_up(void)
{
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(listener, 0);
	cr_assert_eq(listen(listener, 1), 0);
}

TestSuite(foreign_socket, .init = set_up, .timeout = 120);

Test(foreign_socket, a_new_socket_is_none_whatever_had_its_number)
{
	int made = foreign_socket_forget(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), again;

	cr_assert_geq(made, 0);
	cr_assert(foreign_socket_mark(made));
	foreign_socket_back_off(made);
	cr_expect(foreign_socket_is_backed_off(made));
	close(made);
	again = foreign_socket_forget(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	cr_expect_eq(again, made, "the test needs the same number");
	cr_expect_not(foreign_socket_is(again) || foreign_socket_is_backed_off(again));
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
