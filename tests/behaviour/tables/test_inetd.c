/* Tables of inetd.conf, served: families, limits and users as the lines mean them, and lines that come and go.
 * Most of it is what the tests of NetBSD's, GNU's and Debian's own inetd look at. */
#include <netinet/in.h>
#include <poll.h>

#include "harness.h"
#include "reading.h"

static const char *test_dir(void)
{
	const char *folder = getenv("SUPERD_TESTDIR");

	cr_assert(folder, "SUPERD_TESTDIR is not set");
	return folder;
}

/* A program of the tests as the end of a line: its path, its name, its arguments. */
static const char *program(const char *name, const char *arguments)
{
	return text_of("%s/%s %s %s", test_dir(), name, name, arguments);
}

__attribute__((format(printf, 1, 2))) static struct superd *run_inetd(const char *format, ...)
{
	char text[4096];
	va_list arguments;
	struct setup setup = { .without_table = true, .clock = true };

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	setup.arguments = (const char *const[]){ "--keep-going", "-f",
						 text_of("inetd:%s", write_file("table", "%s", text)), NULL };
	return superd_run_with(&setup, "%s", "");
}

static void ask(int fd)
{
	(void)!send(fd, "x\n", 2, MSG_NOSIGNAL);
}

/* Whether an answer comes so soon; a connection that is refused ends, one that waits is silent. */
static bool hears(int fd, int milliseconds)
{
	struct pollfd ready = { fd, POLLIN, 0 };
	char answer[256];

	return poll(&ready, 1, milliseconds) > 0 && recv(fd, answer, sizeof(answer), 0) > 0;
}

static bool is_answered(int fd)
{
	ask(fd);
	return hears(fd, DEADLINE_MS);
}

static bool datagram_answers(int port)
{
	int fd = datagram_client(port);
	bool answered = is_answered(fd);

	close(fd);
	return answered;
}

static bool port_answers(int port)
{
	int fd = client_connect(port);
	bool answered = is_answered(fd);

	close(fd);
	return answered;
}

/* Whoever is one too many waits for ten minutes, or is turned away. */
static void expect_silence(struct superd *superd, const int *fds, size_t count)
{
	for (size_t n = 0; n < count; n++)
		ask(fds[n]);
	clock_advance(superd, 9 * MINUTE_MS);
	for (size_t n = 0; n < count; n++) {
		cr_expect_not(hears(fds[n], 0), "%zu\n%s", n, world_logs());
		close(fds[n]);
	}
}

#define EXPECT_SILENCE(superd, ...) \
	expect_silence(superd, (const int[]){ __VA_ARGS__ }, sizeof((int[]){ __VA_ARGS__ }) / sizeof(int))

static bool has_ipv6(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/* What the program of a connection is told of its socket. */
static const char *report(const char *address, int port, const char *key)
{
	int client = client_connect_to(address, port);
	const char *text = client_rest(client);

	close(client);
	return reading_get(reading_of(text), "%s", key);
}

Behaviour(inetd, tcp_is_both_families_and_each_client_comes_as_its_own)
{
	int port = free_port();
	struct superd *superd = run_inetd("%d stream tcp nowait %s %s\n", port, own_user(), program("report", "-"));

	superd_wait_log(superd, text_of("listening on tcp4:%d", port));
	cr_expect_str_eq(report("127.0.0.1", port, "fd.0.address"), text_of("127.0.0.1:%d", port));
	if (has_ipv6()) {
		superd_wait_log(superd, text_of("listening on tcp6:%d", port));
		cr_expect_str_eq(report("::1", port, "fd.0.address"), text_of("[::1]:%d", port));
	}
}

Behaviour(inetd, tcp46_is_one_socket_whose_ipv4_clients_come_mapped)
{
	int port = free_port();
	struct superd *superd = run_inetd("%d stream tcp46 nowait %s %s\n", port, own_user(), program("report", "-"));
	const char *address;

	superd_wait_log(superd, "listening on");
	address = report("127.0.0.1", port, "fd.0.address");
	cr_expect_str_eq(address, has_ipv6() ? text_of("[::ffff:127.0.0.1]:%d", port) : text_of("127.0.0.1:%d", port));
}

Behaviour(inetd, an_ipv4_address_in_the_form_of_ipv6_is_served)
{
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here");
	superd = run_inetd("::ffff:127.0.0.1:%d stream tcp nowait %s %s\n", port, own_user(), program("report", "-"));
	superd_wait_log(superd, "listening on");
	cr_expect_str_eq(report("127.0.0.1", port, "fd.0.address"), text_of("[::ffff:127.0.0.1]:%d", port));
}

Behaviour(inetd, a_line_for_tcp6_takes_ipv6_from_the_line_for_tcp)
{
	int port = free_port();
	struct superd *superd =
		run_inetd("%d stream tcp nowait %s /bin/echo echo four\n%d stream tcp6 nowait %s /bin/echo echo six\n",
			  port, own_user(), port, own_user());
	int client;

	superd_wait_log(superd, text_of("listening on tcp4:%d", port));
	client = client_connect_to("127.0.0.1", port);
	cr_expect_str_eq(client_rest(client), "four\n");
	close(client);
	if (has_ipv6()) {
		superd_wait_log(superd, text_of("listening on tcp6:%d", port));
		client = client_connect_to("::1", port);
		cr_expect_str_eq(client_rest(client), "six\n");
		close(client);
	}
}

Behaviour(inetd, the_second_number_counts_the_datagrams_of_one_sender)
{
	int port = free_port();
	struct superd *superd = run_inetd("127.0.0.1:%d dgram udp wait/0/3 %s %s\n", port, own_user(),
					  program("report", path_in("report")));

	superd_wait_log(superd, "listening on");
	for (int n = 0; n < 3; n++)
		cr_expect(datagram_answers(port), "answer %d is missing\n%s", n, world_logs());
	EXPECT_SILENCE(superd, datagram_client(port));
}

Behaviour(inetd, the_second_number_counts_the_connections_of_one_client)
{
	int port = free_port();
	struct superd *superd = run_inetd("127.0.0.1:%d stream tcp nowait/0/3 %s %s\n", port, own_user(),
					  program("backend", "stdio"));

	superd_wait_log(superd, "listening on");
	for (int n = 0; n < 3; n++)
		cr_expect(port_answers(port));
	EXPECT_SILENCE(superd, client_connect(port));
}

Behaviour(inetd, a_number_behind_a_dot_counts_starts_of_every_kind)
{
	int dgram = free_port(), wait = free_port(), nowait = free_port();
	struct superd *superd =
		run_inetd("127.0.0.1:\n%d dgram udp wait.2 %s %s\n%d stream tcp wait.2 %s %s\n"
			  "%d stream tcp nowait.2 %s %s\n",
			  dgram, own_user(), program("report", path_in("report")), wait, own_user(),
			  program("backend", "take 1"), nowait, own_user(), program("backend", "stdio"));

	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", nowait));
	for (int n = 0; n < 2; n++) {
		cr_expect(datagram_answers(dgram));
		cr_expect(port_answers(wait));
		cr_expect(port_answers(nowait));
	}
	EXPECT_SILENCE(superd, datagram_client(dgram), client_connect(wait), client_connect(nowait));
	cr_expect_eq(superd_log_count(superd, "server failing (looping)"), 3);
}

Behaviour(inetd, a_limit_of_zero_starts_nothing)
{
	int dgram = free_port(), stream = free_port(), open = free_port();
	struct superd *superd = run_inetd("127.0.0.1:\n%d dgram udp wait:0 %s %s\n%d stream tcp nowait:0 %s %s\n"
					  "%d stream tcp nowait %s %s\n",
					  dgram, own_user(), program("report", path_in("report")), stream, own_user(),
					  program("backend", "stdio"), open, own_user(), program("backend", "stdio"));

	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", open));
	cr_expect_not(client_can_connect(stream));
	cr_expect(port_answers(open));
}

Behaviour(inetd, a_group_stands_behind_a_colon_or_a_dot)
{
	int colon = free_port(), dot = free_port();
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root, to start as another user");
	superd = run_inetd("127.0.0.1:\n%d stream tcp nowait nobody:daemon /usr/bin/id id\n%d stream tcp nowait "
			   "nobody.daemon /usr/bin/id id\n",
			   colon, dot);
	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", dot));
	cr_expect_not_null(strstr(client_rest(client_connect(colon)), "(nobody) gid=1(daemon)"));
	cr_expect_not_null(strstr(client_rest(client_connect(dot)), "(nobody) gid=1(daemon)"));
}

Behaviour(inetd, lines_come_and_go_with_a_reload_and_sessions_stay)
{
	int first = free_port(), second = free_port(), client;
	const char *line =
		text_of("127.0.0.1:%d stream tcp nowait %s %s\n", first, own_user(), program("backend", "lines"));
	struct superd *superd = run_inetd("%s", line);

	superd_wait_log(superd, "listening on");
	client = client_connect(first);
	cr_expect(is_answered(client));
	write_file("table", "%s127.0.0.1:%d stream tcp nowait %s %s\n", line, second, own_user(),
		   program("backend", "stdio"));
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", second));
	cr_expect(port_answers(second));
	cr_expect(is_answered(client), "the session is gone");
	write_file("table", "%s", line);
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(!client_can_connect(second));
	cr_expect(port_answers(first));
	cr_expect(is_answered(client), "the session is gone");
	close(client);
}

Behaviour(inetd, an_error_leaves_out_every_service_of_its_line)
{
	int bad = free_port(), good = free_port();
	struct superd *superd = run_inetd("127.0.0.1,127.0.0.2:%d stream tcp nowait no-such-user %s\n"
					  "no-such-port dgram udp wait %s %s\n127.0.0.1:%d stream tcp nowait %s %s\n",
					  bad, program("backend", "stdio"), own_user(), program("backend", "datagrams"),
					  good, own_user(), program("backend", "stdio"));

	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", good));
	cr_expect(port_answers(good));
	cr_expect_not(client_can_connect(bad));
	cr_expect_eq(superd_log_count(superd, "listening on"), 1, "%s", world_logs());
}
