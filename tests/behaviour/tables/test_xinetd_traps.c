/* The traps of xinetd, each as a table of xinetd.conf that superd must not fall into with: rules that are quietly
 * without effect, sessions that a reload kills, and log lines that say what was not so. What is hard is "never": that
 * nobody comes in, that nothing is killed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "harness.h"
#include "private.h"
#include "reading.h"
#include "tables.h"

static const char keep_going[] = "--keep-going";
static const struct setup by_clock = { .format = "xinetd", .clock = true };

static void expect_served(const char *from, int port)
{
	int client = client_connect_from(from, port);

	client_send(client, "hello\n");
	cr_assert_not_null(strstr(client_line(client), " hello"), "%s is not served\n%s", from, world_logs());
	close(client);
}

static void expect_refused(const char *from, int port)
{
	int client = client_connect_from(from, port);

	cr_assert(client_sees_end(client), "%s was served\n%s", from, world_logs());
	close(client);
}

/* A connection from this address that is on its way. */
static int approach_from(const char *from, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0 && inet_pton(AF_INET, from, &own.sin_addr) == 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	cr_assert(connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0);
	return fd;
}

static bool is_connected(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) > 0 && !(polled.revents & (POLLERR | POLLHUP));
}

static const char *log_to(const char *path)
{
	return text_of("\tlog_type = FILE %s\n\tlog_on_success = PID HOST EXIT DURATION\n\tlog_on_failure = HOST\n",
		       path);
}

/* ---- rules ---- */

Behaviour(xinetd_traps, defaults_hold_for_a_service_before_them)
{
	int port = free_port();
	const char *log = path_in("log"), *marks = path_in("marks");
	struct superd *superd =
		xinetd_run("%sdefaults\n{\n\tonly_from = 127.0.0.1\n%s}\n",
			   xinetd_service("early", port, xinetd_backend("-m %s lines", marks)), log_to(log));

	superd_port(superd, "early");
	expect_refused("127.0.0.2", port);
	/* Who may not come costs no start, so there is no line of one. */
	WAIT_UNTIL(count_lines(log) == 1);
	cr_expect_not_null(strstr(read_text(log), ": FAIL: early address from=127.0.0.2\n"), "%s", read_text(log));
	cr_expect_eq(count_lines(marks), 0);
	expect_served("127.0.0.1", port);
	WAIT_UNTIL(count_lines(log) == 3);
}

/* A service whose rule or limit cannot be read never runs without it, whatever revives it. */
Behaviour(xinetd_traps, enabled_revives_no_service_with_a_broken_rule)
{
	static const char *const broken[] = {
		"cps = 50",
		"instances = 1 2",
		"per_source = many",
		"only_from = 127.0.0.300",
		"access_times = 8-17",
		"no_access = 1,2,3",
		"max_load = high",
		"rlimit_as = big",
	};
	enum { BROKEN = sizeof(broken) / sizeof(broken[0]) };
	const char *const arguments[] = { keep_going, NULL };
	const struct setup setup = { .format = "xinetd", .arguments = arguments };
	const char *table = "", *enabled = "good";
	int ports[BROKEN], good = free_port();
	struct superd *superd;

	for (size_t n = 0; n < BROKEN; n++) {
		ports[n] = free_port();
		enabled = text_of("%s bad%zu", enabled, n);
		table = text_of("%s%s", table,
				xinetd_service(text_of("bad%zu", n), ports[n],
					       text_of("\t%s\n%s", broken[n], xinetd_backend("lines"))));
	}
	superd = superd_run_with(&setup, "defaults\n{\n\tenabled = %s\n}\n%s%s", enabled, table,
				 xinetd_service("good", good, xinetd_backend("lines")));
	superd_port(superd, "good");
	expect_served("127.0.0.1", good);
	for (size_t n = 0; n < BROKEN; n++)
		cr_expect_not(client_can_connect(ports[n]), "%s runs", broken[n]);
}

static void expect_only(const char *words, const char *served, const char *refused)
{
	int port = free_port();
	struct superd *superd = xinetd_run(
		"%s", xinetd_service("web", port, text_of("\tonly_from = %s\n%s", words, xinetd_backend("lines"))));

	superd_port(superd, "web");
	if (served)
		expect_served(served, port);
	if (refused)
		expect_refused(refused, port);
	superd_stop(superd);
}

Behaviour(xinetd_traps, an_empty_only_from_lets_nobody_in)
{
	expect_only("", NULL, "127.0.0.1");
}

Behaviour(xinetd_traps, zeros_at_the_end_and_factors_are_networks)
{
	expect_only("127.0.0.0", "127.0.0.9", NULL);
	expect_only("127.0.1.0", "127.0.1.9", "127.0.0.1");
	expect_only("127.0.0.{2,4}", "127.0.0.4", "127.0.0.3");
}

/* xinetd takes an IPv6 address with 128 behind it for the name of a host, which matches nobody. */
Behaviour(xinetd_traps, an_ipv6_address_with_a_length_is_a_rule)
{
	int one = free_port(), all = free_port(), none = free_port(), client;
	const char *more = xinetd_backend("lines");
	struct superd *superd;

	SKIP_WITHOUT(access("/proc/net/if_inet6", F_OK) == 0, "this machine has no IPv6");
	superd = xinetd_run(
		"%s%s%s",
		replaced(xinetd_service("one", one, text_of("only_from = ::1/128\n%s", more)), "127.0.0.1", "::1"),
		replaced(xinetd_service("all", all, text_of("only_from = ::/0\n%s", more)), "127.0.0.1", "::1"),
		replaced(xinetd_service("none", none, text_of("no_access = ::1/128\n%s", more)), "127.0.0.1", "::1"));
	wait_listening(superd, text_of("tcp:[::1]:%d", none));
	for (int n = 0; n < 2; n++) {
		client = client_connect_to("::1", n ? all : one);
		client_send(client, "hello\n");
		cr_expect_not_null(strstr(client_line(client), " hello"));
		close(client);
	}
	client = client_connect_to("::1", none);
	cr_expect(client_sees_end(client));
	close(client);
}

/* There is no client to judge before the server has accepted it: the kernel does. What it keeps out starts nothing. */
Behaviour(xinetd_traps, only_from_holds_for_a_stream_with_wait_and_nothing_spins)
{
	int port = free_port(), stranger;
	const char *marks = path_in("marks");
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root");
	superd = superd_run_with(&by_clock, "%s",
				 replaced(xinetd_service("web", port,
							 text_of("only_from = 127.0.0.1\nflags = NOLIBWRAP\n%s",
								 xinetd_backend("-m %s take 2", marks))),
					  "wait = no", "wait = yes"));
	superd_port(superd, "web");
	stranger = approach_from("127.0.0.2", port);
	clock_advance(superd, HOUR_MS);
	clock_expect_wakes(superd, HOUR_MS, 3, 0);
	cr_assert_eq(count_lines(marks), 0, "%s", world_logs());
	cr_assert_not(is_connected(stranger));
	expect_served("127.0.0.1", port);
	expect_served("127.0.0.1", port);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_expect_eq(count_lines(marks), 1);
	close(stranger);
}

/* ---- attributes ---- */

Behaviour(xinetd_traps, nameinargs_may_stand_before_or_behind_its_arguments)
{
	int before = free_port(), behind = free_port(), without = free_port();
	const char *report = text_of("\tuser = %s\n\tserver = %s/report\n", own_user(), getenv("SUPERD_TESTDIR"));
	struct superd *superd = xinetd_run(
		"%s%s%s",
		xinetd_service("before", before, text_of("%s\tflags = NAMEINARGS\n\tserver_args = called -\n", report)),
		xinetd_service("behind", behind, text_of("%s\tserver_args = called -\n\tflags = NAMEINARGS\n", report)),
		xinetd_service("without", without, text_of("%s\tserver_args = - \"a b\"\n", report)));
	struct reading reading;

	superd_port(superd, "without");
	reading_expect(reading_of(client_told_at("127.0.0.1", before)), "argv.0", "called");
	reading_expect(reading_of(client_told_at("127.0.0.1", behind)), "argv.0", "called");
	reading = reading_of(client_told_at("127.0.0.1", without));
	reading_expect(reading, "argv.0", "report");
	reading_expect(reading, "argv.2", "\"a");
	reading_expect(reading, "argv.3", "b\"");
	reading_expect(reading, "fds", "0 1 2");
	reading_expect(reading, "not_default", "");
	reading_expect(reading, "cwd", "/");
	reading_expect(reading, "umask", "0022");
	reading_expect(reading, "session_leader", "1");
}

/* An IPv4 client comes by its own address, in the environment and in the log, by whatever socket. */
Behaviour(xinetd_traps, v6only_no_serves_both_families_and_ipv4_is_ipv4)
{
	int no = free_port(), dual = free_port();
	const char *log = path_in("log"), *any = "\tbind = 127.0.0.1\n",
		   *report = text_of("\tuser = %s\n\tserver = %s/report\n\tserver_args = -\n%s", own_user(),
				     getenv("SUPERD_TESTDIR"), log_to(log));
	struct superd *superd;

	SKIP_WITHOUT(access("/proc/net/if_inet6", F_OK) == 0, "this machine has no IPv6");
	superd = xinetd_run("%s%s", replaced(xinetd_service("no", no, text_of("\tv6only = no\n%s", report)), any, ""),
			    replaced(xinetd_service("dual", dual, text_of("\tflags = IPv6\n%s", report)), any, ""));
	superd_port(superd, "dual");
	reading_expect(reading_of(client_told_at("127.0.0.1", no)), "env.REMOTE_HOST", "127.0.0.1");
	reading_expect(reading_of(client_told_at("::1", no)), "env.REMOTE_HOST", "::1");
	reading_expect(reading_of(client_told_at("127.0.0.1", dual)), "env.REMOTE_HOST", "127.0.0.1");
	reading_expect(reading_of(client_told_at("::1", dual)), "env.REMOTE_HOST", "::1");
	WAIT_UNTIL(count_lines(log) == 8);
	cr_expect_null(strstr(read_text(log), "::ffff:"), "%s", read_text(log));
}

/* The rate is one a second, whatever its number, and over it clients wait: none is refused. */
Behaviour(xinetd_traps, cps_counts_by_the_second_and_refuses_nobody)
{
	int port = free_port(), clients[3];
	const char *log = path_in("log");
	struct superd *superd = superd_run_with(
		&by_clock, "%s",
		xinetd_service("web", port, text_of("cps = 1 3600\n%s%s", log_to(log), xinetd_backend("stdio"))));

	superd_port(superd, "web");
	client_ask_pid(port);
	clock_advance(superd, 2 * SECOND_MS); /* in which nobody comes */
	client_ask_pid(port);
	clock_advance(superd, 2 * SECOND_MS);
	cr_expect_not(superd_logged(superd, "Deactivating"));
	superd_signal(superd, SIGSTOP);
	for (int n = 0; n < 3; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "hello\n");
	}
	superd_signal(superd, SIGCONT);
	superd_wait_log(superd,
			"Deactivating service web due to excessive incoming connections.  Restarting in 3600 seconds.");
	cr_expect(client_can_connect(port), "its port is closed");
	for (int n = 0; n < 3; n++) {
		CLOCK_UNTIL(superd, 30 * MINUTE_MS, 5, !client_is_quiet(clients[n], 0));
		cr_expect_not_null(strstr(client_line(clients[n]), " hello"));
		close(clients[n]);
	}
	superd_wait_log(superd, "Activating service web");
}

/* In defaults it is for redirects alone. */
Behaviour(xinetd_traps, traffic_in_defaults_disables_nobody)
{
	int port = free_port();
	const char *log = path_in("log");
	struct superd *superd = xinetd_run("defaults\n{\n\tlog_on_success = TRAFFIC HOST\n\tlog_type = FILE %s\n}\n%s",
					   log, xinetd_service("web", port, xinetd_backend("lines")));

	superd_port(superd, "web");
	expect_served("127.0.0.1", port);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_expect_not_null(strstr(read_text(log), "START: web from=127.0.0.1"));
	cr_expect_null(strstr(read_text(log), "TRAFFIC"));
}

/* The server is there at the start and gone at the first client. */
Behaviour(xinetd_traps, a_server_that_cannot_be_run_has_no_exit_of_0)
{
	int port = free_port(), client;
	const char *log = path_in("log"), *server = path_in("server");
	struct superd *superd;

	cr_assert_eq(symlink("/bin/cat", server), 0);
	superd = xinetd_run(
		"%s",
		xinetd_service("web", port, text_of("user = %s\nserver = %s\n%s", own_user(), server, log_to(log))));
	superd_port(superd, "web");
	cr_assert_eq(unlink(server), 0);
	client = client_connect(port);
	superd_wait_log(superd, "web: cannot start: ");
	superd_wait_log(superd, "No such file or directory");
	cr_expect(!read_text(log) || !strstr(read_text(log), "EXIT: web status=0"), "%s", read_text(log));
	cr_assert_eq(symlink("/bin/cat", server), 0);
	close(client);
	client = client_connect(port);
	client_send(client, "hello\n");
	cr_expect_str_eq(client_line(client), "hello");
	close(client);
}

/* Twenty tries in the first second, and then none until a reload, is what xinetd does. */
Behaviour(xinetd_traps, a_taken_port_is_tried_with_pauses_until_it_is_free)
{
	int port = free_port(), other = free_port(), taken = listen_on(port);
	struct superd *superd = superd_run_with(&by_clock, "%s%s", xinetd_service("web", port, xinetd_backend("lines")),
						xinetd_service("other", other, xinetd_backend("lines")));
	size_t tries;

	superd_port(superd, "other");
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_log_count(superd, "web: cannot listen on ") >= 10);
	clock_settle(superd);
	tries = superd_log_count(superd, "web: cannot listen on ");
	for (int n = 0; n < 10; n++)
		clock_advance(superd, SECOND_MS);
	superd_expect_count(superd, "web: cannot listen on ", tries);
	expect_served("127.0.0.1", other);
	close(taken);
	CLOCK_UNTIL(superd, MINUTE_MS, 5, superd_logged(superd, "web: listening on "));
	expect_served("127.0.0.1", port);
}

/* ---- reload and end ---- */

static int settled(int port, pid_t *pid)
{
	int client = client_connect(port);

	client_send(client, "hello\n");
	*pid = (pid_t)strtol(client_line(client), NULL, 10);
	return client;
}

static void expect_still(int client, pid_t pid)
{
	client_send(client, "still there\n");
	cr_expect_str_eq(client_line(client), text_of("%d still there", pid));
}

Behaviour(xinetd_traps, a_reload_kills_no_session)
{
	int gone = free_port(), moved = free_port(), changed = free_port(), to = free_port(), clients[4];
	const char *lines = xinetd_backend("lines");
	struct superd *superd =
		xinetd_run("%s%s%s", xinetd_service("gone", gone, lines), xinetd_service("moved", moved, lines),
			   xinetd_service("changed", changed, lines));
	pid_t pids[4];

	superd_port(superd, "changed");
	clients[0] = settled(gone, &pids[0]);
	clients[1] = settled(moved, &pids[1]);
	clients[2] = settled(changed, &pids[2]);
	clients[3] = settled(changed, &pids[3]);
	/* Two where one may be: the surplus is not killed, but nobody else comes in. */
	cr_assert(superd_reload(superd, "%s%s", xinetd_service("moved", to, lines),
				xinetd_service("changed", changed, text_of("\tinstances = 1\n%s", lines))));
	WAIT_UNTIL(!client_can_connect(gone) && !client_can_connect(moved));
	expect_refused("127.0.0.1", changed);
	expect_served("127.0.0.1", to);
	cr_assert(superd_reload(superd, "%s",
				replaced(xinetd_service("changed", changed, xinetd_backend("take 1")), "wait = no",
					 "wait = yes\nflags = NOLIBWRAP")));
	for (int n = 0; n < 4; n++) {
		expect_still(clients[n], pids[n]);
		close(clients[n]);
	}
	expect_served("127.0.0.1", changed);
}

Behaviour(xinetd_traps, a_stop_ends_servers_with_their_sessions)
{
	int port = free_port(), client;
	struct superd *superd = xinetd_run("%s", xinetd_service("web", port, xinetd_backend("lines")));
	pid_t pid;

	superd_port(superd, "web");
	client = settled(port, &pid);
	superd_stop(superd);
	cr_expect_not(process_lives(pid));
	cr_expect(client_sees_end(client));
	close(client);
}

Behaviour(xinetd_traps, a_broken_table_at_a_reload_changes_nothing)
{
	int port = free_port();
	const char *service = xinetd_service("web", port, xinetd_backend("lines"));
	struct superd *superd = xinetd_run("%s", service);

	superd_port(superd, "web");
	cr_expect_not(superd_reload(superd, "%sdefaults\n{\n\tonly_from = 1.2.3.4.5\n}\n", service));
	expect_served("127.0.0.1", port);
	cr_expect_not(superd_reload(superd, "%s", replaced(service, "socket_type", "socket_typo")));
	expect_served("127.0.0.1", port);
}

/* superd's own services go on with a datagram socket for a while; they are over when the table says so, not when nobody
 * asks them any more. */
static const char *datagram_service(int port, const char *lines)
{
	return text_of("service echo\n{\n\ttype = UNLISTED %s\n\tsocket_type = dgram\n\tprotocol = udp\n\tport = %d\n"
		       "\tbind = 127.0.0.1\n\twait = yes\n\tflags = NOLIBWRAP\n\tuser = %s\n%s}\n",
		       lines ? "" : "INTERNAL", port, own_user(), lines ? lines : "");
}

static const char *program(const char *arguments)
{
	return text_of("\tserver = %s/backend\n\tserver_args = %s\n", getenv("SUPERD_TESTDIR"), arguments);
}

/* What a datagram is answered; "" is nothing. */
static const char *heard(struct superd *superd, int client)
{
	struct pollfd polled = { .fd = client, .events = POLLIN };
	char text[64] = "";

	(void)!send(client, "x", 1, MSG_NOSIGNAL); /* it fails while nobody listens, which is an answer, too */
	clock_settle(superd);
	if (poll(&polled, 1, 0) > 0 && recv(client, text, sizeof(text) - 1, 0) < 0)
		return "";
	return text_of("%s", text);
}

BehaviourOfUsers(xinetd_traps, an_internal_service_of_datagrams_ends_with_its_entry)
{
	int port = free_port(), other = free_port(), client;
	const char *more = xinetd_service("other", other, xinetd_backend("lines"));
	struct superd *superd = superd_run_with(&by_clock, "%s%s", datagram_service(port, NULL), more);

	superd_port(superd, "echo");
	client = datagram_client(port);
	cr_assert_str_eq(datagram_ask(client, "hello"), "hello");
	cr_assert(superd_reload(superd, "%s%s", datagram_service(port, program("datagram")), more));
	WAIT_UNTIL(strstr(heard(superd, client), " x"));
	cr_assert(superd_reload(superd, "%s%s", datagram_service(port, NULL), more));
	WAIT_UNTIL(strcmp(heard(superd, client), "x") == 0);
	cr_assert(superd_reload(superd, "%s", more));
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_expect_str_eq(heard(superd, client), "");
	close(client);
}

/* ---- redirect ---- */

/* sort answers when its input has ended: the end of what a client says must reach it, and its answer the client. */
Behaviour(xinetd_traps, who_ends_its_half_of_a_redirect_gets_the_answer)
{
	int target = free_port(), port = free_port(), client;
	const char *log = path_in("log");
	struct superd *superd = xinetd_run(
		"%s%s", xinetd_service("target", target, text_of("user = %s\nserver = /usr/bin/sort\n", own_user())),
		xinetd_service(
			"web", port,
			text_of("user = %s\nredirect = 127.0.0.1 %d\nlog_type = FILE %s\nlog_on_success = TRAFFIC\n",
				own_user(), target, log)));

	superd_port(superd, "web");
	client = client_connect(port);
	client_send(client, "b\na\n");
	cr_assert_eq(shutdown(client, SHUT_WR), 0);
	cr_expect_str_eq(client_rest(client), "a\nb\n");
	close(client);
	WAIT_UNTIL(read_text(log) && strstr(read_text(log), ": TRAFFIC: web in=4(bytes) out=4(bytes)\n"));
}

/* ---- tcpmux ---- */

static const char *mux_service(int port)
{
	return text_of(
		"service tcpmux\n{\n\ttype = INTERNAL UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = %d\n"
		"\tbind = 127.0.0.1\n\twait = no\n\tuser = %s\n}\n",
		port, own_user());
}

static const char *behind_mux(const char *name, const char *type, const char *lines)
{
	return text_of(
		"service %s\n{\n\ttype = %s UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\twait = no\n%s}\n",
		name, type, lines);
}

/* Each piece is read before the next is sent. */
static int say_in_pieces(struct superd *superd, int port, const char *const *pieces)
{
	int client = client_connect(port);

	cr_assert_eq(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int)), 0);
	for (; *pieces; pieces++) {
		client_send(client, *pieces);
		clock_settle(superd);
	}
	return client;
}

static void expect_mux(struct superd *superd, int port, const char *const *pieces, const char *answer)
{
	int client = say_in_pieces(superd, port, pieces);

	shutdown(client, SHUT_WR);
	cr_expect_str_eq(client_rest(client), answer);
	close(client);
}

#define PIECES(...) ((const char *const[]){ __VA_ARGS__, NULL })

BehaviourOfUsers(xinetd_traps, a_name_for_tcpmux_comes_in_pieces_and_what_follows_is_the_services)
{
	int port = free_port(), apart = free_port();
	const char *cat = text_of("\tuser = %s\n\tserver = /bin/cat\n", own_user());
	const char *id = "\tuser = nobody\n\tserver = /usr/bin/id\n\tserver_args = -un\n";
	struct superd *superd =
		superd_run_with(&by_clock, "%s%s%s%s%s", mux_service(port), behind_mux("plus", "TCPMUXPLUS", cat),
				behind_mux("plain", "TCPMUX", cat), xinetd_service("apart", apart, cat),
				geteuid() == 0 ? behind_mux("who", "TCPMUX", id) : "");

	superd_port(superd, "tcpmux");
	superd_port(superd, "apart");
	expect_mux(superd, port, PIECES("plus\r\nhello\n"), "+Go\r\nhello\n");
	expect_mux(superd, port, PIECES("p", "l", "u", "s\r", "\nhel", "lo\n"), "+Go\r\nhello\n");
	expect_mux(superd, port, PIECES("PLUS\nhello\n"), "+Go\r\nhello\n");
	expect_mux(superd, port, PIECES("plain", "\r\n", "hello\n"), "hello\n");
	if (geteuid() == 0)
		expect_mux(superd, port, PIECES("who\n"), "nobody\n");
	/* A service with a port of its own is not there by name. */
	expect_mux(superd, port, PIECES("apart\r\n"), "-Service not available\r\n");
	expect_mux(superd, port, PIECES("nothing\r\n"), "-Service not available\r\n");
}
