/* Address rules as programs of the kernel: each lets in whom access_judge lets in, on sockets of either family, and no
 * packet of anybody else reaches the queue. */
#include "tests/unit/bind_fixture.h"

#include <arpa/inet.h>

#include "os/host/host.h"
#include "tests/unit/hang.h"

#define LIST(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

TestSuite(filter, .init = set_up, .fini = tear_down);

static const struct sock_fprog *compile_for(int family, words only_from, words no_access)
{
	const struct access *access = access_compile(only_from, no_access, NULL, NULL, pool);
	const struct sock_fprog *filter = socket_filter_compile(access, family, pool, &why);

	cr_assert_not_null(filter, "%s", buf_string(&why));
	return filter;
}

/* An IP header with this source. */
static void make_packet(unsigned char packet[40], const unsigned char address[16], bool ipv4)
{
	memset(packet, 0, 40);
	packet[0] = ipv4 ? 0x45 : 0x60;
	memcpy(packet + (ipv4 ? 12 : 8), ipv4 ? address + 12 : address, ipv4 ? 4 : 16);
}

/* What the kernel does with the few instructions there are. */
static bool takes(const struct sock_fprog *filter, const unsigned char address[16], bool ipv4)
{
	unsigned char packet[40];
	uint32_t a = 0;

	make_packet(packet, address, ipv4);
	for (unsigned at = 0; at < filter->len; at++) {
		const struct sock_filter *one = &filter->filter[at];
		uint32_t offset = one->k - (uint32_t)SKF_NET_OFF, k = one->k;

		switch (one->code) {
		case BPF_LD | BPF_B | BPF_ABS:
			a = packet[offset];
			break;
		case BPF_LD | BPF_W | BPF_ABS:
			cr_assert_leq(offset, 36);
			memcpy(&a, packet + offset, sizeof(a));
			a = ntohl(a);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			a >>= k;
			break;
		case BPF_JMP | BPF_JA:
			at += k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += a == k ? one->jt : one->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += a >= k ? one->jt : one->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += a > k ? one->jt : one->jf;
			break;
		case BPF_RET | BPF_K:
			return k;
		default:
			cr_assert_fail("instruction %u is %#x", at, one->code);
		}
	}
	cr_assert_fail("it runs over its end");
	return false;
}

static uint64_t random_state;

static unsigned random_below(unsigned bound)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % bound;
}

/* Few different bytes, so that networks and addresses meet. */
static void random_address(unsigned char address[16], bool ipv4)
{
	static const unsigned char bytes[] = { 0, 1, 127, 128, 255 };

	memset(address, 0, 16);
	address[10] = address[11] = ipv4 ? 0xff : 0;
	for (unsigned i = ipv4 ? 12 : 0; i < 16; i++)
		address[i] = bytes[random_below(sizeof(bytes))];
}

static words random_list(unsigned most)
{
	const char *list[64] = { NULL };
	unsigned count = random_below(most + 1);

	for (unsigned i = 0; i < count; i++) {
		unsigned char address[16];
		bool ipv4 = random_below(2);
		char text[64];

		random_address(address, ipv4);
		inet_ntop(ipv4 ? AF_INET : AF_INET6, ipv4 ? address + 12 : address, text, sizeof(text));
		list[i] = pool_textf(pool, "%s/%u", text, ipv4 ? random_below(33) : random_below(129));
	}
	if (!count)
		list[count++] = "none";
	return pool_list(pool, list, count);
}

Test(filter, takes_whom_the_rules_permit_and_nobody_else)
{
	unsigned permitted = 0, tried = 0;

	for (random_state = 1; tried < 200000;) {
		words only_from = random_below(4) ? random_list(40) : NULL,
		      no_access = random_below(2) ? random_list(20) : NULL;
		const struct access *access = access_compile(only_from, no_access, NULL, NULL, pool);
		const struct sock_fprog *four, *six;

		if (!access)
			continue;
		four = socket_filter_compile(access, AF_INET, pool, &why);
		six = socket_filter_compile(access, AF_INET6, pool, &why);
		cr_assert(four && six, "%s", buf_string(&why));
		for (unsigned i = 0; i < 200; i++, tried++) {
			unsigned char address[16];
			bool ipv4 = random_below(2), permits;

			random_address(address, ipv4);
			permits = access_judge(access, address) == ACCESS_PERMITTED;
			permitted += permits;
			cr_assert_eq(takes(six, address, ipv4), permits);
			if (ipv4)
				cr_assert_eq(takes(four, address, true), permits);
		}
	}
	cr_expect(permitted > tried / 20 && permitted < tried - tried / 20, "%u of %u", permitted, tried);
}

Test(filter, holds_a_thousand_networks_of_ipv4_and_800_of_ipv6)
{
	static const char *list[2001];
	const struct sock_fprog *filter;
	unsigned char address[16] = { [10] = 0xff, [11] = 0xff };

	for (unsigned i = 0; i < 1000; i++)
		list[i] = pool_textf(pool, "10.%u.%u.0/24", i / 100, i % 100 * 2);
	filter = compile_for(AF_INET, list, NULL);
	for (unsigned i = 0; i < 2000; i++) {
		address[12] = 10;
		address[13] = (unsigned char)(i / 200);
		address[14] = (unsigned char)(i % 200);
		cr_assert_eq(takes(filter, address, true), i % 2 == 0, "%u", i);
	}
	for (unsigned i = 0; i < 800; i++)
		list[i] = pool_textf(pool, "2001:db8:0:%x::/64", i * 2);
	list[800] = NULL;
	filter = compile_for(AF_INET6, list, NULL);
	memcpy(address, "\x20\x01\x0d\xb8", 5);
	memset(address + 5, 0, 11);
	for (unsigned i = 0; i < 1600; i++) {
		address[6] = (unsigned char)(i >> 8);
		address[7] = (unsigned char)i;
		cr_assert_eq(takes(filter, address, false), i % 2 == 0, "%u", i);
	}
}

Test(filter, says_what_it_cannot_hold)
{
	static const char *list[3001];
	const struct access *access = access_compile(LIST(".example.org"), NULL, NULL, NULL, pool);

	cr_expect_null(socket_filter_compile(access, AF_INET6, pool, &why));
	cr_expect(strstr(buf_string(&why), "names of hosts"), "%s", buf_string(&why));
	buf_clear(&why);
	for (unsigned i = 0; i < 3000; i++)
		list[i] = pool_textf(pool, "10.%u.%u.1", i / 200, i % 200);
	access = access_compile(list, NULL, NULL, NULL, pool);
	cr_expect_null(socket_filter_compile(access, AF_INET6, pool, &why));
	cr_expect(strstr(buf_string(&why), "more networks than"), "%s", buf_string(&why));
}

Test(filter, tells_programs_apart)
{
	const struct sock_fprog *a = compile_for(AF_INET, LIST("192.0.2.1"), NULL);
	const struct sock_fprog *b = compile_for(AF_INET, LIST("192.0.2.2"), NULL);

	cr_expect(socket_filter_equal(NULL, NULL));
	cr_expect_not(socket_filter_equal(a, NULL));
	cr_expect_not(socket_filter_equal(NULL, a));
	cr_expect_not(socket_filter_equal(a, b));
	cr_expect(socket_filter_equal(a, compile_for(AF_INET, LIST("192.0.2.1", "192.0.2.1/32"), NULL)));
}

/* A socket of this loopback address that begins to connect, or is connected for datagrams. */
static int coming_from(const char *address, int type, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	cr_assert_eq(inet_pton(AF_INET, address, &own.sin_addr), 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		cr_assert_eq(errno, EINPROGRESS);
	return fd;
}

/* Whose connection stands first in the queue, once there is one; "" where there is none now. */
static const char *accepted(int listener, bool wait)
{
	static char text[INET6_ADDRSTRLEN];
	struct sockaddr_in6 peer = { 0 };
	struct pollfd state = { .fd = listener, .events = POLLIN };
	socklen_t length = sizeof(peer);
	int fd;

	cr_assert_geq(poll(&state, 1, wait ? HANG_MS : 0), wait ? 1 : 0);
	fd = accept(listener, (struct sockaddr *)&peer, &length);
	if (fd < 0)
		return "";
	close(fd);
	if (peer.sin6_family == AF_INET)
		return inet_ntop(AF_INET, (const char *)&peer + offsetof(struct sockaddr_in, sin_addr), text,
				 sizeof(text));
	return inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof(text));
}

/* Kernels differ in whom they let do it. */
static void skip_unless_tcp_may_be_filtered(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), attached;

	attached = socket_filter_attach(fd, compile_for(AF_INET, LIST("127.0.0.1"), NULL));
	close(fd);
	skip_unless(attached == 0, "this kernel lets root alone have a filter at a socket of TCP");
}

static void expect_only_the_first_is_queued(const char *endpoint, const struct sock_fprog *filter, const char *seen)
{
	struct listen listen = listen_of(endpoint);
	int listener, refused_one, permitted_one;

	set_rules(&listen, filter);
	listener = opened(&listen);
	refused_one = coming_from("127.0.0.2", SOCK_STREAM, port_of(listener));
	permitted_one = coming_from("127.0.0.1", SOCK_STREAM, port_of(listener));
	cr_expect_str_eq(accepted(listener, true), seen);
	cr_expect_str_eq(accepted(listener, false), "", "%s", endpoint);
	close(refused_one);
	close(permitted_one);
	close(listener);
}

Test(filter, a_connection_from_a_refused_address_is_never_queued)
{
	words only_from = LIST("127.0.0.1", "::1"), no_access = LIST("127.0.0.2");

	skip_unless_tcp_may_be_filtered();
	expect_only_the_first_is_queued("tcp4:0", compile_for(AF_INET, only_from, NULL), "127.0.0.1");
	expect_only_the_first_is_queued("tcp4:0", compile_for(AF_INET, NULL, no_access), "127.0.0.1");
	skip_unless(bind_kernel_has_ipv6(), "no IPv6 here");
	expect_only_the_first_is_queued("tcp:0", compile_for(AF_INET6, only_from, NULL), "::ffff:127.0.0.1");
	expect_only_the_first_is_queued("tcp:0", compile_for(AF_INET6, NULL, no_access), "::ffff:127.0.0.1");
}

Test(filter, ipv6_clients_are_told_apart_too)
{
	struct listen listen = listen_of("tcp:0");
	int listener, client;

	skip_unless(bind_kernel_has_ipv6(), "no IPv6 here");
	skip_unless_tcp_may_be_filtered();
	set_rules(&listen, compile_for(AF_INET6, LIST("::1"), NULL));
	listener = opened(&listen);
	client = connected(AF_INET6, SOCK_STREAM, port_of(listener));
	cr_assert_geq(client, 0);
	cr_expect_str_eq(accepted(listener, true), "::1");
	close(client);
	close(listener);
	set_rules(&listen, compile_for(AF_INET6, NULL, LIST("::1", "127.0.0.2")));
	listener = opened(&listen);
	client = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(client,
		(struct sockaddr *)&(struct sockaddr_in6){ .sin6_family = AF_INET6,
							   .sin6_addr = IN6ADDR_LOOPBACK_INIT,
							   .sin6_port = htons((uint16_t)port_of(listener)) },
		sizeof(struct sockaddr_in6));
	close(coming_from("127.0.0.1", SOCK_STREAM, port_of(listener)));
	cr_expect_str_eq(accepted(listener, true), "::ffff:127.0.0.1");
	cr_expect_str_eq(accepted(listener, false), "");
	close(client);
	close(listener);
}

static ssize_t received(int fd, char *out)
{
	struct pollfd state = { .fd = fd, .events = POLLIN };

	poll(&state, 1, 0);
	return recv(fd, out, 1, MSG_DONTWAIT);
}

Test(filter, a_datagram_from_a_refused_address_is_never_queued)
{
	static const char *const endpoints[] = { "udp4:0", "udp:0" };

	options.filter_every_packet = true;
	for (size_t i = 0; i < 2; i++) {
		struct listen listen = listen_of(endpoints[i]);
		int socket_fd, refused_one, permitted_one;
		char got = '?';

		if (i && !bind_kernel_has_ipv6())
			continue;
		set_rules(&listen, compile_for(i ? AF_INET6 : AF_INET, LIST("127.0.0.1"), NULL));
		socket_fd = opened(&listen);
		refused_one = coming_from("127.0.0.2", SOCK_DGRAM, port_of(socket_fd));
		permitted_one = coming_from("127.0.0.1", SOCK_DGRAM, port_of(socket_fd));
		cr_assert_eq(send(refused_one, "r", 1, 0), 1);
		cr_assert_eq(send(permitted_one, "p", 1, 0), 1);
		cr_assert_eq(received(socket_fd, &got), 1, "%s", endpoints[i]);
		cr_expect_eq(got, 'p');
		cr_expect_eq(received(socket_fd, &got), -1);
		close(refused_one);
		close(permitted_one);
		close(socket_fd);
	}
}

Test(filter, changes_on_an_open_socket)
{
	struct listen before = listen_of("udp4:0"), after = before, open = before;
	int fd, client;
	char got;

	options.filter_every_packet = true;
	set_rules(&before, compile_for(AF_INET, LIST("127.0.0.1"), NULL));
	set_rules(&after, compile_for(AF_INET, LIST("127.0.0.2"), NULL));
	fd = opened(&before);
	client = coming_from("127.0.0.2", SOCK_DGRAM, port_of(fd));
	send(client, "1", 1, 0);
	cr_expect_eq(bind_adjust(fd, &before, &after, false, &why, &warnings), 0);
	send(client, "2", 1, 0);
	cr_expect_eq(received(fd, &got), 1);
	cr_expect_eq(got, '2');
	cr_expect_eq(bind_adjust(fd, &after, &before, false, &why, &warnings), 0);
	send(client, "3", 1, 0);
	cr_expect_eq(bind_adjust(fd, &before, &open, false, &why, &warnings), 0);
	send(client, "4", 1, 0);
	cr_expect_eq(received(fd, &got), 1);
	cr_expect_eq(got, '4');
	cr_expect_eq(bind_adjust(fd, &before, &open, false, &why, &warnings), 0, "there is none to take away");
	close(client);
	close(fd);
}

Test(filter, a_socket_that_was_given_gets_it_too)
{
	struct listen plain = listen_of("udp4:0"), ruled = plain;
	int fd = opened(&plain), client = coming_from("127.0.0.2", SOCK_DGRAM, port_of(fd));
	char got;

	options.filter_every_packet = true;
	set_rules(&ruled, compile_for(AF_INET, NULL, LIST("127.0.0.0")));
	cr_assert_eq(bind_adopt(fd, &ruled, &why, &warnings), 0);
	send(client, "1", 1, 0);
	cr_expect_eq(received(fd, &got), -1);
	close(client);
	close(fd);
}

Test(filter, without_room_for_it_there_is_no_socket)
{
	struct sock_filter bad = { .code = 0xffff };
	struct sock_fprog broken = { .len = 1, .filter = &bad };
	struct listen listen = listen_of("udp4:0");
	int fd;

	options.filter_every_packet = true;
	set_rules(&listen, &broken);
	refused(&listen, EINVAL, "only_from and no_access");
	set_rules(&listen, NULL);
	fd = opened(&listen);
	buf_clear(&why);
	set_rules(&listen, &broken);
	cr_expect_eq(bind_adopt(fd, &listen, &why, &warnings), -1);
	cr_expect(strstr(buf_string(&why), "only_from"));
	close(fd);
}

Test(filter, a_locked_one_stays_for_ever)
{
	const struct sock_fprog *filter = compile_for(AF_INET, LIST("127.0.0.1"), NULL);
	const struct sock_fprog *other = compile_for(AF_INET, LIST("127.0.0.2"), NULL);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(socket_filter_attach(fd, filter), 0);
	cr_expect_not(socket_filter_is_locked(fd));
	cr_assert(socket_filter_lock(fd));
	cr_expect(socket_filter_is_locked(fd));
	cr_expect_eq(socket_filter_attach(fd, filter), 0, "it has this one");
	cr_expect_eq(socket_filter_attach(fd, other), -1);
	cr_expect_eq(errno, EPERM);
	cr_expect_eq(socket_filter_attach(fd, NULL), -1);
	cr_expect_eq(errno, EPERM);
	close(fd);
}
