/* Who is connected to a listener, by each of the two ways to know. */
#include "tests/unit/bind_fixture.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

#include "os/netdiag/conn_count_internal.h"
#include "table/access/access.h"

TestSuite(connections, .init = set_up, .fini = tear_down, .timeout = 120);

typedef bool way_to_count(struct conn_count *conns, size_t count, enum conn_kind kind);

static struct conn_count conn_count_of(int fd)
{
	struct conn_count conn;

	conn_count_init(&conn, fd);
	return conn;
}

/* A list of /proc that other programs change while it is read may lack somebody, or have him twice. */
static unsigned read_calmly(const struct conn_count *conn, unsigned count)
{
	unsigned seen = 0;

	for (int tries = 0; tries < 20; tries++) {
		struct conn_count now = *conn;

		now.count = 0;
		cr_assert(conn_counts_read_proc(&now, 1, (enum conn_kind)conn->kind));
		seen = now.count;
		if (seen == count)
			break;
	}
	return seen;
}

/* Both ways agree. */
static void expect_count(int fd, unsigned count)
{
	struct conn_count conn = conn_count_of(fd);
	unsigned seen;

	conn_counts_run(&conn, 1);
	cr_assert(conn.known);
	cr_assert_eq(conn.count, count, "%u, not %u", conn.count, count);
	conn = conn_count_of(fd);
	seen = read_calmly(&conn, count);
	cr_assert_eq(seen, count, "by /proc %u, not %u", seen, count);
}

/* The kernel may have no sock_diag, or keep it from us. */
static void skip_where_unknown(int fd)
{
	struct conn_count conn = conn_count_of(fd);

	if (conn_counts_ask_diag(&conn, 1, (enum conn_kind)conn.kind))
		return;
	close(fd);
	skip_unless(false, "this kernel has no sock_diag");
}

static int taken(int fd)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	cr_assert_geq(client, 0, "%s", strerror(errno));
	return client;
}

/* What is sent and closed on one side has arrived at the other. */
static void wait_for_end(int fd)
{
	char byte;

	cr_assert_eq(recv(fd, &byte, 1, 0), 0);
}

static void expect_a_life(int listener, int client)
{
	int served;

	expect_count(listener, 1);              /* in the queue */
	served = taken(listener);
	expect_count(listener, 1);
	shutdown(client, SHUT_WR);
	wait_for_end(served);
	expect_count(listener, 1);              /* it wants its answer */
	shutdown(served, SHUT_WR);
	wait_for_end(client);
	close(served);
	expect_count(listener, 0);
	close(client);
}

Test(connections, of_tcp_are_counted_from_the_queue_to_the_servers_close)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen);

	skip_where_unknown(listener);
	expect_count(listener, 0);
	expect_a_life(listener, connected(AF_INET, SOCK_STREAM, port_of(listener)));
	expect_count(listener, 0);
	close(listener);
}

Test(connections, that_the_backend_has_shut_down_and_still_reads_count)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), client, served;

	skip_where_unknown(listener);
	client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	served = taken(listener);
	shutdown(served, SHUT_WR);
	wait_for_end(client);
	expect_count(listener, 1);
	close(served);
	expect_count(listener, 0);
	close(client);
	close(listener);
}

/* Until nothing has moved for 60 ms by the kernel's clock, which counts in ticks of up to 10 ms. */
static void let_rest(int client)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	while (info.tcpi_last_data_sent < 60 || info.tcpi_last_data_recv < 60 || info.tcpi_last_ack_recv < 60) {
		cr_assert_eq(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
		usleep(1000);
	}
}

static struct conn_count looked_at(int listener, uint32_t quiet_after)
{
	struct conn_count conn = conn_count_of(listener);

	conn.quiet_after = quiet_after;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known);
	return conn;
}

Test(connections, are_quiet_from_the_last_byte_that_moved_on)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), client, served;
	struct conn_count conn;
	char byte;

	skip_where_unknown(listener);
	client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	let_rest(client);
	conn = looked_at(listener, 50);
	cr_expect(conn.count == 1 && !conn.quiet, "it waits to be accepted");
	served = taken(listener);
	conn = looked_at(listener, 50);
	cr_expect(conn.quiet == 1 && !conn.count);
	cr_expect_geq(conn.moved, 50);
	conn = looked_at(listener, 3600000);
	cr_expect(conn.count == 1 && !conn.quiet, "something has moved within an hour");
	cr_assert_eq(send(client, "x", 1, 0), 1);
	let_rest(client);
	conn = looked_at(listener, 50);
	cr_expect(conn.count == 1 && !conn.moved, "a byte is unread");
	cr_assert_eq(recv(served, &byte, 1, 0), 1);
	conn = looked_at(listener, 50);
	cr_expect_eq(conn.quiet, 1);
	shutdown(client, SHUT_WR);
	wait_for_end(served);
	conn = looked_at(listener, 50);
	cr_expect(conn.count == 1 && !conn.quiet, "its client has closed");
	close(served);
	close(client);
	close(listener);
}

static struct conn_count asked_whose_turn(int listener, int client)
{
	struct conn_count conn = conn_count_of(listener);

	let_rest(client);
	conn.quiet_after = 50;
	conn.by_turn = true;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known && conn.count + conn.quiet == 1);
	return conn;
}

static void pass_byte(int from, int to)
{
	char byte = 'x';

	cr_assert_eq(send(from, &byte, 1, 0), 1);
	cr_assert_eq(recv(to, &byte, 1, 0), 1);
}

/* The last step is within a tick of the kernel's clock, where nobody can tell. */
Test(connections, wait_for_their_client_behind_an_answer_alone)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), client, served;

	skip_where_unknown(listener);
	client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	served = taken(listener);
	cr_expect_eq(asked_whose_turn(listener, client).count, 1, "a greeting may be owed");
	pass_byte(client, served);
	cr_expect_eq(asked_whose_turn(listener, client).count, 1, "an answer is owed");
	pass_byte(served, client);
	cr_expect_eq(asked_whose_turn(listener, client).quiet, 1);
	pass_byte(client, served);
	cr_expect_eq(asked_whose_turn(listener, client).count, 1, "the next answer is owed");
	pass_byte(served, client);
	pass_byte(client, served);
	cr_expect_eq(asked_whose_turn(listener, client).count, 1, "an answer is owed right behind the last one");
	close(served);
	close(client);
	close(listener);
}

static uint32_t counted_without_left(int listener)
{
	struct conn_count conn = conn_count_of(listener);

	conn.skips_left = true;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known);
	return conn.count;
}

Test(connections, of_the_queue_that_have_left_without_a_byte_can_be_left_out)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), client, served;

	skip_where_unknown(listener);
	client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	cr_expect_eq(counted_without_left(listener), 1, "it may be about to say something");
	close(client);
	cr_expect_eq(counted_without_left(listener), 0);
	client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	cr_assert_eq(send(client, "x", 1, 0), 1);
	close(client);
	cr_expect_eq(counted_without_left(listener), 1, "it has said something");
	close(taken(listener));
	served = taken(listener);
	cr_expect_eq(counted_without_left(listener), 1, "the backend has it");
	close(served);
	close(listener);
}

static struct conn_count looked_for_words(int listener, struct cookie_set *silent)
{
	struct conn_count conn = conn_count_of(listener);

	silent->silent_count = 0;
	conn.which = CONN_WHICH_QUEUED;
	conn.wants_words = true;
	conn.cookies = silent;
	conn_counts_run(&conn, 1);
	cr_assert(conn.known && !silent->failed);
	return conn;
}

Test(connections, of_the_queue_are_told_apart_by_what_they_have_brought)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), talks, keeps_quiet, leaves, says_and_leaves;
	struct cookie_set silent = { 0 };
	struct conn_count conn;

	skip_where_unknown(listener);
	keeps_quiet = connected(AF_INET, SOCK_STREAM, port_of(listener));
	leaves = connected(AF_INET, SOCK_STREAM, port_of(listener));
	conn = looked_for_words(listener, &silent);
	cr_expect(conn.count == 0 && silent.silent_count == 2);
	cr_expect_eq(silent_conn_look(&silent.silent[0]), SILENT_STILL);
	close(leaves);
	cr_expect_eq((silent_conn_look(&silent.silent[0]) == SILENT_LEFT) +
		     (silent_conn_look(&silent.silent[1]) == SILENT_LEFT), 1);
	conn = looked_for_words(listener, &silent);
	cr_expect(conn.count == 0 && silent.silent_count == 1);
	talks = connected(AF_INET, SOCK_STREAM, port_of(listener));
	cr_assert_eq(send(talks, "x", 1, 0), 1);
	conn = looked_for_words(listener, &silent);
	cr_expect(conn.count == 1 && silent.silent_count == 1);
	says_and_leaves = connected(AF_INET, SOCK_STREAM, port_of(listener));
	cr_assert_eq(send(says_and_leaves, "x", 1, 0), 1);
	close(says_and_leaves);
	conn = looked_for_words(listener, &silent);
	cr_expect(conn.count == 2 && silent.silent_count == 1);
	cr_assert_eq(send(keeps_quiet, "x", 1, 0), 1);
	cr_expect_eq(silent_conn_look(&silent.silent[0]), SILENT_SPOKE);
	close(talks);
	close(keeps_quiet);
	cookie_set_free(&silent);
	close(listener);
}

Test(connections, are_told_from_others_by_their_port)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), other = opened(&listen);
	int client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	struct conn_count conn = conn_count_of(listener), others = conn_count_of(other);
	bool is_probe = false;
	int served;

	served = taken(listener);
	cr_expect(conn_counts_own(&conn, 1, served, &is_probe));
	cr_expect_not(conn_counts_own(&others, 1, served, &is_probe));
	cr_expect_not(conn_counts_own(&conn, 1, client, &is_probe));
	cr_expect_not(is_probe);
	close(served);
	close(client);
	close(other);
	close(listener);
}

Test(connections, of_both_families_are_counted_on_a_dual_stack_socket)
{
	struct listen listen = listen_of("tcp:0");
	int listener = opened(&listen), port = port_of(listener), old, new;

	skip_unless(bind_kernel_has_ipv6(), "there is no IPv6 here");
	skip_where_unknown(listener);
	old = connected(AF_INET, SOCK_STREAM, port);
	new = connected(AF_INET6, SOCK_STREAM, port);
	cr_assert_geq(old, 0);
	cr_assert_geq(new, 0);
	expect_count(listener, 2);
	close(old);
	close(new);
	close(listener);
}

Test(connections, that_became_ones_of_ipv4_are_counted_on_a_dual_stack_socket)
{
	struct listen listen = listen_of("tcp:0");
	int listener = opened(&listen), client, server, family = AF_INET;
	static const unsigned char local[16] = { [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 };
	struct conn_count conn = conn_count_of(listener);

	skip_unless(bind_kernel_has_ipv6(), "there is no IPv6 here");
	skip_where_unknown(listener);
	client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	cr_assert_geq(client, 0);
	server = taken(listener);
	cr_assert_eq(setsockopt(server, IPPROTO_IPV6, IPV6_ADDRFORM, &family, sizeof(family)), 0, "%s",
		     strerror(errno));
	conn_counts_run(&conn, 1);
	cr_expect_eq(conn.count, 0);
	conn_count_take_ipv4(&conn, listener);
	conn_counts_run(&conn, 1);
	cr_expect_eq(conn.count, 1);
	cr_expect_eq(conn.peer_count, 1);
	cr_expect_arr_eq(conn.peers[0], local, sizeof(local));
	cr_expect(conn_counts_own(&conn, 1, server, &(bool){ false }));
	cr_expect_eq(conn.kind, CONN_TCP);
	cr_expect_eq(read_calmly(&conn, 1), 1);
	close(client);
	close(server);
	close(listener);
}

static int opened_at(const char *address, int port)
{
	struct listen listen = listen_of(pool_textf(pool, "tcp:%s:%d", address, port));

	return opened(&listen);
}

/* At a port that nobody has at 127.0.0.1, where all others on the machine open theirs. */
static int opened_at_a_free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (;;) {
		int fd = opened_at("127.0.0.2", 0), probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool is_free;

		address.sin_port = htons((uint16_t)port_of(fd));
		is_free = bind(probe, (struct sockaddr *)&address, sizeof(address)) == 0;
		close(probe);
		if (is_free)
			return fd;
		close(fd);
	}
}

Test(connections, of_another_address_at_the_same_port_are_not_its)
{
	int first = opened_at_a_free_port(), second, client;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) };

	skip_where_unknown(first);
	second = opened_at("127.0.0.1", port_of(first));
	address.sin_port = htons((uint16_t)port_of(first));
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	expect_count(first, 1);
	expect_count(second, 0);
	close(client);
	close(second);
	close(first);
}

Test(connections, that_a_backend_opens_itself_are_nobodys)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int backend = opened(&listen), elsewhere = opened(&listen), out;

	skip_where_unknown(backend);
	out = connected(AF_INET, SOCK_STREAM, port_of(elsewhere));
	expect_count(backend, 0);
	expect_count(elsewhere, 1);
	close(out);
	close(elsewhere);
	close(backend);
}

Test(connections, of_many_listeners_are_counted_in_one_go)
{
	enum { MANY = 150 };            /* more than one question holds */
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	struct conn_count conns[MANY];
	int listeners[MANY], clients[MANY];

	for (int n = 0; n < MANY; n++) {
		listeners[n] = opened(&listen);
		clients[n] = n % 3 ? connected(AF_INET, SOCK_STREAM, port_of(listeners[n])) : -1;
		conn_count_init(&conns[n], listeners[n]);
	}
	skip_where_unknown(listeners[0]);
	conn_counts_run(conns, MANY);
	for (int n = 0; n < MANY; n++) {
		cr_expect(conns[n].known);
		cr_expect_eq(conns[n].count, n % 3 ? 1u : 0u, "%d: %u", n, conns[n].count);
		close(listeners[n]);
		close(clients[n]);
	}
}

Test(connections, more_than_one_message_of_the_kernel_holds_are_all_counted)
{
	enum { MANY = 400 };
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen), clients[MANY];

	skip_where_unknown(listener);
	for (int n = 0; n < MANY; n++)
		cr_assert_geq(clients[n] = connected(AF_INET, SOCK_STREAM, port_of(listener)), 0);
	expect_count(listener, MANY);
	for (int n = 0; n < MANY; n++)
		close(clients[n]);
	close(listener);
}

static void expect_a_unix_life(struct listen listen, int type)
{
	int listener = opened(&listen), first, second, served;

	skip_where_unknown(listener);
	expect_count(listener, 0);
	first = unix_connected(listen.address->address, type);
	second = unix_connected(listen.address->address, type);
	expect_count(listener, 2);
	served = taken(listener);
	expect_count(listener, 2);
	close(first);
	expect_count(listener, 2);              /* the backend still has it */
	close(served);
	expect_count(listener, 1);
	close(second);
	close(listener);
}

Test(connections, of_a_unix_socket_are_counted_from_the_queue_to_the_servers_close)
{
	expect_a_unix_life(listen_at("unix", "stream"), SOCK_STREAM);
}

Test(connections, of_packets_are_counted_as_well)
{
	expect_a_unix_life(listen_at("seqpacket", "packets"), SOCK_SEQPACKET);
}

/* What is known of him in the queue is not what is known of him afterwards. */
static void expect_to_find_again(struct listen listen, int type)
{
	struct cookie_set cookies = { 0 };
	int listener = opened(&listen), first, second, later, served, serves_later;
	struct conn_count conn = conn_count_of(listener);

	skip_where_unknown(listener);
	first = unix_connected(listen.address->address, type);
	second = unix_connected(listen.address->address, type);
	served = taken(listener);
	conn.which = CONN_WHICH_ALL;
	conn.cookies = &cookies;
	conn_counts_run(&conn, 1);
	cookie_set_sort(&cookies);
	cr_expect_eq(conn.count, 2);
	cr_expect_eq(cookies.count, 2);
	cr_expect_not(cookies.failed);
	later = unix_connected(listen.address->address, type);
	conn.which = CONN_WHICH_ACCEPTED;
	conn.only_known = true;
	conn_counts_run(&conn, 1);
	cr_expect_eq(conn.count, 1, "who waits still has been taken by nobody");
	close(served);
	served = taken(listener);
	serves_later = taken(listener);
	conn_counts_run(&conn, 1);
	cr_expect_eq(conn.count, 1, "who came later is none of those noted: %u", conn.count);
	close(served);
	conn_counts_run(&conn, 1);
	cr_expect_eq(conn.count, 0);
	free(cookies.list);
	close(serves_later);
	close(later);
	close(first);
	close(second);
	close(listener);
}

Test(connections, of_a_unix_socket_noted_in_its_queue_are_known_when_they_are_served)
{
	expect_to_find_again(listen_at("unix", "noted"), SOCK_STREAM);
	expect_to_find_again(listen_at("seqpacket", "noted-packets"), SOCK_SEQPACKET);
}

Test(connections, of_an_abstract_name_are_counted_and_not_those_of_its_beginning)
{
	struct listen longer = listen_of(pool_textf(pool, "@superd-connections-%d-2", (int)getpid()));
	struct listen shorter = listen_of(pool_textf(pool, "@superd-connections-%d", (int)getpid()));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(longer.address->address);
	int first = opened(&longer), second = opened(&shorter), client;

	skip_where_unknown(first);
	memcpy(address.sun_path + 1, longer.address->address + 1, length - 1);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(client, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)), 0);
	expect_count(first, 1);
	expect_count(second, 0);
	close(client);
	close(first);
	close(second);
}

Test(connections, of_udp_are_the_sockets_connected_to_one_peer)
{
	struct listen listen = listen_of("udp:127.0.0.1:0");
	int socket_of_many = opened(&listen), one, reuse = 1;
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, peer = own;

	skip_where_unknown(socket_of_many);
	expect_count(socket_of_many, 0);
	own.sin_port = htons((uint16_t)port_of(socket_of_many));
	peer.sin_port = htons(9);
	setsockopt(socket_of_many, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
	one = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
	cr_assert_eq(bind(one, (struct sockaddr *)&own, sizeof(own)), 0);
	expect_count(socket_of_many, 0);
	cr_assert_eq(connect(one, (struct sockaddr *)&peer, sizeof(peer)), 0);
	expect_count(socket_of_many, 1);
	close(one);
	close(socket_of_many);
}

Test(connections, of_other_descriptors_are_unknown)
{
	struct conn_count conn = conn_count_of(STDIN_FILENO);

	cr_assert_eq(conn.kind, CONN_NONE);
	conn_counts_run(&conn, 1);
	cr_assert_not(conn.known);
}

static int visitor_from(const char *from, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	struct sockaddr_in far = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(inet_pton(AF_INET, from, &own.sin_addr), 1);
	far.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0, "%s", strerror(errno));
	cr_assert_eq(connect(fd, (struct sockaddr *)&far, sizeof(far)), 0, "%s", strerror(errno));
	return fd;
}

static void expect_others(int listener, const struct access *probes, bool queued, unsigned expected)
{
	way_to_count *const ways[] = { conn_counts_ask_diag, conn_counts_read_proc };

	for (size_t n = 0; n < sizeof(ways) / sizeof(*ways); n++) {
		struct conn_count conn = conn_count_of(listener);

		conn.probes = probes;
		conn.which = queued ? CONN_WHICH_QUEUED : CONN_WHICH_CLIENTS;
		conn.known = true;
		for (int tries = 0; tries < 100 && (!tries || conn.count != expected); tries++) {
			conn.count = 0;         /* a list of /proc that changes may have somebody twice */
			cr_assert(ways[n](&conn, 1, CONN_TCP));
		}
		cr_expect_eq(conn.count, expected, "way %zu: %u, not %u", n, conn.count, expected);
	}
}

static void expect_probes_are_left_out(const char *endpoint)
{
	const char *const list[] = { "127.0.0.2", NULL };
	struct pool *own = pool_new();
	const struct access *probes = access_compile(list, NULL, NULL, NULL, own);
	struct listen listen = listen_of(endpoint);
	int listener = opened(&listen), port, probe, client, served[2];

	skip_where_unknown(listener);
	port = port_of(listener);
	probe = visitor_from("127.0.0.2", port);
	expect_others(listener, probes, false, 0);
	expect_others(listener, probes, true, 0);
	client = visitor_from("127.0.0.1", port);
	expect_others(listener, probes, false, 1);
	expect_others(listener, probes, true, 1);
	expect_others(listener, NULL, false, 2);
	served[0] = taken(listener);
	served[1] = taken(listener);
	expect_others(listener, probes, false, 1);
	expect_others(listener, probes, true, 0);
	close(probe);
	close(client);
	close(served[0]);
	close(served[1]);
	close(listener);
	pool_free(own);
}

Test(connections, of_probes_are_left_out)
{
	expect_probes_are_left_out("tcp4:127.0.0.1:0");
}

Test(connections, of_probes_are_left_out_where_IPv4_comes_mapped)
{
	skip_unless(bind_kernel_has_ipv6(), "there is no IPv6 here");
	expect_probes_are_left_out("tcp:0");
}
