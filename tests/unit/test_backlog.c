/* Who waits in a queue: connections that came, were taken, or came while nobody was taken. */
#include "bind_fixture.h"

#include "sys/backlog.h"

TestSuite(backlog, .init = set_up, .fini = tear_down, .timeout = 30);

/* The kernel may have no sock_diag, or keep it from us: then all is unknown, which other tests see to. */
static void skip_where_unknown(int fd, const struct listen *listen)
{
	struct backlog backlog;

	if (backlog_take(fd, listen, &backlog))
		return;
	close(fd);
	skip_unless(false, "this kernel does not tell who waits");
}

static unsigned waiting(int fd, const struct listen *listen)
{
	struct backlog backlog;

	cr_assert(backlog_take(fd, listen, &backlog));
	return backlog.count;
}

static int taken(int fd)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	cr_assert_geq(client, 0, "%s", strerror(errno));
	return client;
}

/* A listener and how to reach it. */
struct door {
	struct listen listen;
	int fd;
	int family, type;
};

static int knock(const struct door *door)
{
	int fd = door->family == AF_UNIX ? unix_connected(door->listen.address->address, door->type)
					 : connected(door->family, door->type, port_of(door->fd));

	cr_assert_geq(fd, 0);
	return fd;
}

static void expect_to_know_who_waits(struct door *door)
{
	struct backlog before;
	int first, second, third, served;

	door->fd = opened(&door->listen);
	skip_where_unknown(door->fd, &door->listen);
	cr_expect_eq(waiting(door->fd, &door->listen), 0u);

	first = knock(door);
	cr_assert(backlog_take(door->fd, &door->listen, &before));
	cr_expect_eq(before.count, 1u);
	cr_expect_not(backlog_moved(door->fd, &door->listen, &before), "nobody was taken");

	second = knock(door);
	cr_expect_eq(waiting(door->fd, &door->listen), 2u);
	cr_expect_not(backlog_moved(door->fd, &door->listen, &before), "another came, which hides nothing");

	served = taken(door->fd);
	cr_expect(backlog_moved(door->fd, &door->listen, &before), "the first was taken");
	cr_expect_eq(waiting(door->fd, &door->listen), 1u);

	cr_assert(backlog_take(door->fd, &door->listen, &before));
	close(taken(door->fd));
	third = knock(door);
	cr_expect_eq(waiting(door->fd, &door->listen), before.count, "as many as before");
	cr_expect(backlog_moved(door->fd, &door->listen, &before), "but not the same");
	close(served);
	close(first);
	close(second);
	close(third);
	close(door->fd);
}

Test(backlog, knows_who_waits_for_tcp)
{
	struct door door = { .listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM };

	expect_to_know_who_waits(&door);
}

Test(backlog, knows_clients_of_both_families_on_one_socket)
{
	struct door four = { .listen = listen_of("tcp:0"), .family = AF_INET, .type = SOCK_STREAM };
	struct door six = { .listen = listen_of("tcp:0"), .family = AF_INET6, .type = SOCK_STREAM };

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	expect_to_know_who_waits(&four);
	expect_to_know_who_waits(&six);
}

Test(backlog, knows_who_waits_at_an_ipv6_address)
{
	struct door door = { .listen = listen_of("tcp:[::1]:0"), .family = AF_INET6, .type = SOCK_STREAM };

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	expect_to_know_who_waits(&door);
}

Test(backlog, knows_who_waits_for_unix_sockets)
{
	struct door stream = { .listen = listen_at("unix", "s"), .family = AF_UNIX, .type = SOCK_STREAM };
	struct door packets = { .listen = listen_at("seqpacket", "p"), .family = AF_UNIX, .type = SOCK_SEQPACKET };

	expect_to_know_who_waits(&stream);
	expect_to_know_who_waits(&packets);
}

Test(backlog, sees_clients_that_have_already_said_all)
{
	struct door door = { .listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM };
	struct backlog before;
	int client;

	door.fd = opened(&door.listen);
	skip_where_unknown(door.fd, &door.listen);
	client = knock(&door);
	cr_assert_eq(write(client, "x", 1), 1);
	cr_assert_eq(shutdown(client, SHUT_WR), 0);
	cr_assert(backlog_take(door.fd, &door.listen, &before));
	cr_expect_eq(before.count, 1u);
	cr_expect_not(backlog_moved(door.fd, &door.listen, &before));
	close(client);
	close(door.fd);
}

Test(backlog, leaves_clients_of_another_address_alone)
{
	struct door one = { .listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM };
	struct listen other;
	struct backlog before;
	int fd, client;

	one.fd = opened(&one.listen);
	skip_where_unknown(one.fd, &one.listen);
	other = listen_of(pool_textf(pool, "tcp:127.0.0.2:%d", port_of(one.fd)));
	fd = opened(&other);
	client = knock(&one);
	cr_expect_eq(waiting(fd, &other), 0u);
	cr_assert(backlog_take(one.fd, &one.listen, &before));
	cr_expect_eq(before.count, 1u);
	cr_expect_not(backlog_moved(one.fd, &one.listen, &before));
	close(client);
	close(fd);
	close(one.fd);
}

Test(backlog, notes_a_few_of_many)
{
	struct door door = { .listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM };
	struct backlog before;
	int clients[BACKLOG_MOST + 20];

	door.fd = opened(&door.listen);
	skip_where_unknown(door.fd, &door.listen);
	for (int n = 0; n < BACKLOG_MOST + 20; n++)
		clients[n] = knock(&door);
	cr_assert(backlog_take(door.fd, &door.listen, &before));
	cr_expect_eq(before.count, BACKLOG_MOST);
	cr_expect_not(backlog_moved(door.fd, &door.listen, &before));
	for (int n = 0; n < BACKLOG_MOST + 20; n++)
		close(taken(door.fd));
	cr_expect(backlog_moved(door.fd, &door.listen, &before));
	for (int n = 0; n < BACKLOG_MOST + 20; n++)
		close(clients[n]);
	close(door.fd);
}

static void expect_head(struct listen listen)
{
	int fd = opened(&listen);
	int client = listen.address->kind == ENDPOINT_UDP ? connected(AF_INET, SOCK_DGRAM, port_of(fd))
							  : unix_connected(listen.address->address, SOCK_DGRAM);
	struct backlog before;
	char byte;

	cr_expect_eq(waiting(fd, &listen), 0u);
	cr_assert_geq(client, 0);
	cr_assert_eq(send(client, "a", 1, 0), 1);
	cr_assert(backlog_take(fd, &listen, &before));
	cr_expect_eq(before.count, 1u);
	cr_assert_eq(send(client, "b", 1, 0), 1);
	cr_expect_not(backlog_moved(fd, &listen, &before), "another came, the head is the same");
	cr_assert_eq(recv(fd, &byte, 1, 0), 1);
	cr_expect_eq(byte, 'a', "it was only looked at");
	cr_expect(backlog_moved(fd, &listen, &before), "the second is another");
	cr_assert_eq(recv(fd, &byte, 1, 0), 1);
	cr_expect(backlog_moved(fd, &listen, &before), "the queue is empty");
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
	struct backlog before;
	char byte;

	cr_assert(send(one, "a", 1, 0) == 1 && send(two, "a", 1, 0) == 1);
	cr_assert(backlog_take(fd, &listen, &before));
	cr_assert_eq(recv(fd, &byte, 1, 0), 1);
	cr_expect(backlog_moved(fd, &listen, &before));
	close(one);
	close(two);
	close(fd);
}

Test(backlog, takes_the_unknown_for_gone)
{
	struct listen fifo = listen_at("fifo", "f"), tcp = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&fifo);
	struct backlog backlog = { .count = 1, .id = { 4711 } }, none = { 0 };

	cr_expect(backlog_moved(fd, &fifo, &backlog));
	cr_expect_not(backlog_take(fd, &fifo, &backlog));
	cr_expect_eq(backlog.count, 0u);
	cr_expect(backlog_moved(fd, &fifo, &none));
	close(fd);
	cr_expect_not(backlog_take(-1, &tcp, &backlog));
	backlog.count = 1;
	cr_expect(backlog_moved(-1, &tcp, &backlog));
}
