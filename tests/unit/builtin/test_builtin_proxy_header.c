/* Headers of the PROXY protocol, byte for byte as its specification has them. */
#include <arpa/inet.h>

#include "builtin/builtin.h"
#include "tests/unit/unit.h"

/* Both ends of a connection at a loopback address. */
struct pair {
	int client, server;
	unsigned client_port, server_port;
};

static unsigned port_of(int fd, int family)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&storage, &length), 0);
	return ntohs(family == AF_INET ? ((struct sockaddr_in *)&storage)->sin_port
				       : ((struct sockaddr_in6 *)&storage)->sin6_port);
}

/* The listener has this family, and takes IPv4 clients as well. */
static struct pair connect_pair(int listener_family, int client_family)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	int listener = socket(listener_family, SOCK_STREAM, 0);
	struct pair pair = { .client = socket(client_family, SOCK_STREAM, 0) };
	const struct sockaddr *own = listener_family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t own_length = listener_family == AF_INET ? sizeof(v4) : sizeof(v6);

	if (listener < 0 || bind(listener, own, own_length) < 0)
		cr_skip("this machine has no such address");
	cr_assert_eq(listen(listener, 1), 0);
	pair.server_port = port_of(listener, listener_family);
	v4.sin_port = v6.sin6_port = htons((in_port_t)pair.server_port);
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	cr_assert_eq(connect(pair.client, client_family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			     client_family == AF_INET ? sizeof(v4) : sizeof(v6)),
		     0);
	pair.server = accept(listener, NULL, NULL);
	pair.client_port = port_of(pair.client, client_family);
	close(listener);
	return pair;
}

static void expect_text(struct pair pair, const char *kind, const char *address)
{
	char header[PROXY_HEADER_MOST], wanted[PROXY_HEADER_MOST];
	size_t length = proxy_header_write(1, pair.server, header);

	snprintf(wanted, sizeof(wanted), "PROXY %s %s %s %u %u\r\n", kind, address, address, pair.client_port,
		 pair.server_port);
	cr_assert_eq(length, strlen(wanted));
	cr_assert_arr_eq(header, wanted, length);
}

Test(builtin_proxy_header, version_1_is_a_line)
{
	expect_text(connect_pair(AF_INET, AF_INET), "TCP4", "127.0.0.1");
	expect_text(connect_pair(AF_INET6, AF_INET6), "TCP6", "::1");
}

Test(builtin_proxy_header, a_mapped_address_is_one_of_ipv4)
{
	expect_text(connect_pair(AF_INET6, AF_INET), "TCP4", "127.0.0.1");
}

Test(builtin_proxy_header, version_2_is_binary)
{
	struct pair pair = connect_pair(AF_INET, AF_INET);
	char header[PROXY_HEADER_MOST];
	uint16_t ports[2] = { htons((uint16_t)pair.client_port), htons((uint16_t)pair.server_port) };

	cr_assert_eq(proxy_header_write(2, pair.server, header), 28);
	cr_assert_arr_eq(header, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1", 24);
	cr_assert_arr_eq(header + 24, ports, sizeof(ports));
	pair = connect_pair(AF_INET6, AF_INET6);
	cr_assert_eq(proxy_header_write(2, pair.server, header), 52);
	cr_assert_arr_eq(header + 12, "\x21\x21\0\x24", 4);
}

Test(builtin_proxy_header, a_client_without_an_address_is_unknown)
{
	char header[PROXY_HEADER_MOST];
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	cr_assert_eq(proxy_header_write(1, ends[0], header), 15);
	cr_assert_arr_eq(header, "PROXY UNKNOWN\r\n", 15);
	cr_assert_eq(proxy_header_write(2, ends[0], header), 16);
	cr_assert_arr_eq(header + 12, "\x20\0\0\0", 4);
	cr_assert_eq(proxy_header_write(2, -1, header), 16);
}

Test(builtin_proxy_header, a_client_that_was_reset_has_none)
{
	const struct linger at_once = { .l_onoff = 1 };
	struct pair pair = connect_pair(AF_INET, AF_INET);
	char header[PROXY_HEADER_MOST];

	cr_assert_eq(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(pair.client);
	cr_expect_eq(proxy_header_write(1, pair.server, header), 0);
	cr_expect_eq(proxy_header_write(2, pair.server, header), 0);
	close(pair.server);
}
