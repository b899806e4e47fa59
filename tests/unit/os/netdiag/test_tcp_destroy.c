/* Hearing of connections that are over, and of those of one's own ports alone. */
#include "tests/unit/bind_fixture.h"

#include <linux/inet_diag.h>

#include "os/netdiag/netdiag.h"
#include "tests/unit/hang.h"

static struct notify_received {
	uint16_t wanted;                /* 0: any; other ports are only counted */
	uint16_t other;                 /* a port that was not asked for; 0: none */
	unsigned count, other_count;    /* of all ports, and of that one */
	uint16_t last;
	int family;
	bool is_local;                  /* its client was at 127.0.0.1 or ::1 */
} heard;

static int departures = -1;

static void begin(void)
{
	set_up();
	departures = tcp_destroy_open();
	skip_unless(departures >= 0, "this kernel does not tell of connections that end");
}

static void end(void)
{
	close(departures);
	tear_down();
}

TestSuite(departures, .init = begin, .fini = end, .timeout = 120);

static void note(void *context, const struct inet_diag_msg *closed)
{
	struct notify_received *of = context;
	uint16_t port = ntohs(closed->id.idiag_sport);

	of->count++;
	of->other_count += of->other && port == of->other;
	if (of->wanted && port != of->wanted)
		return;
	of->last = port;
	of->family = closed->idiag_family;
	of->is_local = of->family == AF_INET ? !memcmp(closed->id.idiag_dst, (unsigned char[]){ 127, 0, 0, 1 }, 4)
					     : !memcmp(closed->id.idiag_dst, &in6addr_loopback, 16);
}

static int listener_made(void)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");

	return opened(&listen);
}

/* A client that comes and goes; the server closes last. */
static void visit(int listener)
{
	int client = connected(AF_INET, SOCK_STREAM, port_of(listener)), served = accept(listener, NULL, NULL);

	cr_assert_geq(served, 0);
	close(client);
	close(served);
}

/* The kernel tells a moment later. */
static void expect_to_hear(int port, int other)
{
	struct pollfd state = { departures, POLLIN, 0 };

	heard = (struct notify_received){ .wanted = (uint16_t)port, .other = (uint16_t)other };
	while (heard.last != port) {    /* before the kernel was told of ports it told of everybody's */
		cr_assert_eq(poll(&state, 1, HANG_MS), 1, "nothing was heard");
		cr_assert(tcp_destroy_read(departures, note, &heard));
	}
	cr_expect(heard.is_local);
}

static void expect_to_hear_of(int port)
{
	expect_to_hear(port, 0);
}

static void listen_for(int port)
{
	cr_assert_eq(tcp_destroy_subscribe(departures, (uint16_t[]){ (uint16_t)port }, 1), 0);
}

Test(departures, of_its_own_ports_are_heard_and_no_others)
{
	int mine = listener_made(), others = listener_made();

	visit(mine);                            /* before it was asked for */
	listen_for(port_of(mine));
	for (int n = 0; n < 50; n++)
		visit(others);
	visit(mine);
	expect_to_hear_of(port_of(mine));
	cr_expect_leq(heard.count, 2u);         /* of the first one the kernel may tell late */
	close(mine);
	close(others);
}

Test(departures, are_not_heard_before_the_server_has_closed)
{
	int listener = listener_made(), client = connected(AF_INET, SOCK_STREAM, port_of(listener));
	int served = accept(listener, NULL, NULL), later = listener_made();
	uint16_t ports[] = { (uint16_t)port_of(listener), (uint16_t)port_of(later) };

	cr_assert_eq(tcp_destroy_subscribe(departures, ports, 2), 0);
	close(client);
	visit(later);
	expect_to_hear(port_of(later), port_of(listener));
	cr_expect_eq(heard.other_count, 0u);
	close(served);
	expect_to_hear_of(port_of(listener));
	close(listener);
	close(later);
}

Test(departures, of_IPv6_are_heard_as_well)
{
	struct listen listen = listen_of("tcp:[::1]:0");
	int listener, client, served;

	skip_unless(bind_kernel_has_ipv6(), "there is no IPv6 here");
	listener = opened(&listen);
	listen_for(port_of(listener));
	client = connected(AF_INET6, SOCK_STREAM, port_of(listener));
	served = accept(listener, NULL, NULL);
	close(client);
	close(served);
	expect_to_hear_of(port_of(listener));
	close(listener);
}

/* So many ports, the given one among them and the other one not. */
static void listen_for_many(int port, int other, size_t count)
{
	uint16_t *ports = calloc(count, sizeof(*ports));
	size_t n = 0;

	cr_assert(ports);
	for (int next = port < (int)count ? 1 : port - (int)count / 2; n < count; next++) {
		if (next != other)
			ports[n++] = (uint16_t)next;
	}
	cr_assert_eq(tcp_destroy_subscribe(departures, ports, count), 0, "%s", strerror(errno));
	free(ports);
}

Test(departures, are_told_apart_by_any_number_of_ports)
{
	static const size_t sizes[] = { 1, 31, 32, 33, 64, 65, 100, 1000, 1001, 2999 };
	int mine = listener_made(), others = listener_made();

	for (size_t n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
		listen_for_many(port_of(mine), port_of(others), sizes[n]);
		visit(others);
		visit(mine);
		expect_to_hear(port_of(mine), port_of(others)); /* programs beside this one may have the other ports */
		cr_expect_eq(heard.other_count, 0u, "%zu ports", sizes[n]);
	}
	close(mine);
	close(others);
}

Test(departures, are_all_heard_of_where_the_ports_are_too_many_for_the_kernel)
{
	int listener = listener_made();

	listen_for_many(1, 0, 30000);
	visit(listener);
	expect_to_hear_of(port_of(listener));
	close(listener);
}

Test(departures, that_did_not_fit_are_told_of)
{
	int listener = listener_made(), small = 1;
	bool complete = true;

	cr_assert_eq(setsockopt(departures, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	listen_for(port_of(listener));
	for (int n = 0; n < 2000 && complete; n++) {
		visit(listener);
		if (n % 500 == 499)
			complete = tcp_destroy_read(departures, note, &heard);
	}
	cr_expect_not(complete, "2000 messages fit into the smallest buffer");
	close(listener);
}
