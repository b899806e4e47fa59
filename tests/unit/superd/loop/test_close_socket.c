/* Whose closings they are: nobody answers for what is somebody else's, however many have had some. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "superd/loop/close_socket.h"
#include "superd/start/worker_process.h"
#include "superd/process/close_async.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/unit.h"

static struct engine engine;

static void begin(void)
{
	engine.loop = ev_default_loop(EVFLAG_NOENV);
}

static void turn(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		spawn_reaped(pid);
	ev_run(engine.loop, EVRUN_NOWAIT);
}

TestSuite(closing, .init = begin, .timeout = 120);

static void turn_later(void)
{
	own_clock_advance(.05);
	poll(NULL, 0, 1);
	turn();
}

#define TOGETHER 50

/* One of each service, from this number on; what is no socket goes aside. */
static void close_some(int first)
{
	struct pollfd end[TOGETHER] = { 0 };

	for (int n = 0; n < TOGETHER; n++) {
		char name[16];
		int ends[2];

		snprintf(name, sizeof(name), "s%d", first + n);
		cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
		close_socket_fd(&engine, name, &ends[1]);
		cr_expect_eq(ends[1], -1);
		end[n] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	}
	for (int n = 0; n < TOGETHER; n++) {
		while (poll(&end[n], 1, 0) == 0)
			turn_later();
		close(end[n].fd);
	}
}

/* The kernel would have us wait until all is sent, which is never. */
static void close_one_that_hangs(const char *service)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct linger linger = { .l_onoff = 1, .l_linger = 1000 };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int sender = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);
	static char much[1 << 16];

	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	cr_assert_eq(connect(sender, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_geq(accept4(listener, NULL, NULL, SOCK_CLOEXEC), 0);
	while (send(sender, much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	cr_assert_eq(setsockopt(sender, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	close(listener);
	close_socket_fd(&engine, service, &sender);
	cr_expect_eq(sender, -1);
}

Test(closing, a_service_is_stuck_by_its_own_alone)
{
	close_one_that_hangs("other");
	for (unsigned n = 0; n < CLOSE_HANGING_MOST; n++)
		close_one_that_hangs("stuck");
	while (!close_socket_is_stuck(&engine, "stuck"))
		turn_later();
	cr_expect_not(close_socket_takes_clients(&engine, "stuck"));
	cr_expect_not(close_socket_is_stuck(&engine, "other"));
	cr_expect(close_socket_takes_clients(&engine, "other"));
}

/* Their places are given to others. */
Test(closing, however_many_services_there_were_nobodys_are_nobodys)
{
	for (unsigned n = 0; n < CLOSE_HANGING_MOST; n++)
		close_one_that_hangs(NULL);
	for (int n = 0; n < CLOSE_OWNERS + TOGETHER; n += TOGETHER)
		close_some(n);
	while (close_async_hanging(0) < CLOSE_HANGING_MOST)
		turn_later();
	cr_expect_not(close_socket_is_stuck(&engine, "one more"));
	for (unsigned n = 0; n < CLOSE_HANGING_MOST; n++)
		close_one_that_hangs("one more");
	while (!close_socket_is_stuck(&engine, "one more"))     /* it has a place of its own */
		turn_later();
}
