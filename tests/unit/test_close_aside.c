/* Closing what others have sent: nobody waits for it. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sys/close_aside.h"

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void expect_closed_soon(int fd)
{
	for (long until = now_ms() + 10000; is_open(fd); poll(NULL, 0, 5))
		cr_assert_lt(now_ms(), until, "it was never closed");
}

static void expect_closed_at_once(int fd)
{
	int given = fd;

	cr_assert_geq(fd, 0);
	close_aside(&given);
	cr_expect_eq(given, -1);
	cr_expect_not(is_open(fd));
}

Test(close_aside, what_is_in_memory_is_closed_at_once)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	expect_closed_at_once(ends[0]);
	expect_closed_at_once(ends[1]);
	expect_closed_at_once(socket(AF_UNIX, SOCK_STREAM, 0));
	expect_closed_at_once(memfd_create("test", 0));
}

Test(close_aside, no_descriptor_is_none)
{
	int none = -1;

	close_aside(&none);
	cr_expect_eq(none, -1);
}

Test(close_aside, files_are_closed_by_and_by)
{
	int fds[64];

	for (int n = 0; n < 64; n++) {
		int given = fds[n] = open("/proc/self/exe", O_RDONLY);

		cr_assert_geq(given, 0);
		close_aside(&given);
		cr_expect_eq(given, -1);
	}
	for (int n = 0; n < 64; n++)
		expect_closed_soon(fds[n]);
}

/* The kernel would have us wait until all is sent, which is never, or until the time given is over. */
Test(close_aside, a_socket_that_lingers_holds_nobody_up)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct linger linger = { .l_onoff = 1, .l_linger = 3 };
	int listener = socket(AF_INET, SOCK_STREAM, 0), sender = socket(AF_INET, SOCK_STREAM, 0), receiver,
	    given = sender;
	socklen_t size = sizeof(address);
	static char much[1 << 16];
	long before;

	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	cr_assert_eq(connect(sender, (struct sockaddr *)&address, sizeof(address)), 0);
	receiver = accept(listener, NULL, NULL);
	cr_assert_geq(receiver, 0);
	while (send(sender, much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	cr_assert_eq(setsockopt(sender, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	before = now_ms();
	close_aside(&given);
	cr_expect_lt(now_ms() - before, 1500);
	cr_expect_eq(given, -1);
	close(receiver);
	expect_closed_soon(sender);
	close(listener);
}
