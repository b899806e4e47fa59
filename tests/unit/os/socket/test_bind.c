/* Binding for real, on loopback: families, options, what is recognised and what is told. What
 * needs root is skipped without it. Nodes in the file system are in test_bind_unix.c. */
#include "tests/unit/bind_fixture.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "os/socket/internal.h"

TestSuite(bind, .init = set_up, .fini = tear_down, .timeout = 120);

Test(bind, gives_descriptors_that_are_closed_on_exec_and_do_not_block)
{
	const char *texts[] = { "tcp:127.0.0.1:0", "udp:127.0.0.1:0", "@superd-flags", "netlink:kobject-uevent" };

	for (size_t i = 0; i < 4; i++) {
		struct listen listen = listen_of(texts[i]);
		int fd = opened(&listen);

		cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s", texts[i]);
		cr_expect(fcntl(fd, F_GETFL) & O_NONBLOCK, "%s", texts[i]);
		close(fd);
	}
}

Test(bind, serves_both_families_on_a_bare_port)
{
	struct listen listen = listen_of("tcp:0");
	int fd, client;

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	fd = opened(&listen);
	client = connected(AF_INET, SOCK_STREAM, port_of(fd));
	cr_expect_geq(client, 0);
	close(client);
	client = connected(AF_INET6, SOCK_STREAM, port_of(fd));
	cr_expect_geq(client, 0);
	close(client);
	cr_expect(described(fd, &listen, "tcp:"));
	close(fd);
}

Test(bind, leaves_ipv4_alone_for_an_ipv6_wildcard)
{
	enum { PORTS = 20 };            /* other processes may have the port of tcp4 */
	struct listen six = listen_of("tcp6:0"), four;
	int fd = -1, other = -1;

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	for (int n = 0; n < PORTS && other < 0; n++) {
		fd_close(&fd);
		fd = opened(&six);
		cr_expect_eq(option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
		four = listen_of(pool_textf(pool, "tcp4:%d", port_of(fd)));
		other = bind_listen(&four, &why, &warnings);
	}
	cr_assert_geq(other, 0, "%s", buf_string(&why));
	cr_expect(described(fd, &six, "tcp6:"));
	cr_expect(described(other, &four, "tcp4:"));
	close(other);
	close(fd);
}

Test(bind, lets_ipv6_only_decide_for_a_bare_port)
{
	struct listen listen = listen_of("tcp:0");
	int fd;

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	options.ipv6_only = IPV6_ONLY_YES;
	fd = opened(&listen);
	cr_expect_lt(connected(AF_INET, SOCK_STREAM, port_of(fd)), 0);
	cr_expect(described(fd, &listen, "tcp6:"));
	close(fd);
}

/* From here on this process is on a kernel without IPv6. */
static bool forbid_ipv6(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

Test(bind, serves_ipv4_on_a_kernel_without_ipv6)
{
	struct listen bare = listen_of("tcp:0"), six = listen_of("tcp6:0");
	int fd, client;

	skip_unless(forbid_ipv6(), "no seccomp here");
	cr_expect_not(bind_kernel_has_ipv6());
	fd = opened(&bare);
	client = connected(AF_INET, SOCK_STREAM, port_of(fd));
	cr_expect_geq(client, 0);
	cr_expect(described(fd, &bare, "tcp4:"));
	cr_expect(bind_matches(fd, &bare));
	refused(&six, EAFNOSUPPORT, "opening a socket");
	options.ipv6_only = IPV6_ONLY_YES;
	refused(&bare, EAFNOSUPPORT, "opening a socket");
	close(client);
	close(fd);
}

Test(bind, describes_the_port_the_kernel_chose)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen);

	cr_expect_neq(port_of(fd), 0);
	cr_expect(described(fd, &listen, "tcp:127.0.0.1:"));
	close(fd);
	listen = listen_of("udp:127.0.0.1:0");
	fd = opened(&listen);
	cr_expect(described(fd, &listen, "udp:127.0.0.1:"));
	close(fd);
}

Test(bind, describes_a_port_that_the_table_has)
{
	struct listen listen = listen_of("tcp4:127.0.0.1:0%lo");
	struct endpoint chosen = *listen.address;
	struct buf real = { 0 }, said = { 0 };
	int fd = opened(&listen);

	describe(fd, &listen, &real);
	chosen.port = (uint16_t)port_of(fd);
	listen.address = &chosen;
	describe(fd, &listen, &said);
	cr_expect_str_eq(buf_string(&said), buf_string(&real));
	buf_free(&real);
	buf_free(&said);
	close(fd);
}

Test(bind, names_the_address_somebody_has)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen);

	listen = listen_of(pool_textf(pool, "tcp:127.0.0.1:%d", port_of(fd)));
	refused(&listen, EADDRINUSE, "has it");
	cr_expect_str_not_empty(buf_string(&why));
	cr_expect_eq(strncmp(buf_string(&why), "binding: Address already in use (", 33), 0);
	close(fd);
}

Test(bind, does_not_take_a_udp_port_from_another_socket)
{
	struct listen listen = listen_of("udp:127.0.0.1:0");
	int fd = opened(&listen), one = 1, other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	cr_assert_eq(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	cr_expect_lt(bind(other, (struct sockaddr *)&address, length), 0);
	listen = listen_of(pool_textf(pool, "udp:127.0.0.1:%d", port_of(fd)));
	refused(&listen, EADDRINUSE, "another socket has it");
	close(other);
	close(fd);
}

/* As check_conflicts has it. */
Test(bind, gives_a_udp_port_to_one_of_two_whose_addresses_overlap)
{
	static const char *const pairs[][2] = {
		{ "udp:", "udp:127.0.0.1:" }, { "udp:127.0.0.1:", "udp:" }, { "udp:", "udp4:" }, { "udp4:", "udp:" },
		{ "udp4:", "udp:127.0.0.1:" }, { "udp6:", "udp:[::1]:" },
	};

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct listen first = listen_of(pool_textf(pool, "%s0", pairs[i][0])), second;
		int fd = opened(&first);

		second = listen_of(pool_textf(pool, "%s%d", pairs[i][1], port_of(fd)));
		refused(&second, EADDRINUSE, "has it");
		close(fd);
	}
}

Test(bind, shares_a_port_where_reuse_port_asks_for_it)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd, other;

	options.reuse_port = true;
	fd = opened(&listen);
	listen = listen_of(pool_textf(pool, "tcp:127.0.0.1:%d", port_of(fd)));
	other = opened(&listen);
	close(other);
	close(fd);
}

Test(bind, says_that_no_interface_has_the_address)
{
	struct listen listen = listen_of("tcp:192.0.2.77:0");

	refused(&listen, EADDRNOTAVAIL, "free_bind = yes");
}

Test(bind, binds_an_address_to_come_with_free_bind)
{
	struct listen listen = listen_of("tcp:192.0.2.77:0");

	options.free_bind = true;
	close(opened(&listen));
	if (bind_kernel_has_ipv6()) {
		listen = listen_of("tcp:[2001:db8::77]:0");
		close(opened(&listen));
	}
}

Test(bind, says_what_low_ports_need)
{
	struct listen listen = listen_of("tcp:127.0.0.1:1");
	int status;
	pid_t pid;

	if (geteuid() == 0) {
		pid = fork();
		if (pid == 0) {
			bool told = setresuid(65534, 65534, 65534) == 0 && bind_listen(&listen, &why, &warnings) < 0 &&
				    strstr(buf_string(&why), "CAP_NET_BIND_SERVICE");

			_exit(told ? 0 : 1);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_expect_eq(status, 0);
		return;
	}
	skip_unless(bind_listen(&listen, &why, &warnings) < 0, "needs a kernel that keeps low ports for root");
	cr_expect(strstr(buf_string(&why), "ports below 1024 need root"));
}

Test(bind, joins_a_netlink_group)
{
	struct listen listen = listen_of("netlink:kobject-uevent 1"), other = listen_of("netlink:kobject-uevent 2");
	int fd;

	skip_unless(geteuid() == 0, "joining this group may need root");
	fd = opened(&listen);
	cr_expect(bind_matches(fd, &listen));
	cr_expect_not(bind_matches(fd, &other));
	close(fd);
}

Test(bind, tells_when_the_kernel_has_no_sctp)
{
	struct listen listen = listen_of("sctp:127.0.0.1:0");
	int fd = bind_listen(&listen, &why, &warnings);

	if (fd >= 0) {
		cr_expect(bind_matches(fd, &listen));
		close(fd);
	} else {
		cr_expect(strstr(buf_string(&why), "this kernel has no SCTP"), "%s", buf_string(&why));
	}
}

Test(bind, opens_vsock_or_says_why_not)
{
	struct listen listen = listen_of("vsock::54321");
	int fd = bind_listen(&listen, &why, &warnings);

	if (fd >= 0) {
		cr_expect(bind_matches(fd, &listen));
		close(fd);
	} else {
		cr_expect(strstr(buf_string(&why), "opening a socket"), "%s", buf_string(&why));
	}
}

Test(bind, refuses_kinds_it_does_not_serve)
{
	struct listen listen = listen_of("tcpmux:echo");

	refused(&listen, EPROTONOSUPPORT, "tcpmux");
}

Test(bind, recognises_what_it_would_have_made)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0"), udp, same, wrong;
	int fd = opened(&listen), plain = socket(AF_INET, SOCK_STREAM, 0);

	cr_expect(bind_matches(fd, &listen), "any port matches port 0");
	same = listen_of(pool_textf(pool, "tcp:127.0.0.1:%d", port_of(fd)));
	cr_expect(bind_matches(fd, &same));
	udp = listen_of(pool_textf(pool, "udp:127.0.0.1:%d", port_of(fd)));
	cr_expect_not(bind_matches(fd, &udp));
	wrong = listen_of(pool_textf(pool, "tcp:127.0.0.2:%d", port_of(fd)));
	cr_expect_not(bind_matches(fd, &wrong));
	wrong = listen_of(pool_textf(pool, "tcp:%d", port_of(fd)));
	cr_expect_not(bind_matches(fd, &wrong));
	cr_expect_not(bind_matches(plain, &listen), "it does not listen");
	cr_expect_not(bind_matches(0x7fff, &listen));
	options.bind_to_device = "lo";
	cr_expect_not(bind_matches(fd, &same), "it is tied to no interface");
	close(plain);
	close(fd);
}

Test(bind, tells_dual_stack_from_ipv6_alone)
{
	struct listen dual = listen_of("tcp:0"), six = listen_of("tcp6:0");
	int both, one;

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	both = opened(&dual);
	one = opened(&six);
	cr_expect(bind_matches(both, &dual));
	cr_expect_not(bind_matches(both, &six));
	cr_expect(bind_matches(one, &six));
	cr_expect_not(bind_matches(one, &dual));
	close(both);
	close(one);
}

Test(bind, counts_what_waits_in_the_queue)
{
	struct listen tcp = listen_of("tcp:127.0.0.1:0"), path = listen_at("unix", "a.sock");
	int fd = opened(&tcp), other = opened(&path), clients[6], waiting;

	cr_expect_eq(bind_queue(fd, &tcp), 0);
	cr_expect_eq(bind_queue(other, &path), 0);
	for (int i = 0; i < 3; i++) {
		clients[i] = connected(AF_INET, SOCK_STREAM, port_of(fd));
		clients[i + 3] = unix_connected(path.address->address, SOCK_STREAM);
	}
	cr_expect_eq(bind_queue(fd, &tcp), 3);
	waiting = bind_queue(other, &path);     /* beside a crowd of others superd does not ask how many */
	cr_expect(waiting == 3 || waiting == 1, "%d", waiting);
	for (int i = 0; i < 6; i++)
		close(clients[i]);
	close(other);
	close(fd);
}

Test(bind, sees_an_empty_datagram_in_the_queue)
{
	struct listen listen = listen_of("udp:127.0.0.1:0"), fifo = listen_at("fifo", "f");
	int fd = opened(&listen), client = connected(AF_INET, SOCK_DGRAM, port_of(fd)), pipe;

	cr_expect_eq(bind_queue(fd, &listen), 0);
	cr_assert_eq(send(client, "", 0, 0), 0);
	cr_expect_gt(bind_queue(fd, &listen), 0);
	close(client);
	close(fd);
	pipe = opened(&fifo);
	cr_expect_eq(bind_queue(pipe, &fifo), 0);
	cr_assert_eq(write(pipe, "abc", 3), 3);
	cr_expect_eq(bind_queue(pipe, &fifo), 1, "how much takes the lock of the pipe");
	close(pipe);
	cr_expect_eq(bind_queue(pipe, &fifo), -1);
}

Test(bind, drops_datagrams_that_carry_descriptors)
{
	struct listen listen = listen_at("unix-dgram", "d");
	int fd = opened(&listen), client = unix_connected(listen.address->address, SOCK_DGRAM), zero = 0;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { (char[]){ "x" }, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &zero, sizeof(zero));
	cr_assert_eq(sendmsg(client, &message, 0), 1);
	cr_assert_eq(send(client, "y", 1, 0), 1);
	cr_expect_eq(bind_queue_drop(fd, &listen, 9), 0);
	cr_expect_eq(bind_queue(fd, &listen), 0);
	close(client);
	close(fd);
}

Test(bind, a_lack_of_descriptors_is_no_lack_of_ipv6)
{
	const bool has = bind_kernel_has_ipv6();
	struct rlimit limit, none;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_expect_eq(bind_kernel_has_ipv6(), has);
	setrlimit(RLIMIT_NOFILE, &limit);
}

Test(bind, opens_raw_sockets_of_a_protocol)
{
	static const char *const texts[] = { "raw:254", "raw:254@127.0.0.1", "raw6:254@::1", "raw:253%lo" };

	skip_unless(geteuid() == 0, "raw sockets need root");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct listen listen = listen_of(texts[i]), other = listen_of("raw:252");
		struct buf text = { 0 };
		int fd;

		if (i == 2 && !bind_kernel_has_ipv6())
			continue;
		fd = opened(&listen);
		cr_expect_eq(option_of(fd, SOL_SOCKET, SO_TYPE), SOCK_RAW);
		cr_expect_eq(option_of(fd, SOL_SOCKET, SO_PROTOCOL), (int)listen.address->number);
		cr_expect(bind_matches(fd, &listen), "%s", texts[i]);
		cr_expect_not(bind_matches(fd, &other), "%s", texts[i]);
		describe(fd, &listen, &text);
		cr_expect_str_eq(buf_string(&text), texts[i]);
		buf_free(&text);
		close(fd);
	}
}

/* 2001:db8::/32 is nobody's (RFC 3849). */
Test(bind, opens_a_raw_ipv6_socket_at_an_address_that_is_not_there_yet)
{
	struct listen listen = listen_of("raw6:254@2001:db8::1");
	int fd;

	skip_unless(geteuid() == 0, "raw sockets need root");
	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	refused(&listen, EADDRNOTAVAIL, "free_bind = yes");
	buf_clear(&why);
	options.free_bind = options.transparent = true;
	fd = opened(&listen);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(option_of(fd, IPPROTO_IPV6, IPV6_TRANSPARENT), 1);
	close(fd);
}

Test(bind, describes_a_raw_socket_as_it_is_written)
{
	static const char *const texts[] = { "raw:254", "raw6:254" };

	skip_unless(geteuid() == 0, "raw sockets need root");
	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	for (size_t n = 0; n < 2; n++) {
		struct listen listen = listen_of(texts[n]);
		struct socket_address name = { .length = sizeof(name.storage) };
		struct buf text = { 0 };
		int fd = opened(&listen);

		cr_assert_eq(getsockname(fd, &name.any, &name.length), 0);
		bind_describe(fd, &name, &listen, &text);
		cr_expect_str_eq(buf_string(&text), texts[n]);
		buf_free(&text);
		close(fd);
	}
}

Test(bind, a_raw_socket_gets_what_is_sent)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct listen listen = listen_of("raw:254@127.0.0.1");
	int fd, sender;
	char packet[64];

	skip_unless(geteuid() == 0, "raw sockets need root");
	fd = opened(&listen);
	sender = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 254);
	cr_assert_eq(sendto(sender, "hi", 2, 0, (struct sockaddr *)&to, sizeof(to)), 2);
	cr_expect_gt(bind_queue(fd, &listen), 0);
	cr_assert_eq(recv(fd, packet, sizeof(packet), MSG_DONTWAIT), 22);
	cr_expect_eq(memcmp(packet + 20, "hi", 2), 0);
	close(sender);
	close(fd);
}
