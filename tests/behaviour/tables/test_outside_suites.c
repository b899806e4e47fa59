/* What others' own tests of their inetds look at, as behaviours of superd: NetBSD's t_inetd and t_accept_max,
 * inetutils' inetd.sh, Debian's "everything" for openbsd-inetd, and what FreeBSD's manual says of its limits. What
 * test_inetd has already is not here again. The hard thing is a refusal: a reset, an end or silence may each be one. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "private.h"
#include "reading.h"
#include "tables.h"

enum { SILENCE_MS = 2 * SECOND_MS }; /* some limits count for a minute */

static bool wait_answer(int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	return poll(&ready, 1, DEADLINE_MS) > 0;
}

/* Whether what is sent is answered; a reset, an end or silence is no answer. Silence is what has not come when superd,
 * whose clock is the test's, has had its time and sleeps with its backends; without superd an answer is waited for. */
static bool hears(struct superd *superd, int fd)
{
	char answer[256];

	if (send(fd, "x\n", 2, MSG_NOSIGNAL) != 2)
		return false;
	if (superd)
		clock_advance(superd, SILENCE_MS);
	else if (!wait_answer(fd))
		return false;
	return recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0;
}

static bool is_answered(int fd)
{
	return hears(NULL, fd);
}

static bool is_silent(struct superd *superd, int fd)
{
	return !hears(superd, fd);
}

static bool stream_hears(struct superd *superd, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool heard;

	cr_assert(fd >= 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	heard = connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 && hears(superd, fd);
	close(fd);
	return heard;
}

static bool stream_is_answered(int port)
{
	return stream_hears(NULL, port);
}

static bool stream_is_silent(struct superd *superd, int port)
{
	return !stream_hears(superd, port);
}

static bool datagram_hears(struct superd *superd, int port)
{
	int fd = datagram_client(port);
	bool heard = hears(superd, fd);

	close(fd);
	return heard;
}

static bool datagram_is_answered(int port)
{
	return datagram_hears(NULL, port);
}

static bool datagram_is_silent(struct superd *superd, int port)
{
	return !datagram_hears(superd, port);
}

/* Connecting itself, over either family. A listener that is being closed resets who has connected. */
static bool can_connect_to(const char *address, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	bool ipv4 = inet_pton(AF_INET, address, &in.sin_addr) == 1, connected;
	int fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && (ipv4 || inet_pton(AF_INET6, address, &in6.sin6_addr) == 1));
	connected = (ipv4 ? connect(fd, (struct sockaddr *)&in, sizeof(in))
			  : connect(fd, (struct sockaddr *)&in6, sizeof(in6))) == 0 || errno == ECONNRESET;
	cr_assert(connected || errno == ECONNREFUSED, "%s: %s", address, strerror(errno));
	close(fd);
	return connected;
}

static bool has_ipv6(void)
{
	return access("/proc/net/if_inet6", F_OK) == 0;
}

static struct superd *inetd_clock_run(const char *table)
{
	return superd_run_with(&(struct setup){ .format = "inetd", .clock = true }, "%s", table);
}

/* ---- NetBSD: t_inetd ---- */

Behaviour(netbsd, three_answers_and_then_silence_that_costs_nothing)
{
	int port = free_port();
	const char *marks = path_in("marks");
	struct superd *superd = inetd_clock_run(text_of("127.0.0.1:%d dgram udp wait/0/3 %s\n", port,
							inetd_backend("-m %s datagram", marks)));
	unsigned long before;
	size_t starts;

	wait_listening(superd, text_of("udp:127.0.0.1:%d", port));
	for (int n = 0; n < 3; n++)
		cr_assert(datagram_is_answered(port), "answer %d\n%s", n, world_logs());
	cr_expect(datagram_is_silent(superd, port));
	starts = count_lines(marks);
	before = clock_wakes();
	for (int n = 0; n < 3; n++)
		cr_expect(datagram_is_silent(superd, port));
	cr_expect_leq(clock_wakes() - before, 30, "%lu wake-ups", clock_wakes() - before);
	cr_expect_eq(count_lines(marks), starts, "a refused sender started it");
}

Behaviour(netbsd, a_maximum_of_0_never_answers)
{
	int nowait = free_port(), waited = free_port(), open = free_port();
	const char *marks = path_in("marks");
	struct superd *superd =
		inetd_clock_run(text_of("127.0.0.1:\n%d stream tcp nowait:0 %s\n%d stream tcp wait:0 %s\n"
					"%d stream tcp nowait:20 %s\n",
					nowait, inetd_backend("-m %s stdio", marks), waited,
					inetd_backend("-m %s take 1", marks), open, inetd_backend("stdio")));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", open));
	for (int n = 0; n < 3; n++) {
		cr_expect(stream_is_silent(superd, nowait));
		cr_expect(stream_is_silent(superd, waited));
		cr_expect(stream_is_answered(open));
	}
	cr_expect_eq(count_lines(marks), 0);
}

/* A client that resets at the right moment ends NetBSD's whole inetd. */
Behaviour(netbsd, a_counted_client_that_resets_ends_nothing)
{
	int port = free_port();
	struct superd *superd = inetd_run("127.0.0.1:%d stream tcp nowait/0/500 %s\n", port, inetd_backend("stdio"));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	for (int n = 0; n < 100; n++) {
		const struct linger reset = { .l_onoff = 1 };
		int client = client_connect(port);

		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
	}
	cr_expect(stream_is_answered(port));
}

/* ---- NetBSD: t_accept_max ---- */

Behaviour(netbsd, accept_max_of_a_line_counts_down_at_each_end)
{
	const char *path = path_in("socket");
	struct superd *superd =
		inetd_clock_run(text_of("%s stream unix nowait/2 %s\n", path, inetd_backend("lines")));
	int clients[3];

	wait_node(path);
	for (int round = 0; round < 3; round++) {
		for (int n = 0; n < 3; n++)
			clients[n] = client_connect_unix(path, SOCK_STREAM);
		cr_assert(is_answered(clients[0]) && is_answered(clients[1]), "round %d\n%s", round, world_logs());
		cr_expect(is_silent(superd, clients[2]), "a third was started");
		cr_expect_eq(superd_processes(superd), 2);
		close(clients[0]);
		cr_expect_not_null(strstr(client_line(clients[2]), " x"), "its turn did not come");
		close(clients[1]);
		close(clients[2]);
		/* The count is back at 0, and no zombie is left. */
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
}

/* Those that its inetd answers itself are counted there and never end. */
BehaviourOfUsers(netbsd, accept_max_of_an_internal_service_counts_down_too)
{
	enum { DAYTIME = 13, LENGTH = sizeof("Fri Nov 20 10:00:00 2026\r\n") - 1 };
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	superd = inetd_run("127.0.0.1:daytime stream tcp nowait/1 nobody internal\n");
	wait_listening(superd, "tcp:127.0.0.1:13");
	for (int n = 0; n < 5; n++)
		cr_assert_eq(strlen(client_told_at("127.0.0.1", DAYTIME)), LENGTH);
}

/* There the one limit keeps what the other has counted, and in the end nobody comes in any more. */
Behaviour(netbsd, both_limits_together_do_not_wedge)
{
	int port = free_port(), clients[2];
	struct superd *superd =
		inetd_clock_run(text_of("127.0.0.1:%d stream tcp nowait/2/4 %s\n", port, inetd_backend("lines")));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	for (int n = 0; n < 2; n++)
		cr_assert(is_answered(clients[n] = client_connect(port)));
	close(clients[0]);
	close(clients[1]);
	cr_assert(stream_is_answered(port) && stream_is_answered(port));
	for (int n = 0; n < 5; n++)
		cr_expect(stream_is_silent(superd, port), "a fifth of one address");
	for (int n = 0; n < 2; n++) {
		clients[n] = client_connect_from("127.0.0.2", port);
		cr_expect(is_answered(clients[n]), "a slot is gone\n%s", world_logs());
	}
	close(clients[0]);
	close(clients[1]);
}

/* ---- FreeBSD: nowait/MAX/PER-MINUTE/PER-ADDRESS ---- */

Behaviour(freebsd, the_third_number_counts_who_is_there_from_one_address)
{
	int port = free_port(), clients[4];
	struct superd *superd =
		inetd_clock_run(text_of("127.0.0.1:%d stream tcp nowait/3/0/2 %s\n", port, inetd_backend("lines")));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	cr_assert(is_answered(clients[0] = client_connect_from("127.0.0.2", port)));
	cr_assert(is_answered(clients[1] = client_connect_from("127.0.0.2", port)));
	clients[2] = client_connect_from("127.0.0.2", port);
	cr_expect(client_sees_end(clients[2]), "a third of one address was served");
	close(clients[2]);
	cr_assert(is_answered(clients[2] = client_connect_from("127.0.0.3", port)));
	/* The first number: a fourth waits for one to end. */
	clients[3] = client_connect_from("127.0.0.4", port);
	cr_expect(is_silent(superd, clients[3]), "a fourth was served");
	close(clients[0]);
	cr_expect_not_null(strstr(client_line(clients[3]), " x"));
	for (int n = 1; n < 4; n++)
		close(clients[n]);
	WAIT_UNTIL(superd_processes(superd) == 0);
	for (int n = 0; n < 2; n++)
		cr_assert(is_answered(clients[n] = client_connect_from("127.0.0.2", port)), "a slot is gone");
	close(clients[0]);
	close(clients[1]);
}

Behaviour(freebsd, the_second_number_counts_who_came_from_one_address_in_a_minute)
{
	int port = free_port(), client;
	struct superd *superd = inetd_run("127.0.0.1:%d stream tcp nowait/0/3 %s\n", port, inetd_backend("stdio"));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	for (int n = 0; n < 3; n++)
		client_ask_pid(port);
	client = client_connect(port);
	cr_expect(client_sees_end(client));
	close(client);
	client = client_connect_from("127.0.0.2", port);
	cr_expect(is_answered(client), "another pays for it");
	close(client);
}

/* -C, -c and -s stand for the lines that say no number. */
Behaviour(freebsd, numbers_of_the_command_line_hold_where_a_line_says_none)
{
	int by_default = free_port(), by_line = free_port(), client;
	const char *table =
		write_file("inetd.conf", "127.0.0.1:%d stream tcp nowait %s\n127.0.0.1:%d stream tcp nowait/0/5 %s\n",
			   by_default, inetd_backend("stdio"), by_line, inetd_backend("stdio"));
	const struct setup setup = {
		.program = superd_called("inetd"),
		.without_table = true,
		.arguments = (const char *const[]){ "-i", "-e", "-C", "2", "-p", path_in("inetd.pid"), table, NULL },
	};
	struct superd *inetd = superd_run_with(&setup, "%s", "");

	wait_listening(inetd, text_of("tcp:127.0.0.1:%d", by_line));
	wait_listening(inetd, text_of("tcp:127.0.0.1:%d", by_default));
	for (int n = 0; n < 2; n++)
		client_ask_pid(by_default);
	client = client_connect(by_default);
	cr_expect(client_sees_end(client));
	close(client);
	for (int n = 0; n < 5; n++)
		client_ask_pid(by_line);
	client = client_connect(by_line);
	cr_expect(client_sees_end(client));
	close(client);
}

/* ---- inetutils: inetd.sh ---- */

static pid_t start_daemon(const char *const *arguments, const char *pid_file)
{
	struct outcome outcome = program_answer(arguments);
	const char *text;
	pid_t pid;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_not_null(text = read_text(pid_file));
	pid = (pid_t)strtol(text, NULL, 10);
	cr_assert(pid > 1 && process_lives(pid));
	return pid;
}

static void end_daemon(pid_t pid, const char *pid_file)
{
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
	cr_expect_neq(access(pid_file, F_OK), 0, "the pid file was left");
}

/* The address and port of a client as its server sees them, by the socket and by what it is told. */
static void expect_peer(const char *address, int port)
{
	bool ipv4 = strchr(address, '.');
	int client = client_connect_to(address, port);
	struct sockaddr_in6 own; /* has room for either, with the port in one place */
	socklen_t length = sizeof(own);
	struct reading reading;
	const char *number;

	cr_assert_eq(getsockname(client, (struct sockaddr *)&own, &length), 0);
	number = text_of("%u", ntohs(own.sin6_port));
	reading = reading_of(client_rest(client));
	close(client);
	reading_expect(reading, "fd.0.peer", text_of(ipv4 ? "%s:%s" : "[%s]:%s", address, number));
	reading_expect(reading, "env.TCPREMOTEIP", address);
	reading_expect(reading, "env.TCPREMOTEPORT", number);
	reading_expect(reading, "env.TCPLOCALIP", address);
	reading_expect(reading, "env.TCPLOCALPORT", text_of("%d", port));
}

Behaviour(inetutils, a_daemon_follows_its_table_from_port_to_port)
{
	const char *pid_file = path_in("inetd.pid"), *table = path_in("inetd.conf");
	int port = free_port(), before;
	pid_t pid;

	write_file("inetd.conf", "%d stream tcp4 nowait %s\n%d stream tcp6 nowait %s\n", port, inetd_report("-"), port,
		   inetd_report("-"));
	pid = start_daemon((const char *const[]){ superd_called("inetd"), text_of("-p%s", pid_file), "--environment",
						  table, NULL },
			   pid_file);
	for (int round = 0; round < 5; round++) {
		WAIT_UNTIL(can_connect_to("127.0.0.1", port));
		expect_peer("127.0.0.1", port);
		if (has_ipv6()) {
			WAIT_UNTIL(can_connect_to("::1", port));
			expect_peer("::1", port);
		}
		before = port;
		port = free_port();
		write_file("inetd.conf", "%d stream tcp4 nowait %s\n%d stream tcp6 nowait %s\n", port,
			   inetd_report("-"), port, inetd_report("-"));
		cr_assert_eq(kill(pid, SIGHUP), 0);
		WAIT_UNTIL(!can_connect_to("127.0.0.1", before));
	}
	end_daemon(pid, pid_file);
}

/* ---- Debian: everything ---- */

static const char *const everything = "# by names of services(5)\n"
				      "qotd		stream tcp	nowait	%s\n" /* both families */
				      "chargen	stream tcp46	nowait	%s\n"	      /* one socket for both */
				      "finger		stream tcp4	nowait	%s\n"
				      "finger		stream tcp6	nowait	%s\n"
				      "gopher		stream tcp4	nowait	%s\n"
				      "nntp		stream tcp6	nowait	%s\n"
				      "127.0.0.1:smtp	stream tcp	nowait	%s\n"
				      "[::1]:pop3	stream tcp	nowait	%s\n";

enum { QOTD = 17, CHARGEN = 19, SMTP = 25, GOPHER = 70, FINGER = 79, POP3 = 110, NNTP = 119, IMAP = 143 };

static void expect_family(int port, const char *address, const char *peer)
{
	const char *got = reading_get(reading_of(client_told_at(address, port)), "fd.0.peer");

	cr_expect(got && strncmp(got, peer, strlen(peer)) == 0, "port %d saw %s as %s", port, address, got);
}

static void expect_everything(void)
{
	expect_family(QOTD, "127.0.0.1", "127.0.0.1:");
	expect_family(QOTD, "::1", "[::1]:");
	expect_family(CHARGEN, "127.0.0.1", "[::ffff:127.0.0.1]:");
	expect_family(CHARGEN, "::1", "[::1]:");
	expect_family(FINGER, "127.0.0.1", "127.0.0.1:");
	expect_family(FINGER, "::1", "[::1]:");
	expect_family(GOPHER, "127.0.0.1", "127.0.0.1:");
	cr_expect_not(can_connect_to("::1", GOPHER), "tcp4 serves IPv6");
	expect_family(NNTP, "::1", "[::1]:");
	cr_expect_not(can_connect_to("127.0.0.1", NNTP), "tcp6 serves IPv4");
	expect_family(SMTP, "127.0.0.1", "127.0.0.1:");
	cr_expect_not(can_connect_to("127.0.0.2", SMTP));
	cr_expect_not(can_connect_to("::1", SMTP));
	expect_family(POP3, "::1", "[::1]:");
	cr_expect_not(can_connect_to("127.0.0.1", POP3));
}

static const char *everything_of(void)
{
	const char *text = everything;

	return replaced(text, "%s", inetd_report("-"));
}

Behaviour(debian, everything_by_the_systems_own_table)
{
	const char *const arguments[] = { superd_called("inetd"), NULL };
	pid_t pid;

	SKIP_WITHOUT(has_ipv6(), "this machine has no IPv6");
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/inetd.conf", "%s", everything_of());
	clock_prepare();
	clock_enter(); /* and so does whatever this test starts */
	pid = start_daemon(arguments, "/run/inetd.pid");
	expect_everything();
	cr_expect_not(can_connect_to("127.0.0.1", IMAP), "a port of no entry is open");
	private_file("/etc/inetd.conf", "%simap2 stream tcp nowait %s\n", everything_of(), inetd_report("-"));
	cr_assert_eq(kill(pid, SIGHUP), 0);
	WAIT_UNTIL(can_connect_to("127.0.0.1", IMAP));
	expect_family(IMAP, "::1", "[::1]:");
	expect_everything();
	for (int n = 0; n < 3; n++) {
		WAIT_UNTIL(clock_has_waiter(pid));
		clock_move(HOUR_MS);
		expect_everything();
	}
	cr_expect(process_lives(pid), "it did not survive the reload");
	cr_expect_eq((pid_t)strtol(read_text("/run/inetd.pid"), NULL, 10), pid);
	expect_everything();
	end_daemon(pid, "/run/inetd.pid");
}

/* ---- a hundred reloads ---- */

enum { FIRST_ROUND = 30, RELOADS = 150 }; /* tables come again after so many */

static const char *inetd_table(int n, const int *ports, const char *path)
{
	const char *table = text_of("127.0.0.1:%d stream tcp nowait %s\n", ports[0], inetd_backend("lines"));

	table = text_of("%s127.0.0.1:%d stream tcp %s %s\n", table, ports[1], n % 2 ? "wait" : "nowait.40",
			inetd_backend(n % 2 ? "take 1" : "stdio"));
	table = text_of("%s127.0.0.1:%d dgram udp wait %s\n", table, ports[n % 2 ? 2 : 3], inetd_backend("datagram"));
	if (n % 2)
		table = text_of("%s%s stream unix nowait %s\n", table, path, inetd_backend("stdio"));
	if (n % 3 == 0)
		table = text_of("%s%d stream tcp nowait %s\n", table, ports[4], inetd_backend("stdio"));
	return n % 5 == 1 ? text_of("%sthis line is bad\n", table) : table;
}

static const char *xinetd_table(int n, const int *ports, const char *log)
{
	const char *table = text_of("defaults\n{\n\tlog_type = FILE %s\n\tlog_on_failure = HOST\n%s}\n", log,
				    n % 2 ? "\tonly_from = 127.0.0.0\n" : "");

	table = text_of("%s%s", table, xinetd_service("kept", ports[0], xinetd_backend("lines")));
	table = text_of(
		"%s%s", table,
		xinetd_service("changing", ports[1],
			       text_of("\tinstances = %d\n\tcps = 1000 1\n%s", 5 + n, xinetd_backend("stdio"))));
	table = text_of("%s%s", table,
			xinetd_service("redirecting", ports[n % 2 ? 2 : 3],
				       text_of("\tredirect = 127.0.0.1 %d\n\tuser = %s\n", ports[0], own_user())));
	if (n % 3 == 0)
		table = text_of("%s%s", table, xinetd_service("coming", ports[4], xinetd_backend("stdio")));
	return n % 5 == 1 ? text_of("%sservice broken\n{\n\tinstances = 1 2\n}\n", table) : table;
}

/* A session lasts through all of them, and each leaves superd serving. */
static void expect_reloads(struct superd *superd, const char *(*table)(int, const int *, const char *),
			   const int *ports, const char *path)
{
	int client = client_connect(ports[0]);
	const char *session;
	size_t descriptors = 0;

	client_send(client, "begin\n");
	session = text_of("%ld", strtol(client_line(client), NULL, 10));
	for (int n = 1; n <= RELOADS; n++) {
		bool bad = n % 5 == 1;

		cr_assert(superd_reload(superd, "%s", table(n, ports, path)) == !bad, "reload %d\n%s", n, world_logs());
		if (n % 10 == 0)
			client_ask_pid(ports[1]);
		WAIT_UNTIL(superd_processes(superd) == 1);
		if (n == FIRST_ROUND)
			descriptors = superd_fd_count(superd);
	}
	superd_expect_fds(superd, descriptors);
	client_send(client, "end\n");
	cr_expect_str_eq(client_line(client), text_of("%s end", session));
	close(client);
	superd_stop(superd);
}

static void choose_ports(int *ports)
{
	for (int n = 0; n < 5; n++)
		ports[n] = free_port();
}

Behaviour(reloads, a_hundred_of_an_inetds_table_leave_nothing_behind)
{
	int ports[5];
	const char *path = path_in("socket");
	struct superd *superd;

	choose_ports(ports);
	superd = inetd_run("%s", inetd_table(0, ports, path));
	wait_listening(superd, text_of("tcp:127.0.0.1:%d", ports[0]));
	expect_reloads(superd, inetd_table, ports, path);
}

Behaviour(reloads, a_hundred_of_an_xinetds_table_leave_nothing_behind)
{
	int ports[5];
	const char *log = path_in("log");
	struct superd *superd;

	choose_ports(ports);
	superd = xinetd_run("%s", xinetd_table(0, ports, log));
	superd_port(superd, "kept");
	expect_reloads(superd, xinetd_table, ports, log);
}
