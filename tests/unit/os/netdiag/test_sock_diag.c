/* What the kernel tells of one unix socket. */
#include "os/netdiag/netdiag.h"
#include "tests/unit/unit.h"

static int client_of(int listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

Test(sock_diag, tells_the_queue_of_a_listener_and_who_waits_longest)
{
	const sa_family_t any = AF_UNIX; /* the kernel finds an abstract name */
	struct sock_diag_unix none, one, two, next;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), first, second, accepted;

	cr_assert(listener >= 0 && bind(listener, (const struct sockaddr *)&any, sizeof(any)) == 0);
	cr_assert_eq(listen(listener, 4), 0);
	if (!sock_diag_unix(listener, &none))
		cr_skip_test("the kernel does not list sockets (sock_diag)");
	first = client_of(listener);
	cr_assert(sock_diag_unix(listener, &one));
	second = client_of(listener);
	cr_assert(sock_diag_unix(listener, &two));
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert(accepted >= 0 && sock_diag_unix(listener, &next));
	cr_expect(none.queue == 0 && none.first == 0);
	cr_expect(one.queue == 1 && one.first != 0);
	cr_expect(two.queue == 2 && two.first == one.first);
	cr_expect(next.queue == 1 && next.first != 0 && next.first != one.first);
	close(first);
	close(second);
	close(accepted);
	close(listener);
}
