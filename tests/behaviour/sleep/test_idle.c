/* Backends that know nothing of idling: stopped, frozen or told of once no client has been connected for idle_timeout,
 * and never while one is. The clients here are connections and nothing else: what a backend does with them is not
 * superd's business. */
#include "harness.h"
#include "load.h"

#define IDLE "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n idle_timeout = %s\n %s\n}\n"

static bool is_stopped(struct superd *superd)
{
	return superd_logged(superd, "web: stopping pid ");
}

static void pass_idle_time(struct superd *superd)
{
	size_t before = superd_log_count(superd, "web: stopping pid ");

	CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_log_count(superd, "web: stopping pid ") > before);
	superd_wait_log(superd, "no client has been connected for ");
	superd_wait_log(superd, "web: pid ");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* Several times the five minutes. */
static void expect_awake(struct superd *superd)
{
	for (int n = 0; n < 8; n++) {
		clock_advance(superd, 4 * MINUTE_MS);
		cr_assert_not(is_stopped(superd), "after %d minutes\n%s", 4 * (n + 1), world_logs());
	}
}

Behaviour(idle, a_backend_is_stopped_and_the_next_client_starts_it)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "5min", "");
	int port = superd_port(superd, "web");
	long first = client_ask_pid(port);

	pass_idle_time(superd);
	cr_assert_neq(client_ask_pid(port), first);
	pass_idle_time(superd);
}

Behaviour(idle, a_long_quiet_connection_is_never_cut)
{
	struct superd *superd = clock_run(IDLE, backend("talk"), "5min", "");
	int client = client_connect(superd_port(superd, "web"));
	const char *who;

	client_send(client, "first\n");
	who = client_line(client);
	expect_awake(superd);
	client_send(client, "first\n");
	cr_assert_str_eq(client_line(client), who);
	close(client);
	pass_idle_time(superd);
}

Behaviour(idle, a_client_who_only_listens_by_now_is_one)
{
	struct superd *superd = clock_run(IDLE, backend("hang"), "5min", "timeout_stop = 100ms");
	int client = client_connect(superd_port(superd, "web"));

	shutdown(client, SHUT_WR);
	superd_wait_log(superd, "web: started");
	expect_awake(superd);
	close(client);
}

Behaviour(idle, those_in_the_queue_are_clients)
{
	struct superd *superd = clock_run(IDLE, backend("hang"), "5min", "timeout_stop = 100ms");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started");
	expect_awake(superd);
	close(client);
}

Behaviour(idle, all_sockets_have_to_be)
{
	const char *path = path_in("web.sock");
	struct superd *superd = clock_run("service web { listen = { \"127.0.0.1:0\", \"%s\", \"127.0.0.1:0\" } "
					   "exec = \"%s\" idle_timeout = 5min }", path, backend("talk"));
	int by_path, by_port;

	wait_node(path);
	by_path = client_connect_unix(path, SOCK_STREAM);
	client_send(by_path, "by path\n");
	client_line(by_path);
	by_port = client_connect(superd_nth_port(superd, "web", 1));
	client_send(by_port, "by port\n");
	client_line(by_port);
	expect_awake(superd);
	close(by_path);
	expect_awake(superd);
	close(by_port);
	pass_idle_time(superd);
}

static void expect_a_stop_by(const char *endpoint, const char *path, int type)
{
	struct superd *superd = clock_run("service web { listen = \"%s\" exec = \"%s\" idle_timeout = 5min }",
					   endpoint, backend("talk"));
	int client;

	superd_wait_log(superd, "web: listening on ");
	client = client_connect_unix(path, type);
	client_send(client, "here\n");
	expect_awake(superd);
	close(client);
	pass_idle_time(superd);
	superd_stop(superd);
}

Behaviour(idle, a_unix_socket_shows_its_clients)
{
	expect_a_stop_by(path_in("web.sock"), path_in("web.sock"), SOCK_STREAM);
}

/* The kernel does not report the end of its connections: they are counted at each look. */
Behaviour(idle, who_came_and_went_at_a_unix_socket_was_there)
{
	const char *path = path_in("web.sock");
	struct superd *superd = clock_run("service web { listen = \"%s\" exec = \"%s\" idle_timeout = 8min }", path,
					   backend("talk"));
	int client;

	wait_node(path);
	for (int n = 0; n < 2; n++) {
		client = client_connect_unix(path, SOCK_STREAM);
		client_send(client, "here\n");
		client_line(client);
		for (int minutes = 0; minutes < 3 * n; minutes++)
			clock_advance(superd, MINUTE_MS);
		close(client);
		for (int minutes = 0; minutes < 4; minutes++)
			clock_advance(superd, MINUTE_MS);
	}
	cr_assert_eq(superd_processes(superd), 1, "%s", world_logs());
	pass_idle_time(superd);
}

Behaviour(idle, an_abstract_one_does_too)
{
	const char *name = text_of("@superd-idle-%d", (int)getpid());

	expect_a_stop_by(name, name, SOCK_STREAM);
}

Behaviour(idle, datagrams_keep_awake_as_long_as_they_come)
{
	struct superd *superd = clock_run("service web { listen = \"udp:127.0.0.1:0\" exec = \"%s\" "
					   "idle_timeout = 5min }", backend("datagrams 60000"));
	int client = datagram_client(superd_port(superd, "web"));
	const char *who = datagram_ask(client, "here");

	for (int n = 0; n < 20; n++) {
		clock_advance(superd, 2 * MINUTE_MS);
		cr_assert_str_eq(datagram_ask(client, "here"), who, "%s", world_logs());
	}
	pass_idle_time(superd);
	cr_assert_str_neq(datagram_ask(client, "here"), who);
	close(client);
}

Behaviour(idle, what_a_backend_opens_elsewhere_is_no_client)
{
	int elsewhere = free_port(), listener = listen_on(elsewhere);
	struct superd *superd;

	SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "there is no bash here");
	superd = clock_run("service web { listen = \"127.0.0.1:0\" env = { \"P=%d\" } idle_timeout = 5min "
			    "exec = \"/bin/bash -c 'exec 9<>/dev/tcp/127.0.0.1/$P; exec %s'\" }",
			    elsewhere, backend("serve"));
	client_ask_pid(superd_port(superd, "web"));
	pass_idle_time(superd);
	close(listener);
}

Behaviour(idle, a_daemon_that_forks_is_stopped_as_well)
{
	struct superd *superd;
	long first;
	int port;

	SKIP_WITHOUT_GROUP_OF_DAEMON();
	superd = clock_run(IDLE, backend("fork two"), "5min", "type = forking");
	port = superd_port(superd, "web");
	first = client_ask_pid(port);
	pass_idle_time(superd);
	cr_assert_neq(client_ask_pid(port), first);
}

Behaviour(idle, one_that_nobody_ever_came_to_is_stopped)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "5min", "start = boot\n restart = always");

	pass_idle_time(superd);
	for (int n = 0; n < 10; n++) {
		clock_advance(superd, HOUR_MS);
		cr_assert_eq(superd_processes(superd), 0u);
	}
	client_ask_pid(superd_port(superd, "web"));
}

Behaviour(idle, it_is_left_alone_for_min_awake)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "5min", "min_awake = 1h");

	client_ask_pid(superd_port(superd, "web"));
	for (int n = 0; n < 14; n++) {
		clock_advance(superd, 4 * MINUTE_MS);
		cr_assert_not(is_stopped(superd), "%s", world_logs());
	}
	pass_idle_time(superd);
}

Behaviour(idle, a_frozen_one_goes_on_with_the_next_client)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "5min", "idle_action = freeze");
	int port = superd_port(superd, "web");
	long first = client_ask_pid(port);

	for (size_t n = 0; n < 2; n++) {
		CLOCK_UNTIL(superd, MINUTE_MS, 20, superd_log_count(superd, "is frozen until a client connects") > n);
		cr_assert_eq(client_ask_pid(port), first);
	}
}

Behaviour(idle, a_reload_changes_the_time_of_one_that_runs)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "1h", "");
	const char *table = replaced(read_text(superd->table), "127.0.0.1:0",
				     text_of("127.0.0.1:%d", superd_port(superd, "web")));
	int port;
	long first;

	cr_assert(superd_reload(superd, "%s", table));
	port = superd_port(superd, "web");
	first = client_ask_pid(port);
	clock_advance(superd, 20 * MINUTE_MS);
	cr_assert_not(is_stopped(superd), "%s", world_logs());
	cr_assert(superd_reload(superd, "%s", replaced(table, "1h", "infinity")));
	cr_assert(superd_reload(superd, "%s", replaced(table, "1h", "5min")));
	cr_assert_eq(client_ask_pid(port), first);
	pass_idle_time(superd);
	first = client_ask_pid(port);
	cr_assert(superd_reload(superd, "%s", replaced(table, "1h", "infinity")));
	for (int n = 0; n < 10; n++)
		clock_advance(superd, HOUR_MS);
	superd_expect_count(superd, "web: stopping pid ", 1);
	cr_assert_eq(client_ask_pid(port), first);
}

Behaviour(idle, a_crash_in_between_is_an_end_like_any)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "5min", "backoff_min = 10ms");
	int port = superd_port(superd, "web");

	for (int n = 0; n < 3; n++) {
		kill((pid_t)client_ask_pid(port), SIGKILL);
		superd_wait_log(superd, "signal KILL");
	}
	client_ask_pid(port);
	pass_idle_time(superd);
}

Behaviour(idle, what_it_needs_is_given_back)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "5min", "");
	int port = superd_port(superd, "web");
	size_t descriptors = 0;

	for (int n = 0; n < 5; n++) {
		client_ask_pid(port);
		pass_idle_time(superd);
		if (n == 1)             /* from the second start on, a control group is kept open */
			descriptors = superd_fd_count(superd);
	}
	superd_expect_fds(superd, descriptors);
}

Behaviour(idle, clients_who_stay_wake_nobody)
{
	enum { MANY = 20 };
	struct superd *superd;
	char table[MANY * 200] = "";
	int clients[MANY];

	for (int n = 0; n < MANY; n++)
		sprintf(table + strlen(table),
			"service web%d { listen = \"127.0.0.1:0\" exec = \"%s\" idle_timeout = 5min }\n", n,
			backend("talk"));
	superd = clock_run("%s", table);
	for (int n = 0; n < MANY; n++) {
		clients[n] = client_connect(superd_port(superd, text_of("web%d", n)));
		client_send(clients[n], "here\n");
		client_line(clients[n]);
	}
	expect_awake(superd);
	clock_expect_wakes(superd, HOUR_MS, 10, 0);
	cr_assert_geq(superd_processes(superd), 2u * MANY);
	for (int n = 0; n < MANY; n++)
		close(clients[n]);
}

Behaviour(idle, clients_who_come_and_go_all_the_time_wake_it_seldom)
{
	enum { HOURS = 10, CLIENTS = 100 };     /* of an hour */
	struct superd *superd = clock_run(IDLE, backend("serve"), "1h", "");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 4 };
	struct load *load = load_start(&plan);
	unsigned long before = 0;
	struct tally tally;

	for (int n = 0; n <= HOURS; n++) {
		for (size_t served = load_progress(load); load_progress(load) < served + CLIENTS; pause_a_moment())
			;
		if (n == 0)
			before = clock_wakes();
		clock_advance_beside(superd, HOUR_MS);
		cr_assert_not(is_stopped(superd), "%s", world_logs());
	}
	/* In an hour: a timer, the kernel's words of a few closes, pauses between them, and where it takes long a
	 * thread's. Beside other processes they wait for each other as well. */
	cr_assert_leq(clock_wakes() - before, 20 * (HOURS + 1), "%lu wake-ups", clock_wakes() - before);
	tally = load_stop(load);
	tally_expect_all_served(&tally);
	CLOCK_UNTIL(superd, HOUR_MS, 5, is_stopped(superd));
}

/* A client at random moments around that of the stop, which takes some milliseconds. */
static void come_in_the_moment(const char *action, int tries)
{
	struct superd *superd = clock_run(IDLE, backend("serve"), "5min", action);
	int port = superd_port(superd, "web");
	unsigned seed = (unsigned)now_ms();

	cr_log_info("seed %u", seed);
	srand(seed);
	for (int n = 0; n < tries; n++) {
		const char *question = text_of("%d\n", n), *said = client_ask(port, question);

		cr_assert(strstr(said, text_of(" %d", n)), "seed %u, client %d: '%s'\n%s", seed, n, said, world_logs());
		clock_advance(superd, SECOND_MS);       /* the kernel has told it of the last client's end */
		clock_move(6 * MINUTE_MS);
		usleep((unsigned)rand() % 15000);
	}
	superd_stop(superd);
}

Behaviour(idle, nobody_is_lost_in_the_moment_of_the_stop)
{
	come_in_the_moment("", 40);
}

Behaviour(idle, nobody_is_lost_in_the_moment_of_freezing)
{
	come_in_the_moment("idle_action = freeze", 40);
}
