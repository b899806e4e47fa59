/* Whether a client has come to a listener since the last look. */
#include "tests/unit/bind_fixture.h"

#include "lib/fd.h"
#include "os/netdiag/arrivals.h"

TestSuite(arrivals, .init = set_up, .fini = tear_down, .timeout = 120);

static int listener, watch;

static void begin(const char *address)
{
	struct listen listen = listen_of(address);

	listener = opened(&listen);
	watch = arrivals_open();
	cr_assert_geq(watch, 0);
}

static void finish(void)
{
	close(watch);
	close(listener);
}

static int come(void)
{
	return connected(AF_INET, SOCK_STREAM, port_of(listener));
}

Test(arrivals, are_reported_once)
{
	int first, second;

	begin("tcp:127.0.0.1:0");
	cr_assert(arrivals_add(watch, listener));
	cr_expect_not(arrivals_any(watch));
	first = come();
	cr_expect(arrivals_any(watch));
	cr_expect_not(arrivals_any(watch), "the client that waits has not come again");
	second = come();
	cr_expect(arrivals_any(watch), "behind one that waits");
	cr_expect_not(arrivals_any(watch));
	close(first);
	close(second);
	finish();
}

Test(arrivals, begin_after_those_that_wait)
{
	int client;

	begin("tcp:127.0.0.1:0");
	client = come();
	cr_assert(arrivals_add(watch, listener));
	cr_expect(arrivals_any(watch), "the first look reports who waits");
	cr_expect_not(arrivals_any(watch));
	close(accept(listener, NULL, NULL));
	cr_expect_not(arrivals_any(watch), "to be taken is not to come");
	close(client);
	finish();
}

Test(arrivals, of_a_queue_that_is_empty_again_are_none)
{
	int client;

	begin("tcp:127.0.0.1:0");
	cr_assert(arrivals_add(watch, listener));
	client = come();
	close(accept(listener, NULL, NULL));
	cr_expect_not(arrivals_any(watch));
	close(client);
	finish();
}

Test(arrivals, are_seen_although_another_process_waits_for_them)
{
	int clients[2], ready[2], status;
	pid_t child;
	char byte;

	begin("tcp:127.0.0.1:0");
	cr_assert(arrivals_add(watch, listener));
	cr_assert_eq(fd_set_nonblocking(listener, false), 0);
	cr_assert_eq(pipe(ready), 0);
	child = fork();
	if (!child) {
		int taken = accept(listener, NULL, NULL);

		_exit(write(ready[1], "x", 1) == 1 && taken >= 0 ? 0 : 1);
	}
	clients[0] = come();
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	clients[1] = come();
	cr_expect(arrivals_any(watch));
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect_eq(status, 0);
	close(clients[0]);
	close(clients[1]);
	close(ready[0]);
	close(ready[1]);
	finish();
}

Test(arrivals, are_none_when_the_listener_is_shut)
{
	begin("tcp:127.0.0.1:0");
	cr_assert(arrivals_add(watch, listener));
	cr_expect_not(arrivals_any(watch));
	cr_assert_eq(shutdown(listener, SHUT_RDWR), 0);
	cr_expect_not(arrivals_any(watch));
	finish();
}

Test(arrivals, cannot_be_watched_at_a_directory)
{
	int directory = open(folder, O_RDONLY | O_CLOEXEC);

	begin("tcp:127.0.0.1:0");
	cr_expect_not(arrivals_add(watch, directory));
	cr_expect_not(arrivals_add(watch, -1));
	close(directory);
	finish();
}
