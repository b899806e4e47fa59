/* Connections one by one, by the kernel's numbers: who waits in a queue, whom a process has, and who of them
 * is left. */
#include "tests/unit/bind_fixture.h"

#include "os/netdiag/conn_count_internal.h"

static void clean(struct cookie_set *guests)
{
	free(guests->list);
}

#define FREED __attribute__((cleanup(clean)))

TestSuite(guests, .init = set_up, .fini = tear_down, .timeout = 30);

/* A listener and how to reach it. */
struct door {
	struct listen listen;
	int fd;
	int family, type;
};

static void open_door(struct door *door)
{
	struct conn_count conn;

	door->fd = opened(&door->listen);
	conn_count_init(&conn, door->fd);
	if (!conn_counts_ask_diag(&conn, 1, (enum conn_kind)conn.kind)) {
		close(door->fd);
		skip_unless(false, "this kernel has no sock_diag");
	}
}

static int knock(const struct door *door)
{
	int fd = door->family == AF_UNIX ? unix_connected(door->listen.address->address, door->type)
					 : connected(door->family, door->type, port_of(door->fd));

	cr_assert_geq(fd, 0);
	return fd;
}

static int taken(int fd)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	cr_assert_geq(client, 0, "%s", strerror(errno));
	return client;
}

static void note(const struct door *door, enum conn_which whom, struct cookie_set *guests)
{
	struct conn_count conn;

	conn_count_init(&conn, door->fd);
	conn.which = (unsigned char)whom;
	conn.cookies = guests;
	guests->count = 0;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known && !guests->failed);
	cr_assert_eq(conn.count, guests->count);
	cookie_set_sort(guests);
}

static unsigned count_without(const struct door *door, struct cookie_set *guests)
{
	size_t before = guests->count;
	struct conn_count conn;

	conn_count_init(&conn, door->fd);
	conn.cookies = guests;
	conn.skips_known = true;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known);
	cr_assert_eq(guests->count, before, "nobody is noted");
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

static void expect_to_know_who_waits(struct door door)
{
	FREED struct cookie_set before = { 0 }, now = { 0 };
	int first, second, third, served[2];

	open_door(&door);
	note(&door, CONN_WHICH_QUEUED, &before);
	cr_expect_eq(before.count, 0u);

	first = knock(&door);
	note(&door, CONN_WHICH_QUEUED, &before);
	cr_expect_eq(before.count, 1u);
	second = knock(&door);
	note(&door, CONN_WHICH_QUEUED, &now);
	cr_expect_eq(now.count, 2u);
	cr_expect(all_are_in(&before, &now), "another came, which hides nothing");

	served[0] = taken(door.fd);
	third = knock(&door);
	note(&door, CONN_WHICH_QUEUED, &now);
	cr_expect_eq(now.count, 2u, "as many as before");
	cr_expect_not(all_are_in(&before, &now), "but not the same");
	served[1] = taken(door.fd);
	close(first);
	close(second);
	close(third);
	close(served[0]);
	close(served[1]);
	close(door.fd);
}

Test(guests, in_the_queue_of_tcp_are_known)
{
	expect_to_know_who_waits((struct door){
		.listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM });
}

Test(guests, of_both_families_are_known_on_one_socket)
{
	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	expect_to_know_who_waits((struct door){
		.listen = listen_of("tcp:0"), .family = AF_INET, .type = SOCK_STREAM });
	expect_to_know_who_waits((struct door){
		.listen = listen_of("tcp:[::1]:0"), .family = AF_INET6, .type = SOCK_STREAM });
}

Test(guests, in_the_queue_of_unix_sockets_are_known)
{
	expect_to_know_who_waits((struct door){
		.listen = listen_at("unix", "s"), .family = AF_UNIX, .type = SOCK_STREAM });
	expect_to_know_who_waits((struct door){
		.listen = listen_at("seqpacket", "p"), .family = AF_UNIX, .type = SOCK_SEQPACKET });
}

/* Those of one instance, and those who came to the next at the same address. */
static void expect_to_part_them(struct door door)
{
	FREED struct cookie_set former = { 0 };
	int first, second, third, served[2];

	open_door(&door);
	first = knock(&door);
	served[0] = taken(door.fd);
	second = knock(&door);
	note(&door, CONN_WHICH_HELD, &former);
	cr_expect_eq(former.count, 1u, "who waits may be anybody's");
	cr_expect_eq(count_without(&door, &former), 1u);
	served[1] = taken(door.fd);
	third = knock(&door);
	cr_expect_eq(count_without(&door, &former), 2u);
	close(second);
	close(served[1]);
	cr_expect_eq(count_without(&door, &former), 1u);
	close(first);
	close(third);
	close(served[0]);
	close(door.fd);
}

Test(guests, that_were_held_before_are_told_from_those_who_came_since)
{
	expect_to_part_them((struct door){
		.listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM });
	expect_to_part_them((struct door){
		.listen = listen_at("unix", "t"), .family = AF_UNIX, .type = SOCK_STREAM });
}

Test(guests, of_another_address_are_left_alone)
{
	struct door one = { .listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM };
	struct door other = one;
	FREED struct cookie_set guests = { 0 };
	int client;

	open_door(&one);
	other.listen = listen_of(pool_textf(pool, "tcp:127.0.0.2:%d", port_of(one.fd)));
	open_door(&other);
	client = knock(&one);
	note(&other, CONN_WHICH_QUEUED, &guests);
	cr_expect_eq(guests.count, 0u);
	note(&one, CONN_WHICH_QUEUED, &guests);
	cr_expect_eq(guests.count, 1u);
	close(client);
	close(other.fd);
	close(one.fd);
}

Test(guests, are_each_known_among_many)
{
	enum { MANY = 100, ROUNDS = 10 };
	struct door door = { .listen = listen_of("tcp:127.0.0.1:0"), .family = AF_INET, .type = SOCK_STREAM };
	FREED struct cookie_set before = { 0 }, now = { 0 };
	int clients[MANY + ROUNDS];

	open_door(&door);
	for (int n = 0; n < MANY; n++)
		clients[n] = knock(&door);
	for (int n = 0; n < ROUNDS; n++) {
		note(&door, CONN_WHICH_QUEUED, &before);
		cr_expect_eq(before.count, (size_t)MANY);
		clients[MANY + n] = knock(&door);
		note(&door, CONN_WHICH_QUEUED, &now);
		cr_expect(all_are_in(&before, &now));
		close(taken(door.fd));
		note(&door, CONN_WHICH_QUEUED, &now);
		cr_expect_not(all_are_in(&before, &now), "one of them went");
	}
	for (int n = 0; n < MANY + ROUNDS; n++)
		close(clients[n]);
	close(door.fd);
}
