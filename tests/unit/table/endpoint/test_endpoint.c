/* Endpoints: what is read, what is refused and how, one text for one address, and which two clash. The table
 * of clashes of TCP is also asked of the kernel itself, so that the function cannot drift from it. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "table/endpoint/endpoint.h"
#include "tests/unit/pool_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TestSuite(endpoint, .init = open_pool, .fini = close_pool);

static const struct endpoint *parse(const char *text)
{
	const struct endpoint *endpoint = NULL;
	const char *reason = endpoint_parse(text, pool, &endpoint);

	cr_assert_null(reason, "%s was refused: %s", text, reason);
	return endpoint;
}

static const char *canonical(const char *text)
{
	struct buf out = { 0 };
	const char *kept;

	endpoint_format(parse(text), &out);
	kept = pool_text(pool, buf_string(&out));
	buf_free(&out);
	return kept;
}

static void expect_refused(const char *text, const char *part)
{
	const struct endpoint *endpoint = NULL;
	const char *reason = endpoint_parse(text, pool, &endpoint);

	cr_assert_not_null(reason, "%s was accepted", text);
	cr_expect(strstr(reason, part), "%s: '%s' is not in: %s", text, part, reason);
	cr_expect_null(endpoint);
}

static const char *const canonical_texts[][2] = {
	{ "8888", "tcp:8888" }, { "0", "tcp:0" }, { "0080", "tcp:80" }, { "65535", "tcp:65535" },
	{ "http", "tcp:http" }, { "tcpmux", "tcp:tcpmux" }, { "face", "tcp:face" }, { "3com-tsmux", "tcp:3com-tsmux" },
	{ "localhost:80", "tcp:localhost:80" }, { "x:0", "tcp:x:0" }, { "a.example:http", "tcp:a.example:http" },
	{ "127.0.0.1:80", "tcp:127.0.0.1:80" }, { "tcp4:127.0.0.1:80", "tcp:127.0.0.1:80" },
	{ "*:80", "tcp:80" }, { "tcp:*:80", "tcp:80" }, { "[::]:80", "tcp:80" }, { "tcp6:[::]:80", "tcp6:80" },
	{ "0.0.0.0:80", "tcp4:80" }, { "tcp4:*:80", "tcp4:80" }, { "udp:0.0.0.0:53", "udp4:53" },
	{ "[0:0::1]:80", "tcp:[::1]:80" }, { "tcp6:[::1]:80", "tcp:[::1]:80" },
	{ "[::FFFF:1.2.3.4]:80", "tcp:[::ffff:1.2.3.4]:80" },
	{ "[fe80::1]:80%eth0", "tcp:[fe80::1]:80%eth0" }, { "tcp:80%eth0", "tcp:80%eth0" },
	{ "80%eth0.100", "tcp:80%eth0.100" }, { "[::1]:1234%lo", "tcp:[::1]:1234%lo" },
	{ "tcp4:localhost:80", "tcp4:localhost:80" }, { "tcp6:http", "tcp6:http" },
	{ "udp:53", "udp:53" }, { "udp6:[2001:DB8::1]:53", "udp:[2001:db8::1]:53" }, { "sctp:5000", "sctp:5000" },
	{ "sctp:0.0.0.0:5000", "sctp4:5000" }, { "tcp:udp:80", "tcp:udp:80" }, { "tcp:udp1:53", "tcp:udp1:53" },
	{ "/run/x.sock", "/run/x.sock" }, { "unix:/run/x.sock", "/run/x.sock" }, { "/run//./x", "/run/x" },
	{ "/with blank:and%$", "/with blank:and%$" }, { "@name", "@name" }, { "unix:@name", "@name" },
	{ "@/a//b", "@/a//b" }, { "unix-dgram:/dev/log", "unix-dgram:/dev/log" },
	{ "unix-dgram:@x", "unix-dgram:@x" }, { "seqpacket:/run/udev", "seqpacket:/run/udev" },
	{ "fifo:/run/initctl", "fifo:/run/initctl" }, { "special:/dev/rfkill", "special:/dev/rfkill" },
	{ "netlink:route", "netlink:route" }, { "netlink: kobject-uevent ", "netlink:kobject-uevent" },
	{ "netlink:kobject-uevent\t1", "netlink:kobject-uevent 1" }, { "netlink:9", "netlink:audit" },
	{ "netlink:17 4294967295", "netlink:17 4294967295" }, { "netlink:firewall", "netlink:firewall" },
	{ "vsock:2:1234", "vsock:2:1234" }, { "vsock::1234", "vsock::1234" }, { "vsock:*:1234", "vsock::1234" },
	{ "vsock:4294967295:1", "vsock::1" },
	{ "rpc/tcp:100005/1", "rpc/tcp:100005/1" }, { "rpc/udp:mountd/1-3", "rpc/udp:mountd/1-3" },
	{ "rpc/udp:mountd/2-2", "rpc/udp:mountd/2" }, { "rpc/tcp6:nfs/4", "rpc/tcp6:nfs/4" },
	{ "tcpmux:name", "tcpmux:name" }, { "tcpmux:+name", "tcpmux:+name" },
	{ "raw:icmp", "raw:icmp" }, { "raw4:icmp", "raw:icmp" }, { "raw6:ipv6-icmp", "raw6:ipv6-icmp" },
	{ "raw:89@192.0.2.1%eth0", "raw:89@192.0.2.1%eth0" }, { "raw:01", "raw:1" }, { "raw6:58@[::1]", "raw6:58@::1" },
	{ "raw6:58@FE80::1%eth0", "raw6:58@fe80::1%eth0" }, { "raw:icmp@*", "raw:icmp" }, { "raw6:58@::", "raw6:58" },
	{ "raw:icmp@host.example", "raw:icmp@host.example" },
};

Test(endpoint, writes_one_text_for_one_address)
{
	for (size_t i = 0; i < COUNT(canonical_texts); i++)
		cr_expect_str_eq(canonical(canonical_texts[i][0]), canonical_texts[i][1], "%s became %s",
				 canonical_texts[i][0], canonical(canonical_texts[i][0]));
}

Test(endpoint, reads_its_own_text_back_as_the_same_pointer)
{
	for (size_t i = 0; i < COUNT(canonical_texts); i++)
		cr_expect_eq(parse(canonical_texts[i][0]), parse(canonical_texts[i][1]), "%s", canonical_texts[i][0]);
}

Test(endpoint, keeps_the_parts_of_an_address)
{
	const struct endpoint *e = parse("udp:[fe80::1]:domain%eth0");

	cr_expect_eq(e->kind, ENDPOINT_UDP);
	cr_expect_eq(e->family, FAMILY_IPV6);
	cr_expect_str_eq(e->address, "fe80::1");
	cr_expect_str_eq(e->port_name, "domain");
	cr_expect_str_eq(e->interface, "eth0");
	cr_expect_eq(e->port, 0);
	e = parse("8888");
	cr_expect_eq(e->kind, ENDPOINT_TCP);
	cr_expect_eq(e->family, FAMILY_ANY);
	cr_expect_eq(e->port, 8888);
	cr_expect_null(e->address);
	cr_expect_null(e->port_name);
	cr_expect_null(e->interface);
}

Test(endpoint, keeps_the_numbers_of_netlink_vsock_and_rpc)
{
	const struct endpoint *e = parse("netlink:kobject-uevent 3");

	cr_expect_eq(e->number, 15);
	cr_expect_eq(e->group, 3);
	e = parse("vsock::1234");
	cr_expect_eq(e->number, UINT32_MAX);
	cr_expect_eq(e->group, 1234);
	e = parse("rpc/tcp:100003/2-4");
	cr_expect_eq(e->number, 100003);
	cr_expect_eq(e->group, 2);
	cr_expect_eq(e->highest, 4);
	e = parse("rpc/tcp:nfs/4");
	cr_expect_str_eq(e->port_name, "nfs");
	cr_expect_eq(e->highest, 4);
}

Test(endpoint, refuses_bad_hosts_and_ports_saying_what_would_be_right)
{
	expect_refused("", "an endpoint is a port");
	expect_refused("tcp:99999", "'tcp:99999': a port is a number up to 65535 or a name of services(5)");
	expect_refused("65536", "up to 65535");
	expect_refused("-1", "a port is");
	expect_refused("8 0", "a port is");
	expect_refused(" 80", "a port is");
	expect_refused("80 ", "a port is");
	expect_refused("127.0.0.1:80x!", "a port is");
	expect_refused("127.0.0.1:", "a port is");
	expect_refused("tcp:", "after the colon is missing");
	expect_refused("192.168.1.1", "192.168.1.1:PORT");
	expect_refused("1.2.3", "1.2.3:PORT");
	expect_refused("1.2.3:80", "no IPv4 address");
	expect_refused("256.1.1.1:80", "no IPv4 address");
	expect_refused("127.0.0.01:80", "no IPv4 address");
	expect_refused("00.0.0.0:80", "no IPv4 address");
	expect_refused("8080:80", "no IPv4 address");
	expect_refused("-x:80", "no name of a host");
	expect_refused("a_b!:80", "no name of a host");
	expect_refused(":80", "*:PORT");
	expect_refused("tcp::80", "*:PORT");
	expect_refused("[::1]", "[::1]:PORT");
	expect_refused("[::1]8888", "[::1]:PORT");
	expect_refused("[a:b:1]:8888", "no IPv6 address");
	expect_refused("[127.0.0.1]:80", "no IPv6 address");
	expect_refused("[::1:80", "not closed");
	expect_refused("::1", "needs brackets");
	expect_refused("tcp:fe80::1:80", "needs brackets");
	expect_refused("fe80::1%eth0", "needs brackets");
	expect_refused("tcp4:[::1]:80", "IPv6 address");
	expect_refused("udp4:[::]:80", "IPv6 address");
	expect_refused("tcp6:127.0.0.1:80", "IPv4 address");
	expect_refused("udp6:0.0.0.0:80", "IPv4 address");
}

Test(endpoint, refuses_bad_interfaces)
{
	expect_refused("[::1]%lo:1234", "follows the port");
	expect_refused("[fe80::1%eth0]:80", "follows the port");
	expect_refused("80%", "1 to 15 characters");
	expect_refused("80%abcdefghijklmnop", "1 to 15 characters");
	expect_refused("[::1]:80%lo%lo", "1 to 15 characters");
	expect_refused("80%a b", "1 to 15 characters");
	expect_refused("80%..", "1 to 15 characters");
}

Test(endpoint, suggests_the_kind_that_is_near)
{
	expect_refused("unx:/run/x", "did you mean 'unix'?");
	expect_refused("tpc:80", "did you mean 'tcp'? (a host of that name is written tcp:tpc:80)");
	expect_refused("TCP:80", "did you mean 'tcp'?");
	expect_refused("upd4:80", "did you mean 'udp4'?");
	expect_refused("rpc/tpc:nfs/3", "did you mean 'rpc/tcp'?");
	expect_refused("unixdgram:/run/x", "did you mean 'unix-dgram'?");
	expect_refused("quark:/run/x", "there are tcp, udp");
	expect_refused("ssl:localhost:80", "there is no kind 'ssl'");
	expect_refused("tcp", "tcp:ADDRESS");
	expect_refused("netlink", "netlink:ADDRESS");
}

Test(endpoint, refuses_bad_paths)
{
	char path[128], abstract[128];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[107] = '\0';
	memcpy(abstract, path, sizeof(path));
	abstract[0] = '@';
	cr_expect_str_eq(parse(path)->address, path);
	cr_expect_str_eq(parse(abstract)->address, abstract);
	path[107] = abstract[107] = 'x';
	path[108] = abstract[108] = '\0';
	expect_refused(path, "108 bytes; 107 is the most");
	expect_refused(abstract, "at most 107 bytes");
	expect_refused("/", "a directory");
	expect_refused("///", "a directory");
	expect_refused("/run/", "a directory");
	expect_refused("run/x.sock", "a path starts with /");
	expect_refused("unix:run", "a path starts with /");
	expect_refused("unix:", "after the colon is missing");
	expect_refused("fifo:@x", "a path starts with /");
	expect_refused("special:/", "a directory");
	expect_refused("@", "the name after the @ is missing");
	expect_refused("/run/a\nb", "no control characters");
	expect_refused("80\x7f", "no control characters");
}

Test(endpoint, below_superds_own_folder_keeps_its_template)
{
	cr_expect_str_eq(canonical("unix:%{runtime}/a//./b"), "%{runtime}/a/b");
	cr_expect_str_eq(canonical("%{runtime}/a"), "%{runtime}/a");
	cr_expect_str_eq(canonical("unix-dgram:%{runtime}/a"), "unix-dgram:%{runtime}/a");
	cr_expect_str_eq(canonical("fifo:%{runtime}/a"), "fifo:%{runtime}/a");
	cr_expect(endpoint_is_path(parse("%{runtime}/a")) && endpoint_is_below_runtime(parse("%{runtime}/a")));
	cr_expect(!endpoint_is_below_runtime(parse("/run/a")) && !endpoint_is_below_runtime(parse("@a")));
	cr_expect(!endpoint_is_below_runtime(parse("80")));
	expect_refused("unix:%{runtime}", "a path starts with /");
	expect_refused("%{runtime}a", "a path starts with /");
	expect_refused("%{runtime}/", "names a directory");
	expect_refused("special:%{runtime}/a", "a path starts with /");
	expect_refused("unix:/%{runtime}/a/", "names a directory");
}

Test(endpoint, refuses_bad_netlink_vsock_rpc_and_tcpmux)
{
	expect_refused("netlink:rout", "did you mean 'route'?");
	expect_refused("netlink:quark", "route, audit");
	expect_refused("netlink:32", "up to 31");
	expect_refused("netlink: ", "up to 31");
	expect_refused("netlink:route -1", "netlink group");
	expect_refused("netlink:route 1 ", "netlink group");
	expect_refused("netlink:route 4294967296", "netlink group");
	expect_refused("vsock:2", "vsock:CID:PORT");
	expect_refused("vsock:2x:1", "a CID is");
	expect_refused("vsock:2:1x", "a port of vsock");
	expect_refused("vsock::4294967295", "a port of vsock");
	expect_refused("rpc/tcp:nfs", "a version is missing");
	expect_refused("rpc/tcp:/3", "an RPC program");
	expect_refused("rpc/tcp:nfs/", "an RPC version");
	expect_refused("rpc/tcp:nfs/x", "an RPC version");
	expect_refused("rpc/tcp:nfs/1-", "an RPC version");
	expect_refused("rpc/tcp:nfs/3-1", "lower of two RPC versions must be first");
	expect_refused("rpc/tcp:nfs/1-101", "at most 100 RPC versions");
	cr_expect_eq(parse("rpc/tcp:nfs/1-100")->highest, 100);
	expect_refused("tcpmux:", "after the colon is missing");
	expect_refused("tcpmux:+", "a TCPMUX name");
	expect_refused("tcpmux:a b", "a TCPMUX name");
	expect_refused("tcpmux:HELP", "RFC 1078");
}

Test(endpoint, refuses_bad_raw_protocols)
{
	expect_refused("raw:", "after the colon is missing");
	expect_refused("raw:0", "1 to 254");
	expect_refused("raw:255", "1 to 254");
	expect_refused("raw:256", "1 to 254");
	expect_refused("raw:-1", "1 to 254");
	expect_refused("raw:@192.0.2.1", "1 to 254");
	expect_refused("raw:icmp@", "the host after the @");
	expect_refused("raw:icmp@192.0.2", "no IPv4 address");
	expect_refused("raw:icmp@::1", "IPv6 address");
	expect_refused("raw6:58@192.0.2.1", "IPv4 address");
	expect_refused("raw:icmp:7", "1 to 254");
	expect_refused("raw:icmp%", "the name of an interface");
	expect_refused("raw", "as in raw:ADDRESS");
}

Test(endpoint, a_raw_one_is_of_the_internet_but_has_no_port)
{
	const struct endpoint *e = parse("raw:89@192.0.2.1");

	cr_expect_eq(e->kind, ENDPOINT_RAW);
	cr_expect_eq(e->number, 89);
	cr_expect(endpoint_is_inet(e) && !endpoint_has_port(e) && !endpoint_accepts(e) && !endpoint_is_datagram(e));
	cr_expect_str_eq(parse("raw:icmp")->port_name, "icmp");
	cr_expect(endpoint_clash(parse("raw:icmp"), parse("raw4:icmp")));
	cr_expect_not(endpoint_clash(parse("raw:icmp"), parse("raw:89")));
	cr_expect(endpoint_has_port(parse("80")) && !endpoint_has_port(parse("/x")));
}

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

Test(endpoint, is_equal_across_pools_with_equal_hashes)
{
	struct pool *other = pool_new();

	for (size_t i = 0; i < COUNT(canonical_texts); i++) {
		const struct endpoint *a = parse(canonical_texts[i][0]), *b = NULL;

		cr_assert_null(endpoint_parse(canonical_texts[i][1], other, &b));
		cr_expect_neq(a, b);
		cr_expect(endpoint_equal(a, b), "%s", canonical_texts[i][0]);
		cr_expect_eq(endpoint_hash(a), endpoint_hash(b), "%s", canonical_texts[i][0]);
	}
	pool_free(other);
}

Test(endpoint, differs_in_every_part)
{
	static const char *const texts[] = {
		"tcp:80", "tcp:81", "tcp4:80", "tcp6:80", "udp:80", "tcp:80%lo", "tcp:80%eth0", "tcp:http",
		"tcp:localhost:80",
		"tcp:127.0.0.1:80", "/x", "unix-dgram:/x", "@x", "netlink:route", "netlink:route 1", "vsock:1:1",
		"vsock:1:2",
		"vsock:2:1", "rpc/tcp:nfs/1", "rpc/tcp:nfs/1-2", "rpc/udp:nfs/1", "tcpmux:a", "tcpmux:+a", "raw:1",
		"raw:2", "raw6:1", "raw:icmp", "raw:1@127.0.0.1",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		for (size_t j = 0; j < i; j++) {
			cr_expect_not(endpoint_equal(parse(texts[i]), parse(texts[j])), "%s %s", texts[i], texts[j]);
			cr_expect_neq(endpoint_hash(parse(texts[i])), endpoint_hash(parse(texts[j])), "%s %s",
				      texts[i], texts[j]);
		}
	}
}

Test(endpoint, knows_its_nature)
{
	cr_expect(endpoint_accepts(parse("80")));
	cr_expect(endpoint_accepts(parse("seqpacket:/x")));
	cr_expect(endpoint_accepts(parse("vsock::1")));
	cr_expect_not(endpoint_accepts(parse("udp:80")));
	cr_expect_not(endpoint_accepts(parse("unix-dgram:/x")));
	cr_expect_not(endpoint_accepts(parse("fifo:/x")));
	cr_expect(endpoint_is_datagram(parse("udp:80")));
	cr_expect(endpoint_is_datagram(parse("unix-dgram:/x")));
	cr_expect_not(endpoint_is_datagram(parse("seqpacket:/x")));
	cr_expect(endpoint_is_inet(parse("sctp:80")));
	cr_expect_not(endpoint_is_inet(parse("vsock::1")));
	cr_expect(endpoint_is_inet(parse("rpc/tcp:nfs/4")) && endpoint_is_rpc(parse("rpc/tcp:nfs/4")));
	cr_expect(endpoint_is_inet(parse("rpc/udp6:nfs/4")) && endpoint_is_rpc(parse("rpc/udp6:nfs/4")));
	cr_expect_not(endpoint_is_rpc(parse("tcp:nfs")));
	cr_expect(endpoint_is_path(parse("fifo:/x")));
	cr_expect(endpoint_is_path(parse("/x")));
	cr_expect_not(endpoint_is_path(parse("@x")));
	cr_expect_not(endpoint_is_path(parse("special:/x")));
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
	static const char *const texts[] = {
		"80", "tcp4:80", "tcp6:80", "127.0.0.1:80", "127.0.0.2:80", "[::1]:80", "[::ffff:127.0.0.1]:80",
		"[::ffff:0.0.0.0]:80",
	};
	int probe = socket(AF_INET6, SOCK_STREAM, 0);

	if (probe < 0)
		cr_skip_test("this kernel has no IPv6");
	close(probe);
	for (size_t i = 0; i < COUNT(texts); i++) {
		for (size_t j = 0; j < COUNT(texts); j++) {
			in_port_t port = free_port();
			int first = listen_on(parse(texts[i]), port), second;

			if (first < 0 && errno == EADDRNOTAVAIL)
				continue;       /* IPv6 without ::1 */
			cr_assert_geq(first, 0, "%s: %s", texts[i], strerror(errno));
			second = listen_on(parse(texts[j]), port);
			if (second >= 0 || errno == EADDRINUSE)
				cr_expect_eq(clash(texts[i], texts[j]), second < 0, "%s beside %s", texts[i], texts[j]);
			close(first);
			if (second >= 0)
				close(second);
		}
	}
}
