/* Endpoints: which are equal, and which two clash, where the kernel itself is asked about TCP, so that the
 * function cannot drift from it. tests/read/superd/endpoints.conf has what is read and what is refused. */
#include <arpa/inet.h>

#include "table/endpoint/endpoint.h"
#include "tests/unit/pool_fixture.h"
#include "tests/unit/unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TestSuite(endpoint, .init = open_pool, .fini = close_pool);

static const struct endpoint *parse(const char *text)
{
	const struct endpoint *endpoint = NULL;
	const char *reason = endpoint_parse(text, pool, &endpoint);

	cr_assert_null(reason, "%s was refused: %s", text, reason);
	return endpoint;
}

static void expect_refused(const char *text, const char *part)
{
	const struct endpoint *endpoint = NULL;
	const char *reason = endpoint_parse(text, pool, &endpoint);

	cr_assert_not_null(reason, "%s was accepted", text);
	cr_expect(strstr(reason, part), "%s: '%s' is not in: %s", text, part, reason);
	cr_expect_null(endpoint);
}

static const char *const texts[] = {
	"tcp:80", "tcp:81", "tcp4:80", "tcp6:80", "udp:80", "tcp:80%lo", "tcp:80%eth0", "tcp:http",
	"tcp:localhost:80",
	"tcp:127.0.0.1:80", "/x", "unix-dgram:/x", "@x", "netlink:route", "netlink:route 1", "vsock:1:1",
	"vsock:1:2",
	"vsock:2:1", "rpc/tcp:nfs/1", "rpc/tcp:nfs/1-2", "rpc/udp:nfs/1", "tcpmux:a", "tcpmux:+a", "raw:1",
	"raw:2", "raw6:1", "raw:icmp", "raw:1@127.0.0.1",
};

Test(endpoint, refuses_what_is_longer_than_any_address)
{
	char text[20000];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	expect_refused(text, "too long");
	memcpy(text, "fifo:/", 6);
	expect_refused(text, "4095 is the most");
	memcpy(text, "tcpmux", 6);
	text[6] = ':';
	expect_refused(text, "255 characters");
}

Test(endpoint, is_equal_across_pools)
{
	struct pool *other = pool_new();

	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct endpoint *a = parse(texts[i]), *b = NULL;

		cr_assert_null(endpoint_parse(texts[i], other, &b));
		cr_expect_neq(a, b);
		cr_expect(endpoint_equal(a, b), "%s", texts[i]);
	}
	pool_free(other);
}

Test(endpoint, differs_in_every_part)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		for (size_t j = 0; j < i; j++)
			cr_expect_not(endpoint_equal(parse(texts[i]), parse(texts[j])), "%s %s", texts[i], texts[j]);
	}
}

static bool clash(const char *a, const char *b)
{
	bool there = endpoint_clash(parse(a), parse(b));

	cr_expect_eq(endpoint_clash(parse(b), parse(a)), there, "%s %s: not the same both ways", a, b);
	return there;
}

Test(endpoint, clashes_where_one_thing_is_claimed_twice)
{
	cr_expect(clash("80", "tcp:*:80"));
	cr_expect(clash("80", "localhost:80"));
	cr_expect(clash("localhost:80", "LOCALHOST:80"));
	cr_expect(clash("tcp4:80", "tcp4:localhost:80"));
	cr_expect(clash("tcp:http", "127.0.0.1:http"));
	cr_expect(clash("80%lo", "80"));
	cr_expect(clash("80%lo", "127.0.0.1:80%lo"));
	cr_expect(clash("udp:53", "udp:*:53"));
	cr_expect(clash("/run/x", "unix-dgram:/run/x"));
	cr_expect(clash("/run/x", "fifo:/run//x"));
	cr_expect(clash("@x", "unix:@x"));
	cr_expect(clash("vsock::5", "vsock:2:5"));
	cr_expect(clash("rpc/tcp:nfs/1-3", "rpc/tcp4:nfs/3"));
	cr_expect(clash("tcpmux:name", "tcpmux:+NAME"));
	cr_expect(clash("netlink:route 1", "netlink:0 1"));
	cr_expect(clash("special:/dev/x", "special:/dev/x"));
}

Test(endpoint, clashes_if_the_name_of_a_host_is_every_address)
{
	struct endpoint every = *parse("[::1]:80");

	every.address = "::";   /* as a look-up may say */
	cr_expect(endpoint_clash(&every, parse("[2001:db8::1]:80")));
	cr_expect_not(endpoint_clash(&every, parse("127.0.0.1:80")));
}

Test(endpoint, lets_stand_what_the_kernel_lets_stand)
{
	cr_expect_not(clash("80", "81"));
	cr_expect_not(clash("80", "udp:80"));
	cr_expect_not(clash("80", "tcp:http"), "unknown until it is looked up");
	cr_expect_not(clash("127.0.0.1:80", "localhost:80"), "unknown until it is looked up");
	cr_expect_not(clash("tcp4:80", "localhost:80"), "unknown until it is looked up");
	cr_expect_not(clash("tcp4:x:80", "tcp6:x:80"));
	cr_expect_not(clash("80%lo", "80%eth0"));
	cr_expect_not(clash("0", "0"), "two ports that the kernel chooses");
	cr_expect_not(clash("udp:0", "udp:0"));
	cr_expect(clash("udp:53", "udp4:53"));
	cr_expect(clash("udp:53", "udp:127.0.0.1:53"));
	cr_expect_not(clash("udp:127.0.0.2:53", "udp:127.0.0.1:53"));
	cr_expect_not(clash("@x", "unix-dgram:@x"));
	cr_expect_not(clash("@/run/x", "/run/x"));
	cr_expect_not(clash("special:/dev/x", "fifo:/dev/x"));
	cr_expect_not(clash("vsock:1:5", "vsock:2:5"));
	cr_expect_not(clash("rpc/tcp:nfs/1-3", "rpc/tcp:nfs/4"));
	cr_expect_not(clash("rpc/tcp4:nfs/1", "rpc/tcp6:nfs/1"));
	cr_expect_not(clash("rpc/tcp:nfs/1", "rpc/udp:nfs/1"));
	cr_expect_not(clash("rpc/tcp:nfs/1", "rpc/tcp:1/1"));
	cr_expect_not(clash("netlink:route", "netlink:route 1"));
}

/* A TCP listener as os/socket/bind makes it. -1 and errno. */
static int listen_on(const struct endpoint *endpoint, in_port_t port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address = { 0 };
	bool ipv4 = endpoint->family == FAMILY_IPV4;
	int on = 1, only = endpoint->family == FAMILY_IPV6 && !endpoint->address, saved;
	int fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	if (ipv4) {
		address.ipv4.sin_family = AF_INET;
		address.ipv4.sin_port = port;
		if (endpoint->address)
			inet_pton(AF_INET, endpoint->address, &address.ipv4.sin_addr);
	} else {
		cr_assert_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)), 0);
		address.ipv6.sin6_family = AF_INET6;
		address.ipv6.sin6_port = port;
		if (endpoint->address)
			inet_pton(AF_INET6, endpoint->address, &address.ipv6.sin6_addr);
	}
	if (!bind(fd, &address.any, ipv4 ? sizeof(address.ipv4) : sizeof(address.ipv6)) && !listen(fd, 1))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* A port nobody has: the kernel's choice for a dual-stack socket that is closed again. */
static in_port_t free_port(void)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t length = sizeof(address);
	int fd = listen_on(parse("0"), 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	close(fd);
	return address.sin6_port;
}

Test(endpoint, agrees_with_the_kernel_about_every_pair_of_tcp_listeners)
{
	static const char *const listeners[] = {
		"80", "tcp4:80", "tcp6:80", "127.0.0.1:80", "127.0.0.2:80", "[::1]:80", "[::ffff:127.0.0.1]:80",
		"[::ffff:0.0.0.0]:80",
	};
	int probe = socket(AF_INET6, SOCK_STREAM, 0);

	if (probe < 0)
		cr_skip_test("this kernel has no IPv6");
	close(probe);
	for (size_t i = 0; i < COUNT(listeners); i++) {
		for (size_t j = 0; j < COUNT(listeners); j++) {
			in_port_t port = free_port();
			int first = listen_on(parse(listeners[i]), port), second;

			if (first < 0 && errno == EADDRNOTAVAIL)
				continue;       /* IPv6 without ::1 */
			cr_assert_geq(first, 0, "%s: %s", listeners[i], strerror(errno));
			second = listen_on(parse(listeners[j]), port);
			if (second >= 0 || errno == EADDRINUSE)
				cr_expect_eq(clash(listeners[i], listeners[j]), second < 0, "%s beside %s",
					     listeners[i], listeners[j]);
			close(first);
			if (second >= 0)
				close(second);
		}
	}
}
