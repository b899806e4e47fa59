/* Accepted connections: who is at the other end, what was handed on to them, what each failure
 * means. */
#include "tests/unit/bind_fixture.h"

#include <arpa/inet.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "os/socket/socket.h"
#include "tests/unit/hang.h"

TestSuite(client, .init = set_up, .fini = tear_down, .timeout = 120);

static struct client accepted_on(int fd, const struct listen *listen)
{
	struct client client;
	enum accepted result = ACCEPT_NOTHING;

	for (int i = 0; i < HANG_MS && result == ACCEPT_NOTHING; i++) {
		result = client_accept(fd, listen, &client);
		usleep(result == ACCEPT_NOTHING ? 1000 : 0);
	}
	cr_assert_eq(result, ACCEPTED);
	return client;
}

Test(client, is_closed_on_exec_and_blocks)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen), peer = connected(AF_INET, SOCK_STREAM, port_of(fd));
	struct client client = accepted_on(fd, &listen);

	cr_expect(fcntl(client.fd, F_GETFD) & FD_CLOEXEC);
	cr_expect_not(fcntl(client.fd, F_GETFL) & O_NONBLOCK);
	close(client.fd);
	close(peer);
	options.non_blocking = true;
	peer = connected(AF_INET, SOCK_STREAM, port_of(fd));
	client = accepted_on(fd, &listen);
	cr_expect(fcntl(client.fd, F_GETFL) & O_NONBLOCK);
	close(client.fd);
	close(peer);
	close(fd);
}

Test(client, gets_every_option_of_its_listener)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	struct client client;
	int fd, peer;

	options.keep_alive = options.no_delay = true;
	options.keep_alive_time = 33000000;
	options.keep_alive_interval = 7000000;
	options.keep_alive_probes = 4;
	options.priority = 3;
	options.send_buffer = options.receive_buffer = 20000;
	fd = opened(&listen);
	peer = connected(AF_INET, SOCK_STREAM, port_of(fd));
	client = accepted_on(fd, &listen);
	cr_expect_eq(option_of(client.fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	cr_expect_eq(option_of(client.fd, IPPROTO_TCP, TCP_NODELAY), 1);
	cr_expect_eq(option_of(client.fd, IPPROTO_TCP, TCP_KEEPIDLE), 33);
	cr_expect_eq(option_of(client.fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
	cr_expect_eq(option_of(client.fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
	cr_expect_eq(option_of(client.fd, SOL_SOCKET, SO_PRIORITY), 3);
	cr_expect_eq(option_of(client.fd, SOL_SOCKET, SO_SNDBUF), 40000);
	cr_expect_eq(option_of(client.fd, SOL_SOCKET, SO_RCVBUF), 40000);
	close(client.fd);
	close(peer);
	close(fd);
}

Test(client, gets_the_options_of_a_unix_listener)
{
	struct listen listen = listen_at("unix", "a.sock");
	struct client client;
	int fd, peer;

	options.pass_credentials = true;
	options.receive_buffer = 20000;
	fd = opened(&listen);
	peer = unix_connected(listen.address->address, SOCK_STREAM);
	client = accepted_on(fd, &listen);
	cr_expect_eq(option_of(client.fd, SOL_SOCKET, SO_PASSCRED), 1);
	cr_expect_eq(option_of(client.fd, SOL_SOCKET, SO_RCVBUF), 40000);
	close(client.fd);
	close(peer);
	close(fd);
}

Test(client, is_told_as_ipv4_on_a_dual_stack_listener)
{
	struct listen listen = listen_of("tcp:0");
	unsigned char one[16], other[16];
	struct client client;
	char text[64];
	int fd, peer;

	skip_unless(bind_kernel_has_ipv6(), "this kernel has no IPv6");
	fd = opened(&listen);
	peer = connected(AF_INET, SOCK_STREAM, port_of(fd));
	client = accepted_on(fd, &listen);
	client_address(&client, text, sizeof(text));
	cr_expect_str_eq(text, "127.0.0.1");
	cr_expect_eq(client_port(&client), port_of(peer));
	cr_expect(client_source(&client, 64, one));
	close(client.fd);
	close(peer);
	close(fd);
	listen = listen_of("tcp:127.0.0.1:0");
	fd = opened(&listen);
	peer = connected(AF_INET, SOCK_STREAM, port_of(fd));
	client = accepted_on(fd, &listen);
	cr_expect(client_source(&client, 8, other));
	cr_expect_arr_eq(one, other, 16, "one source, by whichever listener it comes");
	close(client.fd);
	close(peer);
	close(fd);
}

Test(client, has_no_address_at_an_unbound_unix_socket)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd = opened(&listen), peer = unix_connected(listen.address->address, SOCK_STREAM);
	struct client client = accepted_on(fd, &listen);
	unsigned char source[16], again[16];
	char text[16] = "x";

	client_address(&client, text, sizeof(text));
	cr_expect_str_eq(text, "");
	cr_expect_eq(client_port(&client), -1);
	cr_assert(client_source(&client, 64, source), "its user is the source");
	cr_assert(client_source(&client, 64, again));
	cr_expect_arr_eq(source, again, 16);
	close(client.fd);
	close(peer);
	close(fd);
}

static struct client client_from(const char *address)
{
	struct client client = { .fd = -1, .peer.length = sizeof(struct sockaddr_in6) };

	client.peer.in6.sin6_family = AF_INET6;
	client.peer.in6.sin6_port = htons(4711);
	cr_assert_eq(inet_pton(AF_INET6, address, &client.peer.in6.sin6_addr), 1);
	return client;
}

static bool one_source(const char *a, const char *b, unsigned prefix)
{
	struct client first = client_from(a), second = client_from(b);
	unsigned char one[16], other[16];

	return client_source(&first, prefix, one) && client_source(&second, prefix, other) && !memcmp(one, other, 16);
}

Test(client, source_is_cut_to_its_prefix)
{
	cr_expect(one_source("2001:db8::1", "2001:db8::2", 64));
	cr_expect_not(one_source("2001:db8::1", "2001:db8:0:1::1", 64));
	cr_expect(one_source("2001:db8:0:2::1", "2001:db8:0:3::1", 63));
	cr_expect_not(one_source("2001:db8::1", "2001:db8::2", 128));
	cr_expect(one_source("2001:db8::1", "abcd::2", 0));
	cr_expect_not(one_source("::ffff:192.0.2.1", "::ffff:192.0.2.2", 0), "IPv4 counts whole");
}

Test(client, writes_an_ipv6_address_without_brackets)
{
	struct client client = client_from("2001:db8:0::1");
	char text[64], small[4];

	client_address(&client, text, sizeof(text));
	cr_expect_str_eq(text, "2001:db8::1");
	cr_expect_eq(client_port(&client), 4711);
	client_address(&client, small, sizeof(small));
	cr_expect_str_eq(small, "", "what does not fit is left out, not cut");
}

Test(client, nothing_in_the_queue_is_no_error)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen);
	struct client client;

	cr_expect_eq(client_accept(fd, &listen, &client), ACCEPT_NOTHING);
	cr_expect_eq(client.peer.length, 0);
	close(fd);
}

Test(client, a_listener_a_backend_shut_down_is_broken)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen);
	struct client client;

	cr_assert_eq(shutdown(fd, SHUT_RDWR), 0);
	cr_expect_eq(client_accept(fd, &listen, &client), ACCEPT_BROKEN);
	close(fd);
	cr_expect_eq(client_accept(fd, &listen, &client), ACCEPT_BROKEN);
}

Test(client, running_out_of_descriptors_is_told_apart)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen), peer = connected(AF_INET, SOCK_STREAM, port_of(fd));
	struct rlimit limit;
	struct client client;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)peer + 1;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(client_accept(fd, &listen, &client), ACCEPT_EXHAUSTED);
	limit.rlim_cur = (rlim_t)peer + 64;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client = accepted_on(fd, &listen);
	close(client.fd);
	close(peer);
	close(fd);
}

/* As by SELinux and AppArmor, before the client is taken out of the queue. */
Test(client, a_refusal_of_the_kernel_does_not_break_the_listener)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	int fd = opened(&listen);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_accept4, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };
	struct client client;

	skip_unless(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0,
		    "this kernel has no filters of system calls");
	cr_expect_eq(client_accept(fd, &listen, &client), ACCEPT_EXHAUSTED);
	close(fd);
}

Test(client, sends_a_datagram_that_is_seen_and_left_where_it_is)
{
	struct listen listen = listen_of("udp:127.0.0.1:0");
	int fd = opened(&listen), peer = connected(AF_INET, SOCK_DGRAM, port_of(fd));
	struct client client;
	char text[64];

	cr_expect_not(client_peek(fd, &client));
	cr_expect_eq(client.peer.length, 0u);
	cr_assert_eq(send(peer, "hello", 5, 0), 5);
	for (int n = 0; n < 2; n++) {
		cr_expect(client_peek(fd, &client));
		cr_expect_eq(client.fd, -1);
		client_address(&client, text, sizeof(text));
		cr_expect_str_eq(text, "127.0.0.1");
		cr_expect_eq(client_port(&client), port_of(peer));
	}
	cr_expect_eq(recv(fd, text, sizeof(text), MSG_DONTWAIT), 5);
	close(peer);
	close(fd);
}
