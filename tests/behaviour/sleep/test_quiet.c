/* idle_when = quiet: backends sleep beneath connections at which nothing moves, and go on with the next byte, or the
 * end, of any of them. How long nothing has moved is measured by the kernel, with the machine's clock, so superd sleeps
 * after short times here; and a test that nothing happens asks the kernel whether that time is over, and then moves
 * superd's own clock on. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define QUIET                                                                             \
	"service web {\n listen = \"%s\"\n exec = \"%s\"\n idle_timeout = %s\n"           \
	" idle_action = freeze\n idle_when = quiet\n}\n"
#define SLEEPS "is frozen until a client connects"

static long ask(int client, const char *question)
{
	const char *answer;

	client_send(client, text_of("%s\n", question));
	answer = client_line(client);
	cr_assert(strstr(answer, question), "'%s'", answer);
	return strtol(answer, NULL, 10);
}

static struct tcp_info tcp_of(int client)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	cr_assert_eq(getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	return info;
}

static bool is_silent_for(int client, unsigned milliseconds)
{
	struct tcp_info info = tcp_of(client);

	return info.tcpi_last_data_sent >= milliseconds && info.tcpi_last_data_recv >= milliseconds;
}

static void pass_hours(struct superd *superd)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
}

Behaviour(quiet, a_connection_that_stays_sleeps_with_its_backend_and_wakes_it)
{
	struct superd *superd = superd_run(QUIET, "127.0.0.1:0", backend("talk"), "500ms");
	int client = client_connect(superd_port(superd, "web"));
	long first = ask(client, "one");

	for (int n = 0; n < 2; n++) {
		superd_wait_log(superd, SLEEPS);
		cr_assert_eq(ask(client, text_of("again %d", n)), first);
		superd_wait_log(superd, "thawed after");
	}
	superd_expect_count(superd, "web: started", 1);
	close(client);
}

/* On a machine that stands still for a second it is not used in time. */
Behaviour(quiet, a_connection_that_is_used_keeps_awake)
{
	struct superd *superd = superd_run(QUIET, "127.0.0.1:0", backend("talk"), "1s");
	int port = superd_port(superd, "web"), client = client_connect(port), quiet = client_connect(port);

	ask(quiet, "nothing more");
	while (!is_silent_for(quiet, 3000)) {
		ask(client, "here");
		cr_assert_not(superd_logged(superd, SLEEPS), "%s", world_logs());
		pause_a_moment();
	}
	superd_wait_log(superd, SLEEPS);
	close(client);
	close(quiet);
}

Behaviour(quiet, another_client_wakes_it_too)
{
	struct superd *superd = superd_run(QUIET, "127.0.0.1:0", backend("talk"), "500ms");
	int port = superd_port(superd, "web"), client = client_connect(port);
	long first = ask(client, "one");

	superd_wait_log(superd, SLEEPS);
	cr_assert_eq(client_ask_pid(port), first);
	cr_assert_eq(ask(client, "two"), first);
	close(client);
}

/* idle_unless is asked in between. */
Behaviour(quiet, a_connection_that_is_used_before_the_last_look_keeps_awake)
{
	const char *asked = path_in("asked"), *answer = path_in("answer");
	struct superd *superd = superd_run(
		"service web { listen = \"127.0.0.1:0\" exec = \"%s\" idle_timeout = 2s idle_action = freeze "
		"idle_when = quiet "
		"idle_unless = \"/bin/sh -c 'echo >%s; until test -e %s; do sleep 0.01; done; exit 1'\" }",
		backend("talk"), asked, answer);
	int client = client_connect(superd_port(superd, "web"));

	ask(client, "one");
	WAIT_UNTIL(access(asked, F_OK) == 0);
	ask(client, "two");
	write_file("answer", "%s", "");
	superd_wait_log(superd, SLEEPS);
	cr_expect(is_silent_for(client, 1900), "%s", world_logs());
	close(client);
}

static void expect_wake_by_end(bool hard)
{
	const struct linger linger = { .l_onoff = 1 };
	struct superd *superd = superd_run(QUIET, "127.0.0.1:0", backend("talk"), "500ms");
	int client = client_connect(superd_port(superd, "web"));

	ask(client, "one");
	superd_wait_log(superd, SLEEPS);
	if (hard)
		setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(client);
	superd_wait_log(superd, "thawed after");
	WAIT_UNTIL(superd_processes(superd) == 1);      /* the one of that client has seen it */
	superd_wait_log(superd, SLEEPS);
	superd_stop(superd);
}

Behaviour(quiet, the_end_of_a_connection_wakes_it)
{
	expect_wake_by_end(false);
}

Behaviour(quiet, a_reset_does_too)
{
	expect_wake_by_end(true);
}

Behaviour(quiet, probes_of_keep_alive_are_the_kernels_business)
{
	struct superd *superd = clock_run(QUIET, "127.0.0.1:0", backend("talk"), "500ms");
	int client = client_connect(superd_port(superd, "web")), on = 1;
	unsigned sent;

	setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &on, sizeof(on));
	setsockopt(client, IPPROTO_TCP, TCP_KEEPINTVL, &on, sizeof(on));
	ask(client, "one");
	superd_wait_log(superd, SLEEPS);
	sent = tcp_of(client).tcpi_segs_out;
	WAIT_UNTIL(tcp_of(client).tcpi_segs_out >= sent + 2);
	clock_settle(superd);
	cr_assert_not(superd_logged(superd, "thawed after"), "%s", world_logs());
	ask(client, "two");
	close(client);
}

Behaviour(quiet, a_byte_that_nobody_has_read_is_not_quiet)
{
	struct superd *superd = clock_run(QUIET, "127.0.0.1:0", backend("hold"), "300ms");
	int port = superd_port(superd, "web"), client = client_connect(port);

	superd_wait_log(superd, "web: started");
	superd_wait_log(superd, SLEEPS);
	client_send(client, "is anybody there?\n");
	superd_wait_log(superd, "thawed after");
	WAIT_UNTIL(is_silent_for(client, 1000));
	pass_hours(superd);
	superd_expect_count(superd, SLEEPS, 1);
	close(client);
}

Behaviour(quiet, connections_of_unix_sockets_count_as_ever)
{
	const char *path = path_in("web.sock");
	struct superd *superd = clock_run("service web { listen = { \"127.0.0.1:0\", \"%s\" } exec = \"%s\" "
					  "idle_timeout = 5min idle_action = freeze idle_when = quiet }",
					  path, backend("talk"));
	int client;

	wait_node(path);
	client = client_connect_unix(path, SOCK_STREAM);
	ask(client, "one");
	pass_hours(superd);
	cr_assert_not(superd_logged(superd, SLEEPS), "%s", world_logs());
	close(client);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, SLEEPS));
}

/* More of them than superd ever had copies of. */
Behaviour(quiet, each_of_a_crowd_wakes_it)
{
	enum { CROWD = 700 };
	struct rlimit files = { 4096, 4096 };
	struct superd *superd;
	int clients[CROWD], port;
	long first = 0;
	size_t thaws;

	SKIP_WITHOUT(setrlimit(RLIMIT_NOFILE, &files) == 0 && !running_sanitized(), "needs many descriptors");
	superd = clock_run(QUIET, "127.0.0.1:0", backend("crowd"), "1s");
	port = superd_port(superd, "web");
	for (int n = 0; n < CROWD; n++) {
		clients[n] = client_connect(port);
		first = ask(clients[n], "here");
	}
	WAIT_UNTIL(superd_log_count(superd, SLEEPS) > superd_log_count(superd, "thawed after"));
	thaws = superd_log_count(superd, "thawed after");
	pass_hours(superd);
	superd_expect_count(superd, "thawed after", thaws);
	cr_assert_eq(ask(clients[CROWD - 1], "the last"), first);
	WAIT_UNTIL(superd_log_count(superd, SLEEPS) > thaws + 1);
	cr_assert_eq(ask(clients[0], "the first"), first);
	for (int n = 0; n < CROWD; n++)
		close(clients[n]);
}

Behaviour(quiet, no_request_is_lost_in_the_moment_of_freezing)
{
	struct superd *superd = superd_run(QUIET, "127.0.0.1:0", backend("talk"), "100ms");
	int client = client_connect(superd_port(superd, "web"));
	unsigned seed = (unsigned)now_ms();

	cr_log_info("seed %u", seed);
	srand(seed);
	ask(client, "one");
	for (int n = 0; n < 80; n++) {
		for (long long until = now_ms() + 95 + rand() % 40; now_ms() < until;)
			usleep(200);
		ask(client, text_of("%d", n));
	}
	close(client);
}

Behaviour(quiet, superctl_tells_since_when)
{
	struct superd *superd = controlled_run(QUIET, "127.0.0.1:0", backend("talk"), "500ms");
	int client = client_connect(superd_port(superd, "web"));
	const char *why;

	ask(client, "one");
	superd_wait_log(superd, SLEEPS);
	why = why_of("web");
	cr_expect(strstr(why, "; nothing has moved for "), "%s", why);
	cr_expect_str_eq(control_value(control_once("status web"), "means"), "quiet");
	cr_expect_str_eq(control_value(control_once("status web"), "connections"), "1");
	close(client);
}

Behaviour(quiet, superctl_tells_what_it_waits_for_from_the_start)
{
	struct superd *superd = controlled_run(QUIET, "127.0.0.1:0", backend("talk"), "1h");
	int client = client_connect(superd_port(superd, "web"));
	const char *why;

	ask(client, "one");
	why = why_of("web");
	cr_expect(strstr(why, "; data has moved lately; superd will freeze it after 1 h without any data"),
		  "%s", why);
	close(client);
}

Behaviour(quiet, a_reload_has_it_mean_what_it_says)
{
	struct superd *superd = clock_run(QUIET, "127.0.0.1:0", backend("talk"), "300ms");
	const char *table = replaced(read_text(superd->table), "127.0.0.1:0",
				     text_of("127.0.0.1:%d", superd_port(superd, "web")));
	int client;

	cr_assert(superd_reload(superd, "%s", replaced(table, "= quiet", "= closed")));
	client = client_connect(superd_port(superd, "web"));
	ask(client, "one");
	WAIT_UNTIL(is_silent_for(client, 1000));
	pass_hours(superd);
	cr_assert_not(superd_logged(superd, SLEEPS), "%s", world_logs());
	cr_assert(superd_reload(superd, "%s", table));
	superd_wait_log(superd, SLEEPS);
	ask(client, "two");
	close(client);
}

Behaviour(quiet, it_sleeps_on_over_an_upgrade)
{
	struct superd *superd = superd_run(QUIET, "127.0.0.1:0", backend("talk"), "500ms");
	int client = client_connect(superd_port(superd, "web"));
	long first = ask(client, "one");

	superd_wait_log(superd, SLEEPS);
	superd_upgrade(superd);
	superd_wait_log(superd, SLEEPS);
	cr_assert_eq(ask(client, "two"), first);
	close(client);
}
