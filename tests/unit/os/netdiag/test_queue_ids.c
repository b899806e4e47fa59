/* What stands first in a queue of datagrams: whether it was taken, or only others came. */
#include "tests/unit/bind_fixture.h"

#include "os/netdiag/queue_ids.h"

static void clean(struct queue_ids *backlog)
{
	if (backlog->room)
		queue_ids_free(backlog);
}

#define FREED __attribute__((cleanup(clean)))

TestSuite(backlog, .init = set_up, .fini = tear_down, .timeout = 120);

static unsigned waiting(int fd, const struct listen *listen)
{
	FREED struct queue_ids backlog = { 0 };

	cr_assert(queue_ids_read(fd, listen, &backlog));
	return backlog.count;
}

static void expect_head(struct listen listen)
{
	int fd = opened(&listen);
	int client = listen.address->kind == ENDPOINT_UDP ? connected(AF_INET, SOCK_DGRAM, port_of(fd))
							  : unix_connected(listen.address->address, SOCK_DGRAM);
	FREED struct queue_ids before = { 0 };
	char byte;

	cr_expect_eq(waiting(fd, &listen), 0u);
	cr_assert_geq(client, 0);
	cr_assert_eq(send(client, "a", 1, 0), 1);
	cr_assert(queue_ids_read(fd, &listen, &before));
	cr_expect_eq(before.count, 1u);
	cr_assert_eq(send(client, "b", 1, 0), 1);
	cr_expect_not(queue_ids_have_moved(fd, &listen, &before), "another came, the head is the same");
	cr_assert_eq(recv(fd, &byte, 1, 0), 1);
	cr_expect_eq(byte, 'a', "it was only looked at");
	cr_expect(queue_ids_have_moved(fd, &listen, &before), "the second is another");
	cr_assert_eq(recv(fd, &byte, 1, 0), 1);
	cr_expect(queue_ids_have_moved(fd, &listen, &before), "the queue is empty");
	cr_assert_eq(send(client, "", 0, 0), 0);
	cr_expect_eq(waiting(fd, &listen), 1u, "an empty one is one, too");
	close(client);
	close(fd);
}

Test(backlog, knows_a_datagram_by_its_sender_and_content)
{
	expect_head(listen_of("udp:127.0.0.1:0"));
	expect_head(listen_at("unix-dgram", "d"));
}

Test(backlog, tells_senders_of_the_same_apart)
{
	struct listen listen = listen_of("udp:127.0.0.1:0");
	int fd = opened(&listen), one = connected(AF_INET, SOCK_DGRAM, port_of(fd)),
	    two = connected(AF_INET, SOCK_DGRAM, port_of(fd));
	FREED struct queue_ids before = { 0 };
	char byte;

	cr_assert(send(one, "a", 1, 0) == 1 && send(two, "a", 1, 0) == 1);
	cr_assert(queue_ids_read(fd, &listen, &before));
	cr_assert_eq(recv(fd, &byte, 1, 0), 1);
	cr_expect(queue_ids_have_moved(fd, &listen, &before));
	close(one);
	close(two);
	close(fd);
}

Test(backlog, knows_how_much_waits_in_a_fifo)
{
	struct listen fifo = listen_at("fifo", "f");
	int fd = opened(&fifo);
	FREED struct queue_ids before = { 0 };
	char byte;

	cr_expect_eq(waiting(fd, &fifo), 0u);
	cr_assert_eq(write(fd, "abc", 3), 3);
	cr_assert(queue_ids_read(fd, &fifo, &before));
	cr_expect_eq(before.count, 1u);
	cr_expect_not(queue_ids_have_moved(fd, &fifo, &before));
	cr_assert_eq(read(fd, &byte, 1), 1);
	cr_expect(queue_ids_have_moved(fd, &fifo, &before));
	close(fd);
}

Test(backlog, takes_the_unknown_for_gone)
{
	struct listen tcp = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&tcp);
	uint64_t number = 4711;
	FREED struct queue_ids backlog = { .count = 1, .id = &number };
	const struct queue_ids none = { 0 };

	cr_expect(queue_ids_have_moved(fd, &tcp, &backlog));
	backlog.id = NULL;
	cr_expect_not(queue_ids_read(fd, &tcp, &backlog));
	cr_expect_eq(backlog.count, 0u);
	cr_expect(queue_ids_have_moved(fd, &tcp, &none));
	close(fd);
	cr_expect_not(queue_ids_read(-1, &tcp, &backlog));
	backlog.count = 1;
	cr_expect(queue_ids_have_moved(-1, &tcp, &backlog));
}
