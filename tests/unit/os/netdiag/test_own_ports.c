/* What a process listens at, and what is connected within it. */
#include "tests/unit/bind_fixture.h"

#include "os/netdiag/own_ports.h"
#include "superd/stop/client_look.h"

TestSuite(own_ports, .init = set_up, .fini = tear_down, .timeout = 120);

static uint32_t socket_node(int fd)
{
	struct stat status;

	cr_assert_eq(fstat(fd, &status), 0);
	return (uint32_t)status.st_ino;
}

static const char *endpoint_of(const struct conn_count *own)
{
	buf_clear(&why);
	own_port_describe(own, &why);
	return buf_string(&why);
}

static void skip_without_diag(void)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&listen);
	struct conn_count conn;

	conn_count_init(&conn, listener);
	conn_counts_run(&conn, 1);
	close(listener);
	skip_unless(conn.known, "this kernel does not tell who is connected");
}

Test(own_ports, are_found_by_the_sockets_that_a_process_has)
{
	struct listen tcp = listen_of("tcp:127.0.0.1:0"), path = listen_of(pool_textf(pool, "%s/own", folder));
	int listener = opened(&tcp), other = opened(&tcp), unix_listener = opened(&path);
	struct conn_count own[OWN_PORTS_MOST];
	uint32_t node = socket_node(listener), unix_node = socket_node(unix_listener);

	skip_without_diag();
	cr_assert_eq(own_ports_find(&node, 1, own, OWN_PORTS_MOST), 1);
	cr_expect_str_eq(endpoint_of(&own[0]), pool_textf(pool, "tcp:127.0.0.1:%d", port_of(listener)));
	cr_assert_eq(own_ports_find(&unix_node, 1, own, OWN_PORTS_MOST), 1);
	cr_expect_str_eq(endpoint_of(&own[0]), pool_textf(pool, "unix:%s/own", folder));
	cr_expect_eq(own_ports_find(NULL, 0, own, OWN_PORTS_MOST), 0);
	cr_expect_eq(own_ports_find(&node, 1, own, 0), 0);
	close(unix_listener);
	close(other);
	close(listener);
}

static int compare(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

Test(own_ports, have_no_clients_within_the_process)
{
	struct listen tcp = listen_of("tcp:127.0.0.1:0");
	int listener = opened(&tcp), client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	int served = accept(listener, NULL, NULL);
	uint32_t both[] = { socket_node(client), socket_node(served) }, one = socket_node(served);
	struct cookie_set internal = { 0 };
	struct conn_count own;

	skip_without_diag();
	own_ports_note_internal(&one, 1, &internal);
	cr_expect_eq(internal.count, 0, "its client is another process");
	qsort(both, 2, sizeof(*both), compare);
	own_ports_note_internal(both, 2, &internal);
	cr_expect_eq(internal.count, 2, "both ends");
	conn_count_init(&own, listener);
	own.cookies = &internal;
	own.skips_known = true;
	conn_counts_run(&own, 1);
	cr_expect_eq(own.count, 0);
	cookie_set_free(&internal);
	close(served);
	close(client);
	close(listener);
}

Test(own_ports, are_described_as_an_endpoint_is)
{
	struct conn_count own = { .kind = CONN_TCP, .family = AF_INET, .is_wildcard = true, .port = 6379 };

	cr_expect_str_eq(endpoint_of(&own), "tcp:6379");
	own = (struct conn_count){ .kind = CONN_TCP, .family = AF_INET6, .port = 6379, .address = { [15] = 1 } };
	cr_expect_str_eq(endpoint_of(&own), "tcp:[::1]:6379");
	own = (struct conn_count){ .kind = CONN_UNIX, .length = 3, .name = "\0ab" };
	cr_expect_str_eq(endpoint_of(&own), "unix:@ab");
}
