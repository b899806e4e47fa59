/* What a program passes to bind(2), and which listener it means by that. */
#include <arpa/inet.h>

#include "tests/unit/unit.h"
#include "worker/bind/address.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define FOLDER 7 /* inode of the folder of every path here, unless a test says otherwise */

static const struct bind_kind tcp4 = { AF_INET, SOCK_STREAM, IPPROTO_TCP, false };
static const struct bind_kind tcp6 = { AF_INET6, SOCK_STREAM, IPPROTO_TCP, true };
static const struct bind_kind tcp46 = { AF_INET6, SOCK_STREAM, IPPROTO_TCP, false };
static const struct bind_kind udp4 = { AF_INET, SOCK_DGRAM, IPPROTO_UDP, false };
static const struct bind_kind sctp4 = { AF_INET, SOCK_STREAM, IPPROTO_SCTP, false };
static const struct bind_kind stream = { AF_UNIX, SOCK_STREAM, 0, false };
static const struct bind_kind datagram = { AF_UNIX, SOCK_DGRAM, 0, false };
static const struct bind_kind packets = { AF_UNIX, SOCK_SEQPACKET, 0, false };

static struct socket_address inet_address(const char *host, int port)
{
	struct socket_address address = { .length = sizeof(struct sockaddr_in) };

	if (inet_pton(AF_INET, host, &address.in.sin_addr) == 1) {
		address.in.sin_family = AF_INET;
		address.in.sin_port = htons((uint16_t)port);
		return address;
	}
	cr_assert_eq(inet_pton(AF_INET6, host, &address.in6.sin6_addr), 1, "%s", host);
	address.in6.sin6_family = AF_INET6;
	address.in6.sin6_port = htons((uint16_t)port);
	address.length = sizeof(address.in6);
	return address;
}

/* "@name" is abstract. The NUL byte behind a path counts, as getsockname(2) counts it. */
static struct socket_address unix_address(const char *path)
{
	struct socket_address address = { .un.sun_family = AF_UNIX };
	size_t length = strlen(path);

	memcpy(address.un.sun_path, path, length);
	address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
	if (*path == '@') {
		address.un.sun_path[0] = '\0';
		address.length--;
	}
	return address;
}

static struct socket_address address_of(const struct bind_kind *kind, const char *host, int port)
{
	return kind->domain == AF_UNIX ? unix_address(host) : inet_address(host, port);
}

static bool read_wish(struct bind_wish *wish, const struct bind_kind *kind, const struct socket_address *address)
{
	*wish = (struct bind_wish){ .kind = *kind, .folder = FOLDER };
	return bind_wish_read(wish, &address->storage, address->length);
}

/* ---- reading ---- */

static bool reads(const struct bind_kind *kind, const struct socket_address *address, size_t length)
{
	struct bind_wish wish = { .kind = *kind };

	return bind_wish_read(&wish, &address->storage, length);
}

Test(bind_address, an_ip_address_is_as_long_as_the_kernel_wants_it)
{
	struct socket_address four = inet_address("127.0.0.1", 80), six = inet_address("::1", 80);

	for (size_t length = 0; length <= sizeof(four.storage); length++) {
		cr_expect_eq(reads(&tcp4, &four, length), length >= sizeof(struct sockaddr_in), "%zu", length);
		cr_expect_eq(reads(&tcp46, &six, length), length >= 24, "%zu", length);
	}
}

Test(bind_address, a_path_is_as_long_as_the_kernel_wants_it)
{
	struct socket_address address = unix_address("/run/a");

	memset(address.un.sun_path, 'a', sizeof(address.un.sun_path));
	for (size_t length = 0; length <= sizeof(address.storage); length++)
		cr_expect_eq(reads(&stream, &address, length),
			     length > offsetof(struct sockaddr_un, sun_path) && length <= sizeof(struct sockaddr_un),
			     "%zu", length);
}

Test(bind_address, the_family_is_that_of_the_socket)
{
	struct socket_address four = inet_address("127.0.0.1", 80), six = inet_address("::1", 80),
			      path = unix_address("/run/a");

	cr_expect_not(reads(&tcp4, &six, six.length));
	cr_expect_not(reads(&tcp46, &four, sizeof(struct sockaddr_in6)));
	cr_expect_not(reads(&stream, &four, four.length));
	cr_expect_not(reads(&tcp4, &path, path.length));
	four.any.sa_family = AF_NETLINK;
	cr_expect_not(reads(&(struct bind_kind){ .domain = AF_NETLINK }, &four, four.length));
}

Test(bind_address, no_family_means_any_ipv4_address)
{
	struct socket_address any = inet_address("0.0.0.0", 80), one = inet_address("127.0.0.1", 80);
	struct bind_wish wish;

	any.any.sa_family = one.any.sa_family = AF_UNSPEC;
	cr_expect(read_wish(&wish, &tcp4, &any));
	cr_expect_eq(wish.address.any.sa_family, AF_INET);
	cr_expect_not(read_wish(&wish, &tcp4, &one));
	cr_expect_not(read_wish(&wish, &tcp46, &any));
}

Test(bind_address, a_mapped_address_is_an_ipv4_one)
{
	struct socket_address mapped = inet_address("::ffff:127.0.0.1", 80), plain = inet_address("127.0.0.1", 80);
	struct bind_wish wish;

	cr_assert(read_wish(&wish, &tcp46, &mapped));
	cr_expect_eq(wish.address.any.sa_family, AF_INET);
	cr_expect_eq(wish.address.length, plain.length);
	cr_expect_eq(memcmp(&wish.address.in, &plain.in, sizeof(plain.in)), 0);
}

Test(bind_address, a_path_ends_with_its_nul_byte_or_with_the_length)
{
	struct socket_address address = unix_address("/run/a"), longest = unix_address("/");
	struct bind_wish with, without, padded, full;

	cr_assert(read_wish(&with, &stream, &address));
	address.length--;
	cr_assert(read_wish(&without, &stream, &address));
	address.length = sizeof(address.un);
	memset(address.un.sun_path + strlen("/run/a") + 1, 'x', 40);
	cr_assert(read_wish(&padded, &stream, &address));
	cr_expect_eq(with.address.length, offsetof(struct sockaddr_un, sun_path) + strlen("/run/a"));
	cr_expect_eq(without.address.length, with.address.length);
	cr_expect_eq(padded.address.length, with.address.length);
	memset(longest.un.sun_path, '/', sizeof(longest.un.sun_path));
	longest.length = sizeof(longest.un);
	cr_assert(read_wish(&full, &stream, &longest));
	cr_expect_eq(full.address.length, sizeof(longest.un));
}

Test(bind_address, a_nul_byte_is_a_part_of_an_abstract_name)
{
	struct socket_address name = unix_address("@a"), other;
	struct bind_wish wish;

	name.un.sun_path[2] = '\0';
	name.un.sun_path[3] = 'b';
	name.length += 2;
	other = name;
	other.length--;
	cr_assert(read_wish(&wish, &stream, &name));
	cr_expect_eq(wish.address.length, name.length);
	cr_expect_eq(bind_wish_fit(&wish, &stream, &name, 0, 0), FITS);
	cr_expect_eq(bind_wish_fit(&wish, &stream, &other, 0, 0), FITS_NOT);
}

/* ---- which listener ---- */

struct pair {
	const struct bind_kind *asked;
	const char *wanted;
	int port;
	const struct bind_kind *kind;
	const char *address;
	int at;
	enum bind_fit fit;
};

static void expect_fit(const struct pair *pair)
{
	struct socket_address asked = address_of(pair->asked, pair->wanted, pair->port);
	struct socket_address address = address_of(pair->kind, pair->address, pair->at);
	struct bind_wish wish;

	bind_address_normalize(&address);
	cr_assert(read_wish(&wish, pair->asked, &asked), "%s", pair->wanted);
	cr_expect_eq(bind_wish_fit(&wish, pair->kind, &address, 0, FOLDER), pair->fit, "%s:%d for %s:%d: %d",
		     pair->wanted, pair->port, pair->address, pair->at,
		     bind_wish_fit(&wish, pair->kind, &address, 0, FOLDER));
}

static void expect_fits(const struct pair *pairs, size_t count)
{
	for (size_t n = 0; n < count; n++)
		expect_fit(&pairs[n]);
}
#define EXPECT_FITS(pairs) expect_fits(pairs, sizeof(pairs) / sizeof(*(pairs)))

Test(bind_address, the_port_and_the_protocol_are_the_same)
{
	static const struct bind_kind mptcp = { AF_INET, SOCK_STREAM, IPPROTO_MPTCP, false };
	static const struct pair pairs[] = {
		{ &tcp4, "127.0.0.1", 80, &tcp4, "127.0.0.1", 80, FITS },
		{ &tcp4, "127.0.0.1", 81, &tcp4, "127.0.0.1", 80, FITS_NOT },
		{ &tcp4, "127.0.0.1", 0, &tcp4, "127.0.0.1", 0, FITS_NOT },
		{ &tcp4, "0.0.0.0", 0, &tcp4, "127.0.0.1", 80, FITS_NOT },
		{ &udp4, "127.0.0.1", 80, &tcp4, "127.0.0.1", 80, FITS_NOT },
		{ &sctp4, "127.0.0.1", 80, &tcp4, "127.0.0.1", 80, FITS_NOT },
		{ &mptcp, "127.0.0.1", 80, &tcp4, "127.0.0.1", 80, FITS },
		{ &tcp4, "127.0.0.1", 80, &mptcp, "127.0.0.1", 80, FITS },
		{ &tcp4, "127.0.0.1", 80, &stream, "/run/a", 0, FITS_NOT },
		{ &stream, "/run/a", 0, &tcp4, "127.0.0.1", 80, FITS_NOT },
	};

	EXPECT_FITS(pairs);
}

Test(bind_address, any_address_stands_for_each_on_either_side)
{
	static const struct pair pairs[] = {
		{ &tcp4, "0.0.0.0", 80, &tcp4, "0.0.0.0", 80, FITS },
		{ &tcp4, "0.0.0.0", 80, &tcp4, "127.0.0.1", 80, FITS_WILDCARD },
		{ &tcp4, "127.0.0.1", 80, &tcp4, "0.0.0.0", 80, FITS_WILDCARD },
		{ &tcp4, "127.0.0.2", 80, &tcp4, "127.0.0.1", 80, FITS_NOT },
		{ &tcp6, "::", 80, &tcp6, "::1", 80, FITS_WILDCARD },
		{ &tcp6, "::1", 80, &tcp6, "::", 80, FITS_WILDCARD },
		{ &tcp6, "::2", 80, &tcp6, "::1", 80, FITS_NOT },
	};

	EXPECT_FITS(pairs);
}

Test(bind_address, another_ip_version_fits_only_where_one_side_takes_both)
{
	static const struct pair pairs[] = {
		{ &tcp46, "::", 80, &tcp46, "::", 80, FITS },
		{ &tcp4, "0.0.0.0", 80, &tcp46, "::", 80, FITS_OTHER_FAMILY },
		{ &tcp4, "127.0.0.1", 80, &tcp46, "::", 80, FITS_OTHER_FAMILY },
		{ &tcp46, "::", 80, &tcp4, "0.0.0.0", 80, FITS_OTHER_FAMILY },
		{ &tcp46, "::", 80, &tcp4, "127.0.0.1", 80, FITS_OTHER_FAMILY },
		{ &tcp4, "0.0.0.0", 80, &tcp6, "::", 80, FITS_NOT },
		{ &tcp6, "::", 80, &tcp4, "0.0.0.0", 80, FITS_NOT },
		{ &tcp4, "127.0.0.1", 80, &tcp46, "::1", 80, FITS_NOT },
		{ &tcp46, "::1", 80, &tcp4, "0.0.0.0", 80, FITS_NOT },
		{ &tcp46, "::", 80, &tcp6, "::", 80, FITS_WILDCARD },
		{ &tcp6, "::", 80, &tcp46, "::", 80, FITS_WILDCARD },
		{ &tcp46, "::ffff:127.0.0.1", 80, &tcp4, "127.0.0.1", 80, FITS_OTHER_FAMILY },
		{ &tcp46, "::ffff:127.0.0.1", 80, &tcp46, "::ffff:127.0.0.1", 80, FITS },
	};

	EXPECT_FITS(pairs);
}

Test(bind_address, a_unix_socket_is_of_the_same_type)
{
	static const struct pair pairs[] = {
		{ &stream, "/run/a", 0, &stream, "/run/a", 0, FITS },
		{ &datagram, "/run/a", 0, &datagram, "/run/a", 0, FITS },
		{ &packets, "/run/a", 0, &packets, "/run/a", 0, FITS },
		{ &datagram, "/run/a", 0, &stream, "/run/a", 0, FITS_NOT },
		{ &stream, "/run/a", 0, &packets, "/run/a", 0, FITS_NOT },
		{ &stream, "@a", 0, &stream, "@a", 0, FITS },
		{ &stream, "@a", 0, &stream, "@b", 0, FITS_NOT },
		{ &stream, "@a", 0, &stream, "@ab", 0, FITS_NOT },
		{ &stream, "@run", 0, &stream, "/run", 0, FITS_NOT },
	};

	EXPECT_FITS(pairs);
}

Test(bind_address, a_path_is_its_folder_and_its_last_part)
{
	static const struct pair pairs[] = {
		{ &stream, "/var/run/a", 0, &stream, "/run/a", 0, FITS },
		{ &stream, "a", 0, &stream, "/run/a", 0, FITS },
		{ &stream, "./a", 0, &stream, "/run/a", 0, FITS },
		{ &stream, "/run/ab", 0, &stream, "/run/a", 0, FITS_NOT },
		{ &stream, "/run/", 0, &stream, "/run/a", 0, FITS_NOT },
	};
	struct socket_address asked = unix_address("/var/run/a"), address = unix_address("/run/a");
	struct bind_wish wish;

	EXPECT_FITS(pairs);
	bind_address_normalize(&address);
	cr_assert(read_wish(&wish, &stream, &asked));
	cr_expect_eq(bind_wish_fit(&wish, &stream, &address, 0, FOLDER + 1), FITS_NOT);
	cr_expect_eq(bind_wish_fit(&wish, &stream, &address, 1, FOLDER), FITS_NOT);
	wish.folder = 0; /* it does not exist, and superd's neither */
	cr_expect_eq(bind_wish_fit(&wish, &stream, &address, 0, 0), FITS_NOT);
}

/* ---- as text ---- */

static void expect_text(const struct bind_kind *kind, const char *host, int port, const char *text)
{
	struct socket_address address = address_of(kind, host, port);
	struct bind_wish wish;
	char out[BIND_TEXT];

	cr_assert(read_wish(&wish, kind, &address));
	bind_wish_format(&wish, out);
	cr_expect_str_eq(out, text);
}

Test(bind_address, it_is_written_as_an_endpoint)
{
	expect_text(&tcp4, "0.0.0.0", 6379, "tcp:0.0.0.0:6379");
	expect_text(&tcp46, "::", 6379, "tcp:[::]:6379");
	expect_text(&tcp46, "::ffff:127.0.0.1", 80, "tcp:127.0.0.1:80");
	expect_text(&udp4, "127.0.0.1", 53, "udp:127.0.0.1:53");
	expect_text(&sctp4, "127.0.0.1", 53, "sctp:127.0.0.1:53");
	expect_text(&stream, "/run/a", 0, "/run/a");
	expect_text(&datagram, "/run/a", 0, "unix-dgram:/run/a");
	expect_text(&packets, "@a", 0, "seqpacket:@a");
	expect_text(&stream, "/run/\n\x1b[31m\xc3\xa9", 0, "/run/??[31m??");
}

Test(bind_address, the_longest_path_has_room)
{
	struct socket_address address = unix_address("/");
	struct bind_wish wish;
	char out[BIND_TEXT];

	memset(address.un.sun_path, 'p', sizeof(address.un.sun_path));
	address.length = sizeof(address.un);
	cr_assert(read_wish(&wish, &datagram, &address));
	bind_wish_format(&wish, out);
	cr_expect_eq(strlen(out), strlen("unix-dgram:") + sizeof(address.un.sun_path));
}
