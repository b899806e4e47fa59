/* Who only looks whether somebody is there: probe_from, and defer_accept. Probes come from 127.0.0.2 and 127.0.0.3
 * here, clients from 127.0.0.1. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"
#include "load.h"
#include "superctl.h"

#define PROBED                                         \
	"service web {\n listen = \"%s\"\n exec = \"%s\"\n" \
	" probe_from = { \"127.0.0.2\", \"127.0.0.3\" }\n %s\n}\n"

#define FROZEN "is frozen until a client connects"

enum {
	CROWD_MS = 15000, /* of a crowd on a busy machine */
};

/* Connects and is closed at once. */
static void probe(int port)
{
	int fd = client_connect_from("127.0.0.2", port);

	cr_assert(client_sees_end(fd));
	close(fd);
}

/* Connects and resets its connection, as some load balancers do. */
static void probe_hard(int port)
{
	const struct linger hard = { .l_onoff = 1 };
	int fd = client_connect_from("127.0.0.3", port);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(fd);
}

static void stand_still(struct superd *superd)
{
	superd_signal(superd, SIGSTOP);
	WAIT_UNTIL(process_is_stopped(superd_itself(superd)));
}

static void pass_hours(struct superd *superd)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
}

/* How many superd says it has closed. */
static bool has_closed(struct superd *superd, unsigned number)
{
	superd_signal(superd, SIGUSR1);
	return superd_logged(superd, text_of("\"probes\":%u,", number));
}

static void expect_no_start(const char *listen)
{
	struct superd *superd = superd_run(PROBED, listen, backend("talk"), "");
	int port = superd_port(superd, "web");
	size_t descriptors = superd_fd_count(superd);

	for (int n = 0; n < 5; n++)
		probe(port);
	probe_hard(port);
	WAIT_UNTIL(has_closed(superd, 6));
	cr_assert_not(superd_logged(superd, "web: started"));
	superd_expect_fds(superd, descriptors);
	cr_assert_gt(client_ask_pid(port), 0);
	superd_wait_log(superd, "web: started");
	superd_expect_count(superd, "web: started", 1);
	superd_stop(superd);
}

Behaviour(probes, start_nothing_and_the_next_client_does)
{
	expect_no_start("127.0.0.1:0");
}

Behaviour(probes, are_known_where_IPv4_comes_mapped)
{
	expect_no_start("0");
}

Behaviour(probes, leave_no_line_above_debug)
{
	struct superd *superd = clock_run(PROBED, "127.0.0.1:0", backend("talk"), "");
	int port = superd_port(superd, "web");
	size_t lines = count_lines(superd->log);

	probe(port);
	probe(port);
	pass_hours(superd);
	cr_assert_eq(count_lines(superd->log), lines, "%s", world_logs());
	WAIT_UNTIL(has_closed(superd, 2));
}

Behaviour(probes, that_waited_together_are_taken_away_together)
{
	struct superd *superd = superd_run(PROBED, "127.0.0.1:0", backend("talk"), "");
	int port = superd_port(superd, "web"), probes[20];

	stand_still(superd);
	for (int n = 0; n < 20; n++) {
		probes[n] = client_connect_from("127.0.0.2", port);
		probe_hard(port);
	}
	superd_signal(superd, SIGCONT);
	for (int n = 0; n < 20; n++) {
		cr_assert(client_sees_end(probes[n]));
		close(probes[n]);
	}
	WAIT_UNTIL(has_closed(superd, 40));
	cr_assert_not(superd_logged(superd, "web: started"));
}

Behaviour(probes, do_not_hide_a_client_among_them)
{
	struct superd *superd = superd_run(PROBED, "127.0.0.1:0", backend("talk"), "");
	int port = superd_port(superd, "web"), probes[10], client = -1;

	stand_still(superd);
	for (int n = 0; n < 10; n++) {
		probes[n] = client_connect_from("127.0.0.2", port);
		if (n == 5)
			client = client_connect(port);
	}
	superd_signal(superd, SIGCONT);
	client_send(client, "here\n");
	cr_assert_not_null(strstr(client_line(client), " here"));
	for (int n = 0; n < 10; n++)
		close(probes[n]);
	close(client);
}

/* Clients come among probes, no faster than they are got rid of. A busy machine serves fewer of them. */
static void expect_none_lost(struct superd *superd, void (*probe_once)(int port, const struct load *load))
{
	struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 4 };
	size_t enough = running_sanitized() ? 40 : 400;
	long long until = now_ms() + CROWD_MS;
	struct load *load = load_start(&plan);
	struct tally tally;

	while (load_progress(load) < enough && now_ms() < until)
		probe_once(plan.port, load);
	tally = load_stop(load);
	tally_expect_all_served(&tally);
	superd_stop(superd);
}

static void wait_for_next(const struct load *load)
{
	size_t served = load_progress(load);

	for (long long until = now_ms() + 50; load_progress(load) == served && now_ms() < until;)
		pause_a_moment();
}

static void probe_for_a_while(int port, const struct load *load)
{
	int fd = client_connect_from("127.0.0.2", port);

	wait_for_next(load);
	close(fd);
}

/* A backend that ends after each client, so that superd looks at the queue again and again. */
Behaviour(probes, lose_no_client_who_comes_with_them)
{
	expect_none_lost(superd_run(PROBED, "127.0.0.1:0", backend("take 1"),
				    "backoff_min = 10ms\n backoff_max = 50ms"),
			 probe_for_a_while);
}

/* They come more often than idle_timeout, and one stays. */
static void expect_no_stay(const char *action, const char *text)
{
	struct superd *superd = clock_run(PROBED, "127.0.0.1:0", backend("talk"),
					  text_of("idle_timeout = 5min\n idle_action = %s", action));
	int port = superd_port(superd, "web"), stays;

	client_ask_pid(port);
	stays = client_connect_from("127.0.0.2", port);
	client_send(stays, "here\n");
	client_line(stays);
	CLOCK_UNTIL(superd, MINUTE_MS, 20,
		    (close(client_connect_from("127.0.0.3", port)), superd_logged(superd, text)));
	close(stays);
	superd_stop(superd);
}

Behaviour(probes, keep_nobody_from_being_stopped)
{
	expect_no_stay("stop", "web: stopping pid ");
}

Behaviour(probes, keep_nobody_from_being_frozen)
{
	expect_no_stay("freeze", "is frozen until a client connects");
}

Behaviour(probes, do_not_wake_who_is_frozen)
{
	struct superd *superd =
		clock_run(PROBED, "127.0.0.1:0", backend("talk"), "idle_timeout = 5min\n idle_action = freeze");
	int port = superd_port(superd, "web");
	long pid = client_ask_pid(port);

	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, FROZEN));
	for (int n = 0; n < 5; n++)
		probe(port);
	pass_hours(superd);
	cr_assert_not(superd_logged(superd, "thawed after"), "%s", world_logs());
	cr_assert_eq(client_ask_pid(port), pid);
	superd_wait_log(superd, "thawed after");
}

/* A probe that the backend has taken while it was awake. */
Behaviour(probes, that_stay_do_not_wake_who_is_frozen_by_what_they_say)
{
	struct superd *superd =
		clock_run(PROBED, "127.0.0.1:0", backend("talk"), "idle_timeout = 5min\n idle_action = freeze");
	int port = superd_port(superd, "web"), stays;
	long pid = client_ask_pid(port);

	stays = client_connect_from("127.0.0.2", port);
	client_send(stays, "here\n");
	client_line(stays);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, FROZEN));
	client_send(stays, "are you well?\n");
	shutdown(stays, SHUT_WR);
	pass_hours(superd);
	cr_assert_not(superd_logged(superd, "thawed after"), "%s", world_logs());
	cr_assert_eq(client_ask_pid(port), pid);
	cr_assert_not_null(strstr(client_line(stays), "are you well?"));
	close(stays);
}

Behaviour(probes, are_closed_where_superd_accepts)
{
	struct superd *superd = superd_run("service each { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\" "
					   "probe_from = \"127.0.0.2\" only_from = \"127.0.0.1\" instances = 1 "
					   "banner = \"%s\" }", write_file("banner", "hello\n"));
	int port = superd_port(superd, "each"), client;
	size_t lines = count_lines(superd->log);

	for (int n = 0; n < 5; n++)
		probe(port);
	cr_assert_eq(count_lines(superd->log), lines);
	client = client_connect(port);
	cr_assert_str_eq(client_line(client), "hello");
	close(client);
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "\"probes\":5,");
	cr_expect(superd_logged(superd, "\"accepted\":1,") && superd_logged(superd, "\"refused\":{}"));
}

Behaviour(probes, are_as_a_reload_says)
{
	struct superd *superd = clock_run(PROBED, "127.0.0.1:0", backend("talk"), "idle_timeout = 5min");
	int port = superd_port(superd, "web"), client;

	probe(port);
	cr_assert(superd_reload(superd, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" idle_timeout = 5min }",
				backend("talk")));
	client = client_connect_from("127.0.0.2", port);
	client_send(client, "here\n");
	client_line(client);
	pass_hours(superd);
	cr_assert_not(superd_logged(superd, "stopping pid "), "%s", world_logs());
	cr_assert(superd_reload(superd, PROBED, "127.0.0.1:0", backend("talk"), "idle_timeout = 5min"));
	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_logged(superd, "stopping pid "));
	close(client);
}

Behaviour(probes, leave_a_web_server_in_peace)
{
	struct superd *superd;
	int port, client;

	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0, "there is no python3 here");
	superd = clock_run(PROBED, "127.0.0.1:0", text_of("/usr/bin/python3 '%s'", example("http-server.py")),
			   "idle_timeout = 5min");
	port = superd_port(superd, "web");
	for (size_t round = 0; round < 2; round++) {
		probe(port);
		probe_hard(port);
		client = client_connect(port);
		client_send(client, "GET / HTTP/1.0\r\n\r\n");
		cr_assert_eq(strncmp(client_line(client), "HTTP/1.", 7), 0);
		close(client);
		CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_log_count(superd, "web: stopping pid ") > round);
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
	superd_expect_count(superd, "web: started", 2);
}

Behaviour(probes, may_not_be_names)
{
	const char *table = write_file("names", "service web { listen = \"80\" exec = \"/bin/true\" user = \"%s\" "
				       "probe_from = { \"192.0.2.1\", \".example.org\" } }\n", own_user());
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", table);

	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "probe_from: '.example.org' is a name"), "%s", outcome.err);
}

Behaviour(defer_accept, who_says_nothing_starts_nothing_until_it_speaks)
{
	struct superd *superd =
		clock_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" defer_accept = 1h }", backend("talk"));
	int client = client_connect(superd_port(superd, "web"));

	pass_hours(superd);
	cr_assert_not(superd_logged(superd, "web: started"), "%s", world_logs());
	client_send(client, "here\n");
	cr_assert_not_null(strstr(client_line(client), " here"));
	close(client);
}

Behaviour(defer_accept, and_until_the_time_is_over)
{
	struct superd *superd = superd_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" defer_accept = 1s }",
					   backend("talk"));
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started");
	close(client);
}

Behaviour(defer_accept, or_until_it_closes)
{
	struct superd *superd =
		clock_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" defer_accept = 1h }", backend("talk"));
	int client = client_connect(superd_port(superd, "web"));

	pass_hours(superd);
	cr_assert_not(superd_logged(superd, "web: started"), "%s", world_logs());
	close(client);
	superd_wait_log(superd, "web: started");
}
