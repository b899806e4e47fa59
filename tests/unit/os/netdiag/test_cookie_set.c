/* Connections one by one, by their socket cookies: those in a queue, those that a process has accepted, and which of
 * them are left. */
#include "tests/unit/bind_fixture.h"

#include "os/netdiag/conn_count_internal.h"

static void clean(struct cookie_set *cookies)
{
	free(cookies->list);
}

#define FREED __attribute__((cleanup(clean)))

TestSuite(cookie_set, .init = set_up, .fini = tear_down, .timeout = 120);

/* A listener and how to reach it. */
struct test_listener {
	struct listen listen;
	int fd;
	int family, type;
};

static void open_listener(struct test_listener *listener)
{
	struct conn_count conn;

	listener->fd = opened(&listener->listen);
	conn_count_init(&conn, listener->fd);
	if (!conn_counts_ask_diag(&conn, 1, (enum conn_kind)conn.kind)) {
		close(listener->fd);
		skip_unless(false, "this kernel has no sock_diag");
	}
}

static int connect_client(const struct test_listener *listener)
{
	int fd = listener->family == AF_UNIX ? unix_connected(listener->listen.address->address, listener->type)
					 : connected(listener->family, listener->type, port_of(listener->fd));

	cr_assert_geq(fd, 0);
	return fd;
}

static int taken(int fd)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	cr_assert_geq(client, 0, "%s", strerror(errno));
	return client;
}

static void collect(const struct test_listener *listener, enum conn_which which, struct cookie_set *cookies)
{
	struct conn_count conn;

	conn_count_init(&conn, listener->fd);
	conn.which = (unsigned char)which;
	conn.cookies = cookies;
	cookies->count = 0;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known && !cookies->failed);
	cr_assert_eq(conn.count, cookies->count);
	cookie_set_sort(cookies);
}

static unsigned count_without(const struct test_listener *listener, struct cookie_set *cookies)
{
	size_t before = cookies->count;
	struct conn_count conn;

	conn_count_init(&conn, listener->fd);
	conn.cookies = cookies;
	conn.skips_known = true;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known);
	cr_assert_eq(cookies->count, before, "nobody is noted");
	cr_expect(conn.count || !conn.peer_count, "it has the address of who is left out");
	return conn.count;
}

static bool all_are_in(const struct cookie_set *before, const struct cookie_set *now)
{
	size_t found = 0;

	for (size_t n = 0; n < before->count; n++) {
		for (size_t m = 0; m < now->count; m++)
			found += before->list[n] == now->list[m];
	}
	return found == before->count;
}

static void expect_to_know_who_waits(struct test_listener listener)
{
	FREED struct cookie_set before = { 0 }, now = { 0 };
	int first, second, third, served[2];

	open_listener(&listener);
	collect(&listener, CONN_WHICH_QUEUED, &before);
	cr_expect_eq(before.count, 0u);

	first = connect_client(&listener);
	collect(&listener, CONN_WHICH_QUEUED, &before);
	cr_expect_eq(before.count, 1u);
	second = connect_client(&listener);
	collect(&listener, CONN_WHICH_QUEUED, &now);
	cr_expect_eq(now.count, 2u);
	cr_expect(all_are_in(&before, &now), "another came, which hides nothing");

	served[0] = taken(listener.fd);
	third = connect_client(&listener);
	collect(&listener, CONN_WHICH_QUEUED, &now);
	cr_expect_eq(now.count, 2u, "as many as before");
	cr_expect_not(all_are_in(&before, &now), "but not the same");
	served[1] = taken(listener.fd);
	close(first);
	close(second);
	close(third);
	close(served[0]);
	close(served[1]);
	close(listener.fd);
}

Test(cookie_set, in_the_queue_of_tcp_are_known)
{
	expect_to_know_who_waits((struct test_listener){
		.listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM });
}

Test(cookie_set, of_both_families_are_known_on_one_socket)
{
	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	expect_to_know_who_waits((struct test_listener){
		.listen = listen_of("tcp:0"), .family = AF_INET, .type = SOCK_STREAM });
	expect_to_know_who_waits((struct test_listener){
		.listen = listen_of("tcp:[::1]:0"), .family = AF_INET6, .type = SOCK_STREAM });
}

Test(cookie_set, in_the_queue_of_unix_sockets_are_known)
{
	expect_to_know_who_waits((struct test_listener){
		.listen = listen_at("unix", "s"), .family = AF_UNIX, .type = SOCK_STREAM });
	expect_to_know_who_waits((struct test_listener){
		.listen = listen_at("seqpacket", "p"), .family = AF_UNIX, .type = SOCK_SEQPACKET });
}

/* Those of one instance, and those who came to the next at the same address. */
static void expect_to_part_them(struct test_listener listener)
{
	FREED struct cookie_set former = { 0 };
	int first, second, third, served[2];

	open_listener(&listener);
	first = connect_client(&listener);
	served[0] = taken(listener.fd);
	collect(&listener, CONN_WHICH_ALL, &former);
	cr_expect_eq(count_without(&listener, &former), 0u);
	second = connect_client(&listener);
	collect(&listener, CONN_WHICH_ALL, &former);
	cr_expect_eq(count_without(&listener, &former), 1u);
	served[1] = taken(listener.fd);
	third = connect_client(&listener);
	cr_expect_eq(count_without(&listener, &former), 2u);
	close(second);
	close(served[1]);
	cr_expect_eq(count_without(&listener, &former), 1u);
	close(first);
	close(third);
	close(served[0]);
	close(listener.fd);
}

Test(cookie_set, that_were_held_before_are_told_from_those_who_came_since)
{
	expect_to_part_them((struct test_listener){
		.listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM });
	expect_to_part_them((struct test_listener){
		.listen = listen_at("unix", "t"), .family = AF_UNIX, .type = SOCK_STREAM });
}

Test(cookie_set, of_another_address_are_left_alone)
{
	struct test_listener one = { .listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM };
	struct test_listener other = one;
	FREED struct cookie_set cookies = { 0 };
	int client;

	open_listener(&one);
	other.listen = listen_of(pool_textf(pool, "tcp:127.0.0.2:%d", port_of(one.fd)));
	open_listener(&other);
	client = connect_client(&one);
	collect(&other, CONN_WHICH_QUEUED, &cookies);
	cr_expect_eq(cookies.count, 0u);
	collect(&one, CONN_WHICH_QUEUED, &cookies);
	cr_expect_eq(cookies.count, 1u);
	close(client);
	close(other.fd);
	close(one.fd);
}

Test(cookie_set, are_each_known_among_many)
{
	enum { MANY = 100, ROUNDS = 10 };
	struct test_listener listener = { .listen = listen_of("tcp:127.0.0.1:0"),
					  .family = AF_INET,
					  .type = SOCK_STREAM };
	FREED struct cookie_set before = { 0 }, now = { 0 };
	int clients[MANY + ROUNDS];

	open_listener(&listener);
	for (int n = 0; n < MANY; n++)
		clients[n] = connect_client(&listener);
	for (int n = 0; n < ROUNDS; n++) {
		collect(&listener, CONN_WHICH_QUEUED, &before);
		cr_expect_eq(before.count, (size_t)MANY);
		clients[MANY + n] = connect_client(&listener);
		collect(&listener, CONN_WHICH_QUEUED, &now);
		cr_expect(all_are_in(&before, &now));
		close(taken(listener.fd));
		collect(&listener, CONN_WHICH_QUEUED, &now);
		cr_expect_not(all_are_in(&before, &now), "one of them went");
	}
	for (int n = 0; n < MANY + ROUNDS; n++)
		close(clients[n]);
	close(listener.fd);
}
