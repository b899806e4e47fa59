/* Options on sockets that are bound for real: set before, changed afterwards, refused or warned of. */
#include "tests/unit/bind_fixture.h"

TestSuite(socket_options, .init = set_up, .fini = tear_down, .timeout = 120);

Test(socket_options, sets_the_options_of_a_tcp_socket)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd;

	options.keep_alive = options.no_delay = true;
	options.keep_alive_time = 33 * INT64_C(1000000) - 1;
	options.keep_alive_interval = 7 * INT64_C(1000000);
	options.keep_alive_probes = 4;
	options.defer_accept = 1;
	options.priority = 3;
	options.send_buffer = options.receive_buffer = 20000;
	fd = opened(&listen);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	cr_expect_eq(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	cr_expect_eq(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 33);
	cr_expect_eq(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
	cr_expect_eq(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
	cr_expect_gt(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_PRIORITY), 3);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_SNDBUF), 40000);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_RCVBUF), 40000);
	close(fd);
}

Test(socket_options, sets_the_options_of_both_families_on_a_dual_stack_socket)
{
	struct listen listen = listen_of("udp:0");
	int fd;

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	options.pass_packet_info = options.broadcast = true;
	fd = opened(&listen);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(option_of(fd, IPPROTO_IP, IP_PKTINFO), 1);
	cr_expect_eq(option_of(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO), 1);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_BROADCAST), 1);
	close(fd);
}

Test(socket_options, warns_of_a_tuning_the_kernel_refuses_and_goes_on)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd;

	options.keep_alive_time = INT64_C(40000) * 1000000;
	fd = opened(&listen);
	cr_expect(strstr(buf_string(&warnings), "keep_alive_time: "), "%s", buf_string(&warnings));
	close(fd);
}

Test(socket_options, refuses_an_interface_that_is_not_there)
{
	struct listen listen = listen_of("tcp:0%nosuchif0");

	refused(&listen, ENODEV, "there is no interface nosuchif0");
	listen = listen_of("tcp:[fe80::1]:0%nosuchif0");
	refused(&listen, ENODEV, "there is no interface nosuchif0");
	options.bind_to_device = "nosuchif1";
	listen = listen_of("tcp:0");
	refused(&listen, ENODEV, "there is no interface nosuchif1");
}

Test(socket_options, changes_options_on_an_open_socket)
{
	struct listen before = listen_of("tcp:127.0.0.1:0"), after = before;
	struct socket_options changed = options;
	int fd;

	options.no_delay = true;
	fd = opened(&before);
	changed.keep_alive = true;
	changed.priority = 4;
	changed.backlog = 1;
	after.options = &changed;
	cr_expect_eq(bind_adjust(fd, &before, &after, false, &why, &warnings), 0);
	cr_expect_eq(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_PRIORITY), 4);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	close(fd);
}
