/* Socket options that go over to a listener, and those that do not. */
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "os/socket/carried_options.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/unit.h"

static int open_socket(int domain, int type)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	return fd;
}

static int number(int fd, int level, int name)
{
	socklen_t length = sizeof(int);
	int value = -1;

	cr_assert_eq(getsockopt(fd, level, name, &value, &length), 0);
	return value;
}

static void set_number(int fd, int level, int name, int value)
{
	cr_assert_eq(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

struct pair {
	int from, listener;
};

static struct pair open_pair(int domain, int type)
{
	return (struct pair){ open_socket(domain, type), open_socket(domain, type) };
}

static void close_pair(const struct pair *pair)
{
	close(pair->from);
	close(pair->listener);
}

static void expect_left(int from, int listener, const char *text)
{
	struct left_options left;

	carried_options_set(from, listener, &left);
	cr_expect_str_eq(left.text, text);
}

static void expect_carried(int from, int listener)
{
	expect_left(from, listener, "");
}

Test(carried_options, what_the_program_has_set_goes_over)
{
	static const struct {
		int level, name, value, read;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1, 1 },	 { SOL_SOCKET, SO_OOBINLINE, 1, 1 },
		{ SOL_SOCKET, SO_RCVBUF, 10000, 20000 }, /* socket(7): the kernel doubles it */
		{ SOL_SOCKET, SO_SNDBUF, 20000, 40000 }, { IPPROTO_TCP, TCP_NODELAY, 1, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 77, 77 },	 { IPPROTO_TCP, TCP_KEEPINTVL, 7, 7 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 5, 5 },	 { IPPROTO_TCP, TCP_USER_TIMEOUT, 5000, 5000 },
		{ IPPROTO_IP, IP_TOS, 0x10, 0x10 },	 { IPPROTO_IP, IP_TTL, 33, 33 },
		{ IPPROTO_TCP, TCP_LINGER2, 5, 5 },	 { IPPROTO_IP, IP_MINTTL, 200, 200 },
		{ SOL_SOCKET, SO_DONTROUTE, 1, 1 },	 { IPPROTO_TCP, TCP_SAVE_SYN, 1, 1 },
	};
	struct pair pair = open_pair(AF_INET, SOCK_STREAM);

	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++)
		set_number(pair.from, options[n].level, options[n].name, options[n].value);
	expect_carried(pair.from, pair.listener);
	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++)
		cr_expect_eq(number(pair.listener, options[n].level, options[n].name), options[n].read, "row %zu: %d",
			     n, number(pair.listener, options[n].level, options[n].name));
	close_pair(&pair);
}

Test(carried_options, structures_go_over_as_well)
{
	struct pair pair = open_pair(AF_INET6, SOCK_STREAM);
	struct linger linger = { 1, 9 }, got = { 0 };
	socklen_t length = sizeof(got);

	cr_assert_eq(setsockopt(pair.from, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	expect_carried(pair.from, pair.listener);
	cr_assert_eq(getsockopt(pair.listener, SOL_SOCKET, SO_LINGER, &got, &length), 0);
	cr_expect(got.l_onoff && got.l_linger == 9);
	close_pair(&pair);
}

static int marked;

static bool leaves_a_mark(void)
{
	int listener = open_socket(AF_INET, SOCK_STREAM);
	struct left_options left;

	carried_options_set(marked, listener, &left);
	return !strcmp(left.text, "SO_MARK = 66 (mark in the configuration sets it)") &&
	       number(listener, SOL_SOCKET, SO_MARK) == 0;
}

/* A socket may come from where its owner has more rights than the caller here. */
Test(carried_options, what_takes_a_privilege_is_left_by_one_without)
{
	int from = open_socket(AF_INET, SOCK_STREAM);

	if (geteuid() != 0)
		cr_skip_test("needs root");
	set_number(from, SOL_SOCKET, SO_MARK, 66);
	marked = from;
	as_nobody(leaves_a_mark);
	close(from);
}

Test(carried_options, what_the_table_has_set_stays)
{
	struct pair pair = open_pair(AF_INET, SOCK_STREAM);

	set_number(pair.listener, IPPROTO_IP, IP_TTL, 44);
	set_number(pair.from, IPPROTO_IP, IP_TTL, 33);
	set_number(pair.listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	expect_carried(pair.from, pair.listener);
	cr_expect_eq(number(pair.listener, IPPROTO_IP, IP_TTL), 44);
	cr_expect_eq(number(pair.listener, SOL_SOCKET, SO_KEEPALIVE), 1);
	close_pair(&pair);
}

Test(carried_options, whether_it_blocks_is_the_programs)
{
	struct pair pair = open_pair(AF_INET, SOCK_STREAM);

	cr_assert_eq(fcntl(pair.from, F_SETFL, O_NONBLOCK), 0);
	expect_carried(pair.from, pair.listener);
	cr_expect(fcntl(pair.listener, F_GETFL) & O_NONBLOCK);
	cr_assert_eq(fcntl(pair.from, F_SETFL, 0), 0);
	expect_carried(pair.from, pair.listener);
	cr_expect_not(fcntl(pair.listener, F_GETFL) & O_NONBLOCK);
	close_pair(&pair);
}

Test(carried_options, datagram_sockets_have_their_own)
{
	struct pair pair = open_pair(AF_INET, SOCK_DGRAM), path = open_pair(AF_UNIX, SOCK_DGRAM);

	set_number(pair.from, IPPROTO_IP, IP_PKTINFO, 1);
	set_number(pair.from, IPPROTO_IP, IP_RECVTTL, 1);
	set_number(pair.from, SOL_SOCKET, SO_BROADCAST, 1);
	expect_carried(pair.from, pair.listener);
	cr_expect_eq(number(pair.listener, IPPROTO_IP, IP_PKTINFO), 1);
	cr_expect_eq(number(pair.listener, IPPROTO_IP, IP_RECVTTL), 1);
	cr_expect_eq(number(pair.listener, SOL_SOCKET, SO_BROADCAST), 1);
	set_number(path.from, SOL_SOCKET, SO_PASSCRED, 1);
	expect_carried(path.from, path.listener);
	cr_expect_eq(number(path.listener, SOL_SOCKET, SO_PASSCRED), 1);
	close_pair(&pair);
	close_pair(&path);
}

/* An IPv4 socket of the program's, and a listener for both IP versions. */
Test(carried_options, they_go_over_to_another_family)
{
	struct pair pair = { open_socket(AF_INET, SOCK_STREAM), open_socket(AF_INET6, SOCK_STREAM) };

	set_number(pair.from, IPPROTO_TCP, TCP_NODELAY, 1);
	set_number(pair.from, IPPROTO_IP, IP_TOS, 0x10);
	expect_carried(pair.from, pair.listener);
	cr_expect_eq(number(pair.listener, IPPROTO_TCP, TCP_NODELAY), 1);
	cr_expect_eq(number(pair.listener, IPPROTO_IP, IP_TOS), 0x10);
	close_pair(&pair);
}

Test(carried_options, a_listener_has_its_defaults_again)
{
	struct pair pair = open_pair(AF_INET, SOCK_STREAM);
	struct linger linger = { 1, 0 };
	int usual = number(pair.listener, SOL_SOCKET, SO_RCVBUF),
	    idle = number(pair.listener, IPPROTO_TCP, TCP_KEEPIDLE);
	int ttl = number(pair.listener, IPPROTO_IP, IP_TTL);
	int linger2 = number(pair.listener, IPPROTO_TCP, TCP_LINGER2);
	int segment = number(pair.listener, IPPROTO_TCP, TCP_MAXSEG);
	socklen_t length = sizeof(linger);

	cr_assert_eq(setsockopt(pair.from, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	set_number(pair.from, SOL_SOCKET, SO_RCVBUF, 10000);
	set_number(pair.from, IPPROTO_TCP, TCP_KEEPIDLE, 77);
	set_number(pair.from, IPPROTO_TCP, TCP_DEFER_ACCEPT, 30);
	set_number(pair.from, IPPROTO_IP, IP_TTL, 33);
	set_number(pair.from, IPPROTO_IP, IP_TOS, 0x10);
	set_number(pair.from, IPPROTO_TCP, TCP_LINGER2, 5);
	set_number(pair.from, IPPROTO_TCP, TCP_MAXSEG, 600);
	expect_carried(pair.from, pair.listener);
	cr_expect_gt(number(pair.listener, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	carried_options_clear(pair.listener);
	cr_expect_eq(number(pair.listener, SOL_SOCKET, SO_RCVBUF), usual);
	cr_expect_eq(number(pair.listener, IPPROTO_TCP, TCP_KEEPIDLE), idle);
	cr_expect_eq(number(pair.listener, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	cr_expect_eq(number(pair.listener, IPPROTO_IP, IP_TTL), ttl);
	cr_expect_eq(number(pair.listener, IPPROTO_IP, IP_TOS), 0);
	cr_expect_eq(number(pair.listener, SOL_SOCKET, SO_PRIORITY), 0);
	cr_expect_eq(number(pair.listener, IPPROTO_TCP, TCP_LINGER2), linger2);
	cr_expect_eq(number(pair.listener, IPPROTO_TCP, TCP_MAXSEG), segment);
	cr_assert_eq(getsockopt(pair.listener, SOL_SOCKET, SO_LINGER, &linger, &length), 0);
	cr_expect_not(linger.l_onoff);
	close_pair(&pair);
}

/* Since Linux 6.5 it can be read before there is a connection. */
Test(carried_options, a_segment_size_goes_over)
{
	struct pair pair = open_pair(AF_INET, SOCK_STREAM);

	set_number(pair.from, IPPROTO_TCP, TCP_MAXSEG, 600);
	expect_carried(pair.from, pair.listener);
	cr_expect_eq(number(pair.listener, IPPROTO_TCP, TCP_MAXSEG), number(pair.from, IPPROTO_TCP, TCP_MAXSEG));
	close_pair(&pair);
}

/* A mark takes CAP_NET_ADMIN. */
Test(carried_options, a_mark_goes_over)
{
	struct pair pair = open_pair(AF_INET, SOCK_STREAM);
	int mark = 7;

	if (setsockopt(pair.from, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) == 0) {
		expect_carried(pair.from, pair.listener);
		cr_expect_eq(number(pair.listener, SOL_SOCKET, SO_MARK), 7);
		carried_options_clear(pair.listener);
		cr_expect_eq(number(pair.listener, SOL_SOCKET, SO_MARK), 0);
	}
	close_pair(&pair);
}

Test(carried_options, what_stays_behind_is_named)
{
	struct pair pair = open_pair(AF_INET, SOCK_STREAM);
	struct left_options left;

	set_number(pair.from, IPPROTO_TCP, TCP_SYNCNT, 2);
	expect_left(pair.from, pair.listener, "TCP_SYNCNT = 2");
	cr_assert_eq(setsockopt(pair.from, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	carried_options_set(pair.from, pair.listener, &left);
	cr_expect(left.unconfined);
	cr_expect_str_eq(left.text,
			 "SO_BINDTODEVICE = lo (bind_to_device in the configuration sets it), TCP_SYNCNT = 2");
	cr_assert_eq(setsockopt(pair.listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	carried_options_set(pair.from, pair.listener, &left);
	cr_expect_not(left.unconfined);
	cr_expect_str_eq(left.text, "TCP_SYNCNT = 2");
	close_pair(&pair);
}

Test(carried_options, a_filter_of_the_program_is_named)
{
	struct pair pair = open_pair(AF_INET, SOCK_DGRAM);
	struct sock_filter none[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct sock_fprog program = { 1, none };
	struct left_options left;

	cr_assert_eq(setsockopt(pair.from, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
	carried_options_set(pair.from, pair.listener, &left);
	cr_expect(left.unconfined);
	cr_expect_str_eq(left.text, "SO_ATTACH_FILTER");
	close_pair(&pair);
}
