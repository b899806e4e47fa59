/* The gate: who may come to a service, how many and how fast. What is hard to get right is the other side of each rule:
 * who may come comes whatever others do, nobody is lost over a rest, and no count stays up. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <time.h>

#include "controlling.h"
#include "harness.h"
#include "namespace.h"
#include "private.h"

static const char each[] = "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n%s\n}\n";
static const char each_at[] = "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"%s\"\n%s\n}\n";
static const char handed[] = "service handed {\n listen = \"%s\"\n exec = \"%s\"\n%s\n}\n";

static void expect_served(const char *from, int port)
{
	close(client_settle(client_connect_from(from, port)));
}

static void expect_refused(const char *from, int port)
{
	int client = client_connect_from(from, port);

	cr_assert(client_sees_end(client), "%s was served\n%s", from, world_logs());
	close(client);
}

/* Clients who come while superd does not look, so that the time between them counts for no rate. */
static void connect_at_once(struct superd *superd, int port, int *clients, int count)
{
	superd_signal(superd, SIGSTOP);
	for (int n = 0; n < count; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], text_of("client %d\n", n));
	}
	superd_signal(superd, SIGCONT);
}

static void expect_answer(int client, int n)
{
	cr_assert_not_null(strstr(client_line(client), text_of(" client %d", n)), "%s", world_logs());
	close(client);
}

static int datagram_from(const char *from, int port)
{
	struct sockaddr_in own = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert(fd >= 0 && inet_pton(AF_INET, from, &own.sin_addr) == 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

Behaviour(access, only_the_addresses_of_only_from_come)
{
	struct superd *superd = superd_run(each, backend("lines"),
					   "only_from = { \"127.0.0.1\", \"127.0.1.0/24\" }\n"
					   "no_access = { \"127.0.1.7\" }");
	int port = superd_port(superd, "each");

	expect_served("127.0.0.1", port);
	expect_refused("127.0.0.2", port);
	superd_wait_log(superd, "each: refused 127.0.0.2: address not allowed (only_from, no_access)");
	expect_served("127.0.1.6", port);
	expect_refused("127.0.1.7", port);
}

Behaviour(access, a_rule_changes_by_a_reload_for_the_next_client)
{
	int port = free_port(), first;
	struct superd *superd = superd_run(each_at, port, backend("lines"), "only_from = \"127.0.0.1\"");

	first = client_settle(client_connect(superd_port(superd, "each")));
	expect_refused("127.0.0.2", port);
	cr_assert(superd_reload(superd, each_at, port, backend("lines"), "only_from = \"127.0.0.2\""));
	expect_served("127.0.0.2", port);
	expect_refused("127.0.0.1", port);
	client_settle(first);
	close(first);
}

/* The zone makes the test's hour: with it, now is always some minutes past noon. */
static const char *zone_of_noon(void)
{
	static char zone[32];
	time_t now = time(NULL);
	long seconds = now % 86400 - 12 * 3600 - 300;

	snprintf(zone, sizeof(zone), "TZ=TST%s%02ld:%02ld:%02ld", seconds < 0 ? "-" : "", labs(seconds) / 3600,
		 labs(seconds) / 60 % 60, labs(seconds) % 60);
	return zone;
}

static struct superd *run_at_noon(const char *options)
{
	const char *const environment[] = { zone_of_noon(), NULL };
	const struct setup setup = { .environment = environment };

	return superd_run_with(&setup, each, backend("lines"), options);
}

Behaviour(access, clients_come_at_their_time_of_day_by_local_time)
{
	struct superd *superd = run_at_noon("access_times = { \"08:00-10:00\", \"12:00-13:00\" }");

	expect_served("127.0.0.1", superd_port(superd, "each"));
	superd_stop(superd);
	superd = run_at_noon("access_times = \"23:00-11:00\"");
	expect_refused("127.0.0.1", superd_port(superd, "each"));
	superd_wait_log(superd, "each: refused 127.0.0.1: not at this time of day (access_times)");
	superd_stop(superd);
	superd = run_at_noon("access_times = \"23:00-12:59\"");
	expect_served("127.0.0.1", superd_port(superd, "each"));
}

Behaviour(access, clients_are_refused_while_the_machine_is_loaded)
{
	struct superd *superd = superd_run(each, backend("lines"), "max_load = 0.001");
	double load;
	bool loaded;
	int client;

	cr_assert_eq(getloadavg(&load, 1), 1);
	loaded = load >= 0.001;
	client = client_connect(superd_port(superd, "each"));
	client_send(client, "hello\n");
	if (loaded) {
		cr_assert(client_sees_end(client));
		superd_wait_log(superd, "each: refused 127.0.0.1: the machine's load is too high (max_load)");
	} else {
		cr_assert_not_null(strstr(client_line(client), " hello"));
	}
	close(client);
	superd_stop(superd);
	superd = superd_run(each, backend("lines"), "max_load = 100000");
	expect_served("127.0.0.1", superd_port(superd, "each"));
}

Behaviour(access, one_source_has_only_so_many_connections_a_minute)
{
	struct superd *superd = superd_run(each, backend("lines"), "per_source_cpm = 3");
	int port = superd_port(superd, "each");

	for (int n = 0; n < 3; n++)
		expect_served("127.0.0.2", port);
	expect_refused("127.0.0.2", port);
	superd_wait_log(superd, "refused 127.0.0.2: each from 127.0.0.2 exceeded counts/min (limit 3/min)");
	expect_served("127.0.0.3", port);
}

/* Twelve clients at once where three a second may come: all are answered, in four goes with three rests. */
Behaviour(access, nobody_is_lost_over_a_rest_by_cps)
{
	struct superd *superd = clock_run(each, backend("stdio"), "cps = { 3, 3600 }");
	int port = superd_port(superd, "each"), clients[12];
	size_t descriptors = superd_fd_count(superd), rests = 0;

	connect_at_once(superd, port, clients, 12);
	for (int n = 0; n < 12; n++) {
		if (client_is_quiet(clients[n], 0))
			clock_settle(superd); /* who is let in has been answered then */
		if (client_is_quiet(clients[n], 0)) {
			superd_wait_log(superd,
					"\nDeactivating service each due to excessive incoming connections.  "
					"Restarting in 3600 seconds.");
			clock_advance(superd, 59 * MINUTE_MS);
			cr_assert(client_is_quiet(clients[n], 0), "%s", world_logs());
			clock_advance(superd, 2 * MINUTE_MS);
			superd_wait_log(superd, "\nActivating service each");
			rests++;
		}
		expect_answer(clients[n], n);
	}
	clock_advance(superd, HOUR_MS);
	/* Fewer if the machine stood still meanwhile. */
	cr_assert(rests > 0 && rests <= 3, "%zu", rests);
	cr_assert_eq(superd_log_count(superd, "Deactivating service each"), rests);
	cr_assert_eq(superd_log_count(superd, "Activating service each"), rests);
	cr_assert_eq(superd_log_count(superd, "refused"), 0);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert_leq(superd_fd_count(superd), descriptors + 8, "what starts need, the log's pipe, and its reader's");
}

Behaviour(access, cps_lets_as_many_in_as_it_says_and_rests_only_for_one_more)
{
	int port = free_port(), clients[3];
	struct superd *superd = clock_run(each_at, port, backend("lines"), "cps = { 2, 3600 }");

	superd_port(superd, "each");
	connect_at_once(superd, port, clients, 2);
	for (int n = 0; n < 2; n++)
		expect_answer(clients[n], n);
	clock_advance(superd, 2 * SECOND_MS);
	cr_assert_not(superd_logged(superd, "Deactivating"), "%s", world_logs());
	connect_at_once(superd, port, clients, 3);
	for (int n = 0; n < 2; n++)
		expect_answer(clients[n], n);
	superd_wait_log(superd, "Deactivating service each");
	clock_advance(superd, 59 * MINUTE_MS);
	cr_assert(client_is_quiet(clients[2], 0));
	/* Another row ends the rest. */
	cr_assert(superd_reload(superd, each_at, port, backend("lines"), ""));
	superd_wait_log(superd, "Activating service each");
	expect_answer(clients[2], 2);
}

Behaviour(access, an_unchanged_row_leaves_a_rest_alone)
{
	const char *table = text_of(each, backend("lines"), "cps = { 1, 3600 }");
	struct superd *superd = clock_run("%s", table);
	int clients[2];

	connect_at_once(superd, superd_port(superd, "each"), clients, 2);
	expect_answer(clients[0], 0);
	superd_wait_log(superd, "Deactivating service each");
	cr_assert(superd_reload(superd, "%s", table));
	clock_advance(superd, 59 * MINUTE_MS);
	cr_assert(client_is_quiet(clients[1], 0));
	cr_assert(!superd_logged(superd, "Activating service each"));
	close(clients[1]);
}

Behaviour(access, who_is_refused_does_not_make_a_service_rest)
{
	struct superd *superd = superd_run(each, backend("lines"), "cps = { 2, 3600 }\nno_access = \"127.0.0.66\"");
	int port = superd_port(superd, "each");

	for (int n = 0; n < 10; n++)
		expect_refused("127.0.0.66", port);
	expect_served("127.0.0.1", port);
	expect_served("127.0.0.1", port);
	cr_assert(!superd_logged(superd, "Deactivating"));
}

Behaviour(access, a_looping_server_pauses_and_is_said_so_in_inetds_words)
{
	struct superd *superd = clock_run("service talk-udp {\n listen = \"udp:127.0.0.1:0\"\n exec = \"%s\"\n"
					  " trigger_limit_burst = 2\n trigger_limit_interval = 60\n"
					  " trigger_limit_pause = 10min\n}\n",
					  backend("-m %s exit 0", path_in("marks")));
	int client = datagram_client(superd_port(superd, "talk-udp"));

	client_send(client, "nobody reads this");
	superd_wait_log(superd, "\ntalk/udp server failing (looping), service terminated for 10 min\n");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, 3 * MINUTE_MS);
	cr_assert_eq(count_lines(path_in("marks")), 2);
	close(client);
}

/* With accept = yes superd itself takes the clients of each. */
Behaviour(access, the_socket_that_a_client_comes_by_has_the_limit)
{
	int calm = free_port(), busy = free_port(), client;
	struct superd *superd = clock_run("service web {\n accept = yes\n pass = inetd\n exec = \"/bin/echo hello\"\n"
					  " trigger_limit_interval = 60\n trigger_limit_pause = 1h\n"
					  " socket calm { listen = \"127.0.0.1:%d\" }\n"
					  " socket busy { listen = \"127.0.0.1:%d\" trigger_limit_burst = 1 }\n}\n",
					  calm, busy);

	superd_wait_log(superd, text_of("listening on tcp:127.0.0.1:%d", busy));
	for (int n = 0; n < 3; n++)
		cr_expect_str_eq(client_line(client_connect(calm)), "hello");
	cr_expect_str_eq(client_line(client_connect(busy)), "hello");
	client = client_connect(busy);
	superd_wait_log(superd, "server failing (looping)");
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded: 1 unchanged");
	clock_advance(superd, 30 * MINUTE_MS);
	cr_expect(client_is_quiet(client, 0), "%s", world_logs());
	clock_advance(superd, 31 * MINUTE_MS);
	cr_expect_str_eq(client_line(client), "hello");
	cr_expect_eq(superd_log_count(superd, "server failing (looping)"), 1, "%s", world_logs());
}

Behaviour(access, starts_of_a_service_that_is_handed_its_listeners_count_for_cps)
{
	const char *marks = path_in("marks");
	struct superd *superd = superd_run(handed, "127.0.0.1:0", backend("-m %s take 1", marks), "cps = { 2, 1 }");
	int port = superd_port(superd, "handed");

	for (int n = 0; n < 4; n++)
		client_ask_pid(port);
	cr_assert_eq(count_lines(marks), 4);
	cr_assert_eq(superd_log_count(superd, "Deactivating service handed"), 1, "%s", world_logs());
}

Behaviour(access, a_handed_listener_rests_while_the_time_is_not_right)
{
	const char *const environment[] = { zone_of_noon(), NULL };
	const struct setup setup = { .environment = environment, .clock = true };
	const char *endpoint = text_of("127.0.0.1:%d", free_port());
	struct superd *superd =
		superd_run_with(&setup, handed, endpoint, backend("take 1"), "access_times = \"13:00-14:00\"");
	int client = client_connect(superd_port(superd, "handed"));

	client_send(client, "hello\n");
	superd_wait_log(superd, "handed: its clients wait: no client is allowed before 13:00 (access_times)");
	clock_advance(superd, 45 * MINUTE_MS);
	cr_assert(client_is_quiet(client, 0));
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "no client is allowed before 13:00");
	cr_assert(superd_reload(superd, handed, endpoint, backend("take 1"), "access_times = \"12:00-13:00\""));
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
}

Behaviour(access, datagrams_of_refused_senders_start_nothing)
{
	const char *marks = path_in("marks");
	struct superd *superd = clock_run(handed, "udp:127.0.0.1:0", backend("-m %s datagrams 100", marks),
					  "only_from = \"127.0.0.1\"");
	int port = superd_port(superd, "handed"), stranger = datagram_from("127.0.0.2", port),
	    friend = datagram_from("127.0.0.1", port);

	for (int n = 0; n < 100; n++)
		client_send(stranger, "let me in");
	WAIT_UNTIL(superd_log_count(superd, "handed: refused 127.0.0.2") == 1);
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	cr_assert_eq(count_lines(marks), 1);
	WAIT_UNTIL(superd_processes(superd) == 0);
	client_send(stranger, "again");
	clock_advance(superd, MINUTE_MS);
	cr_assert_eq(count_lines(marks), 1);
	close(stranger);
	close(friend);
}

Behaviour(access, datagrams_at_the_wrong_time_start_nothing)
{
	const char *const environment[] = { zone_of_noon(), NULL };
	const struct setup setup = { .environment = environment, .clock = true };
	const char *marks = path_in("marks");
	struct superd *superd =
		superd_run_with(&setup, handed, "udp:127.0.0.1:0", backend("-m %s datagrams 100", marks),
				"access_times = \"13:00-14:00\"");
	int client = datagram_from("127.0.0.1", superd_port(superd, "handed"));

	client_send(client, "hello");
	superd_wait_log(superd, "handed: refused 127.0.0.1: not at this time of day (access_times)");
	clock_advance(superd, 45 * MINUTE_MS);
	cr_assert_eq(count_lines(marks), 0);
	close(client);
}

Behaviour(access, a_datagram_service_of_its_own_clients_knows_them_too)
{
	struct superd *superd = superd_run("service dgram {\n listen = \"udp:127.0.0.1:0\"\n accept = yes\n"
					   " exec = \"%s\"\n only_from = \"127.0.0.1\"\n}\n",
					   backend("datagrams 100"));
	int port = superd_port(superd, "dgram"), stranger = datagram_from("127.0.0.2", port),
	    friend = datagram_from("127.0.0.1", port);

	client_send(stranger, "let me in");
	superd_wait_log(superd, "dgram: refused 127.0.0.2");
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	close(stranger);
	close(friend);
}

static const char sensor_and_each[] =
	"service trap {\n listen = \"127.0.0.1:%d\"\n accept = yes\n deny_time = %s\n%s\n}\n"
	"service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"%s\"\n%s\n}\n";

Behaviour(access, who_touches_a_sensor_is_kept_out_of_all_services)
{
	int sensor = free_port(), port = free_port();
	struct superd *superd = superd_run(sensor_and_each, sensor, "1h", "", port, backend("lines"), "");

	superd_port(superd, "each");
	expect_served("127.0.0.5", port);
	expect_refused("127.0.0.5", sensor);
	expect_refused("127.0.0.5", port);
	superd_wait_log(superd, "each: refused 127.0.0.5: its address has touched a sensor (deny_time)");
	expect_served("127.0.0.6", port);
	/* It is remembered over a reload that changes either service. */
	cr_assert(superd_reload(superd, sensor_and_each, sensor, "2h", "", port, backend("lines"), "nice = 1"));
	expect_refused("127.0.0.5", port);
	expect_served("127.0.0.6", port);
}

Behaviour(access, who_touches_a_sensor_starts_nothing_by_a_datagram)
{
	struct superd *superd = superd_run("service trap { listen = \"127.0.0.1:0\" accept = yes deny_time = 1h }\n"
					   "service handed { listen = \"udp:127.0.0.1:0\" exec = \"%s\" }\n",
					   backend("datagrams 100"));
	int sensor = superd_port(superd, "trap"), port = superd_port(superd, "handed"),
	    stranger = datagram_from("127.0.0.5", port), friend = datagram_from("127.0.0.6", port);

	expect_refused("127.0.0.5", sensor);
	client_send(stranger, "hello");
	superd_wait_log(superd, "handed: refused 127.0.0.5: its address has touched a sensor (deny_time)");
	cr_assert_eq(superd_processes(superd), 0);
	cr_assert_not_null(strstr(datagram_ask(friend, "hello"), " hello"));
	close(stranger);
	close(friend);
}

Behaviour(access, a_sensor_forgets_when_its_time_is_over)
{
	struct superd *superd = clock_run(sensor_and_each, 0, "1h", "", 0, backend("lines"), "");
	int port = superd_port(superd, "each");

	expect_refused("127.0.0.5", superd_port(superd, "trap"));
	clock_advance(superd, 59 * MINUTE_MS);
	expect_refused("127.0.0.5", port);
	clock_advance(superd, 2 * MINUTE_MS);
	expect_served("127.0.0.5", port);
}

Behaviour(access, a_sensor_of_no_time_only_logs)
{
	struct superd *superd = superd_run(sensor_and_each, 0, "0", "", 0, backend("lines"), "");

	expect_refused("127.0.0.5", superd_port(superd, "trap"));
	superd_wait_log(superd, "trap: touched by 127.0.0.5");
	expect_served("127.0.0.5", superd_port(superd, "each"));
}

static const char datagram_sensor[] =
	"service trap {\n listen = \"udp:127.0.0.1:0\"\n accept = yes\n deny_time = %s\n}\n"
	"service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n";

/* As with xinetd. */
Behaviour(access, a_datagram_to_a_sensor_keeps_its_sender_out)
{
	struct superd *superd = superd_run(datagram_sensor, "1h", backend("lines"));
	int prober = datagram_from("127.0.0.5", superd_port(superd, "trap"));

	expect_served("127.0.0.5", superd_port(superd, "each"));
	client_send(prober, "is there anybody");
	superd_wait_log(superd, "{process_sensor} Adding 127.0.0.5 to the global_no_access list for 60 minutes");
	expect_refused("127.0.0.5", superd_port(superd, "each"));
	superd_wait_log(superd, "each: refused 127.0.0.5: its address has touched a sensor (deny_time)");
	expect_served("127.0.0.6", superd_port(superd, "each"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(prober);
}

/* Somebody who forges senders fills no log. */
Behaviour(access, a_flood_of_datagrams_to_a_sensor_is_logged_in_part)
{
	struct superd *superd = clock_run(datagram_sensor, "0", backend("lines"));
	int prober = datagram_from("127.0.0.5", superd_port(superd, "trap"));

	for (int n = 0; n < 100; n++)
		client_send(prober, "is there anybody");
	superd_wait_log(superd, "trap: touched by 127.0.0.5");
	clock_advance(superd, MINUTE_MS);
	WAIT_UNTIL((client_send(prober, "and now"), superd_logged(superd, " more before it")));
	expect_served("127.0.0.5", superd_port(superd, "each"));
	close(prober);
}

Behaviour(access, banners_are_sent_before_behind_and_in_place_of_the_service)
{
	const char *before = write_file("before", "before\n"), *welcome = write_file("welcome", "welcome\n"),
		   *sorry = write_file("sorry", "sorry\n");
	struct superd *superd = superd_run(each, backend("lines"),
					   text_of("banner = \"%s\"\nbanner_success = \"%s\"\nbanner_fail = \"%s\"\n"
						   "no_access = \"127.0.0.2\"",
						   before, welcome, sorry));
	int port = superd_port(superd, "each"), client = client_connect(port);

	cr_assert_str_eq(client_line(client), "before");
	cr_assert_str_eq(client_line(client), "welcome");
	close(client_settle(client));
	client = client_connect_from("127.0.0.2", port);
	cr_assert_str_eq(client_rest(client), "before\nsorry\n");
	close(client);
}

Behaviour(access, a_banner_that_cannot_be_read_is_told_of_once_and_refuses_nobody)
{
	struct superd *superd =
		superd_run(each, backend("lines"), "banner = \"/nonexistent/banner\"\nbanner_success = \"/dev/zero\"");
	int port = superd_port(superd, "each");

	for (int n = 0; n < 3; n++)
		expect_served("127.0.0.1", port);
	cr_assert_eq(superd_log_count(superd, "each: warning: cannot read banner: /nonexistent/banner: No such file"),
		     1);
	cr_assert_eq(
		superd_log_count(superd, "each: warning: cannot read banner_success: /dev/zero: it is no regular file"),
		1);
}

Behaviour(access, every_limit_frees_up_again)
{
	struct superd *superd = superd_run(each, backend("lines"),
					   "instances = 3\nper_source = 2\noverload = refuse\n"
					   "only_from = \"127.0.0.0/8\"");
	int port = superd_port(superd, "each"), first, second, third;
	size_t descriptors = 0;

	for (int turn = 0; turn < 5; turn++) {
		first = client_settle(client_connect_from("127.0.0.2", port));
		second = client_settle(client_connect_from("127.0.0.2", port));
		expect_refused("127.0.0.2", port);
		third = client_settle(client_connect_from("127.0.0.3", port));
		expect_refused("127.0.0.4", port);
		close(first);
		close(second);
		close(third);
		WAIT_UNTIL(superd_processes(superd) == 0);
		descriptors = turn ? descriptors : superd_fd_count(superd);
	}
	superd_expect_fds(superd, descriptors);
}

Behaviour(access, starts_for_the_datagrams_of_one_source_are_counted_by_the_minute)
{
	const char *marks = path_in("marks");
	struct superd *superd =
		superd_run(handed, "udp:127.0.0.1:0", backend("-m %s datagrams 50", marks), "per_source_cpm = 2");
	int port = superd_port(superd, "handed"), busy = datagram_from("127.0.0.2", port),
	    other = datagram_from("127.0.0.3", port);

	for (int n = 0; n < 2; n++) {
		cr_assert_not_null(strstr(datagram_ask(busy, "hello"), " hello"));
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
	client_send(busy, "once more");
	superd_wait_log(superd, "handed: refused 127.0.0.2: handed from 127.0.0.2 exceeded counts/min (limit 2/min)");
	cr_assert_not_null(strstr(datagram_ask(other, "hello"), " hello"));
	cr_assert_eq(count_lines(marks), 3);
	close(busy);
	close(other);
}

/* One on this machine, without an address. */
Behaviour(access, a_local_client_that_exceeds_a_limit_is_named_as_such)
{
	const char *path = path_in("each.sock");
	struct superd *superd = superd_run("service each { listen = \"%s\" accept = yes exec = \"%s\" per_source = 1 }",
					   path, backend("lines"));
	int first, next;

	wait_node(path);
	first = client_settle(client_connect_unix(path, SOCK_STREAM));
	next = client_connect_unix(path, SOCK_STREAM);
	cr_assert(client_sees_end(next), "it was served\n%s", world_logs());
	superd_wait_log(superd, "each: refused a local client: each from a local client exceeded counts (limit 1)");
	close(first);
	close(next);
}

/* One that stays: the others wait for a moment, as many as may, and in the meantime whoever has room comes. */
Behaviour(access, a_flood_of_one_source_keeps_nobody_else_waiting)
{
	struct superd *superd = superd_run(each, backend("lines"), "per_source = 1");
	int port = superd_port(superd, "each"), flood[100],
	    first = client_settle(client_connect_from("127.0.0.2", port));
	size_t descriptors = superd_fd_count(superd);

	for (int n = 0; n < 100; n++)
		flood[n] = client_connect_from("127.0.0.2", port);
	expect_served("127.0.0.3", port);
	for (int n = 0; n < 100; n++) {
		cr_assert(client_sees_end(flood[n]));
		close(flood[n]);
	}
	WAIT_UNTIL(superd_log_count(superd, "exceeded counts (limit 1)") == 100);
	superd_expect_fds(superd, descriptors);
	client_settle(first);
	close(first);
}

/* Who waits for room when the rules change, or superd ends, is lost to nobody's memory. */
Behaviour(access, who_waits_for_room_is_served_or_refused_over_a_reload)
{
	int port = free_port(), first, next;
	struct superd *superd = superd_run(each_at, port, backend("lines"), "per_source = 1");

	first = client_settle(client_connect(superd_port(superd, "each")));
	next = client_connect(port);
	client_send(next, "hello\n");
	cr_assert(superd_reload(superd, each_at, port, backend("lines"), "per_source = 1\n backlog = 7"));
	cr_assert(client_sees_end(next));
	close(next);
	next = client_connect(port);
	superd_stop(superd);
	close(next);
	close(first);
}

Behaviour(access, clients_who_queue_are_refused_when_a_reload_says_so)
{
	const char *exec = backend("lines");
	int port = free_port(), served, queued;
	struct superd *superd = clock_run(each_at, port, exec, "instances = 1");

	superd_wait_log(superd, "each: listening on ");
	served = client_served(port);
	queued = client_connect(port);
	client_send(queued, "hello\n");
	clock_advance(superd, HOUR_MS);
	cr_assert(client_is_quiet(queued, 0));
	cr_assert(superd_reload(superd, each_at, port, exec, "instances = 1\n overload = refuse"));
	cr_assert(client_sees_end(queued), "%s", world_logs());
	close(queued);
	close(served);
}

Behaviour(access, who_waits_for_a_service_that_becomes_a_sensor_has_touched_it)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	int port = free_port(), client;
	struct superd *superd = superd_run_with(&setup, each_at, port, path_in("missing"), "");

	superd_wait_log(superd, "each: listening on ");
	client = client_connect(port);
	superd_wait_log(superd, "each: cannot start");
	cr_assert(superd_reload(superd, each_at, port, path_in("missing"), "deny_time = 0"));
	cr_assert(client_sees_end(client), "%s", world_logs());
	superd_wait_log(superd, "each: touched by 127.0.0.1");
	close(client);
}

Behaviour(access, who_touched_a_sensor_and_who_is_counted_are_so_after_an_upgrade)
{
	int sensor = free_port(), port = free_port(), client;
	struct superd *superd = superd_run(sensor_and_each, sensor, "1h", "", port, backend("lines"),
					   "per_source = 1\n instances = 5\n overload = refuse");

	superd_port(superd, "each");
	expect_refused("127.0.0.5", sensor);
	client = client_settle(client_connect_from("127.0.0.6", port));
	superd_upgrade(superd);
	expect_refused("127.0.0.5", port);
	superd_wait_log(superd, "each: refused 127.0.0.5: its address has touched a sensor (deny_time)");
	expect_refused("127.0.0.6", port);
	expect_served("127.0.0.7", port);
	expect_refused("127.0.0.8", sensor);
	expect_refused("127.0.0.8", port);
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
	expect_served("127.0.0.6", port);
}

