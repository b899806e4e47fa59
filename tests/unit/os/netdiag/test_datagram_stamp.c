/* Whether somebody has taken a datagram since the last look. */
#include "tests/unit/bind_fixture.h"

#include "os/netdiag/netdiag.h"

TestSuite(last_datagram, .init = set_up, .fini = tear_down, .timeout = 120);

static int server, client;

static void begin(void)
{
	struct listen listen = listen_of("udp:127.0.0.1:0");
	struct datagram_stamp last;

	server = opened(&listen);
	client = connected(AF_INET, SOCK_DGRAM, port_of(server));
	datagram_stamp_read(server, &last);
	skip_unless(last.known, "this kernel does not say");
	cr_assert_eq(last.stamp, 0);
	cr_assert_not(last.waits);
}

static void finish(void)
{
	close(server);
	close(client);
}

static void take(void)
{
	char byte[2];

	cr_assert_eq(recv(server, byte, sizeof(byte), 0), 1);
}

Test(last_datagram, changes_with_each_that_is_taken_and_with_nothing_else)
{
	struct datagram_stamp first, again, second;

	begin();
	cr_assert_eq(send(client, "1", 1, 0), 1);
	datagram_stamp_read(server, &first);
	cr_expect(first.waits);
	cr_expect_eq(first.stamp, 0);
	take();
	datagram_stamp_read(server, &first);
	datagram_stamp_read(server, &again);
	cr_expect_not(first.waits);
	cr_expect_gt(first.stamp, 0);
	cr_expect_eq(first.stamp, again.stamp);
	cr_assert_eq(send(client, "2", 1, 0), 1);
	take();
	datagram_stamp_read(server, &second);
	cr_expect_gt(second.stamp, first.stamp);
	finish();
}

Test(last_datagram, is_seen_of_another_process_that_has_the_socket)
{
	struct datagram_stamp last;
	int status = 1;
	pid_t child;

	begin();
	cr_assert_eq(send(client, "1", 1, 0), 1);       /* first: the socket does not block */
	child = fork();
	if (!child) {
		char byte;

		_exit(recv(server, &byte, 1, 0) == 1 ? 0 : 1);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0);
	datagram_stamp_read(server, &last);
	cr_expect_gt(last.stamp, 0);
	finish();
}

Test(last_datagram, is_unknown_when_the_backend_has_times_told_to_itself)
{
	struct datagram_stamp last;
	int on = 1;

	begin();
	cr_assert_eq(setsockopt(server, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)), 0);
	datagram_stamp_read(server, &last);
	cr_expect_not(last.known);
	finish();
}
