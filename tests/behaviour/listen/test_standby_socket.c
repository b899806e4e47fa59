/* A backend that is told to end and goes on accepting would lose every client that it takes then. None comes to it: new
 * ones come to a second socket at the same address, and wait there for the next backend. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "controlling.h"
#include "load.h"

#define OFTEN "runtime_max = 150ms\n timeout_stop = 10s"

static void serves_all(struct superd *superd, const struct load_plan *plan)
{
	struct tally tally = load_wait(load_start(plan));

	tally_expect_all_served(&tally);
	cr_assert_eq(tally.served, plan->connections);
	cr_expect_gt(superd_log_count(superd, "runtime_max is over"), 2, "backends were stopped meanwhile");
	superd_stop(superd);
}

Behaviour(standby_socket, let_a_careless_backend_lose_nobody)
{
	struct superd *superd = superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n " OFTEN "\n}\n",
					   backend("-d 2 careless"));
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 16, .connections = 1200 };

	serves_all(superd, &plan);
}

Behaviour(standby_socket, of_a_unix_socket_do_so_too)
{
	const char *path = path_in("web.sock");
	const struct load_plan plan = { .path = path, .threads = 16, .connections = 1200 };
	struct superd *superd;

	if (geteuid() != 0)
		cr_skip_test("a twin of a unix socket needs root");
	superd = superd_run("service web {\n listen = \"%s\"\n exec = \"%s\"\n " OFTEN "\n}\n", path,
			    backend("-d 2 careless"));
	wait_node(path);
	serves_all(superd, &plan);
}

Behaviour(standby_socket, are_not_left_over)
{
	struct superd *superd = clock_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n "
					  "runtime_max = 10min\n timeout_stop = 10h\n}\n", backend("careless"));
	int port = superd_port(superd, "web");
	size_t descriptors = 0;

	for (int n = 0; n < 7; n++) {
		long pid = client_ask_pid(port);

		clock_advance(superd, 11 * MINUTE_MS);
		WAIT_UNTIL(!process_lives(pid));
		if (n == 1)             /* from the second start on, its control group is kept open */
			descriptors = process_fd_count(superd->pid);
	}
	WAIT_UNTIL(process_fd_count(superd->pid) <= descriptors);
}

/* Another listener of the same port is not in the group. */
Behaviour(standby_socket, are_had_beside_a_service_at_the_same_port_of_another_address)
{
	int port = free_port();
	struct superd *superd = superd_run("service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n " OFTEN "\n}\n"
					   "service other {\n listen = \"127.0.0.2:%d\"\n exec = \"%s\"\n}\n",
					   port, backend("-d 2 careless"), port, backend("serve"));
	const struct load_plan plan = { .port = port, .threads = 16, .connections = 1200 };

	superd_port(superd, "other");
	serves_all(superd, &plan);
}

Behaviour(standby_socket, let_restarts_lose_nobody)
{
	int port = free_port();
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n "
					       "timeout_stop = 10s\n}\n", port, backend("-d 2 careless"));
	const struct load_plan plan = { .port = port, .threads = 16 };
	struct load *load;
	struct tally tally;

	superd_port(superd, "web");
	load = load_start(&plan);
	for (unsigned n = 0; n < 20; n++) {
		size_t before = load_progress(load);

		cr_assert(control_is_done(control_once("restart web")), "%s", world_logs());
		WAIT_UNTIL(load_progress(load) > before);
	}
	tally = load_stop(load);
	tally_expect_all_served(&tally);
}

static void upgrade(struct superd *superd)
{
	size_t before = superd_log_count(superd, "superd: upgraded from ");

	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(superd_log_count(superd, "superd: upgraded from ") > before);
}

static long talk(int client, const char *text)
{
	client_send(client, text);
	return strtol(client_line(client), NULL, 10);
}

#define TALK "service web {\n listen = \"%s\"\n exec = \"%s\"\n on_change = drain\n env = \"A=%s\"\n}\n"

/* The one that was there goes on with the client it has; who comes is another's. When that client leaves, it ends. */
static void changes_beside(struct superd *superd, int old, int (*come)(void), const char *endpoint, bool upgrades)
{
	long first = talk(old, "one\n"), second;
	int new;

	cr_assert(superd_reload(superd, TALK, endpoint, backend("talk"), "2"));
	superd_wait_log(superd, "serves the 1 client it has to the end");
	new = come();
	second = talk(new, "two\n");
	cr_assert_neq(first, second);
	if (upgrades)
		upgrade(superd);
	cr_assert_eq(talk(old, "three\n"), first);
	cr_assert_eq(talk(new, "four\n"), second);
	close(old);
	WAIT_UNTIL(!process_lives(first));
	cr_assert_eq(talk(new, "five\n"), second);
	close(new);
	superd_stop(superd);
}

static int the_port;
static const char *the_path;

static int come_by_port(void)
{
	return client_connect(the_port);
}

static int come_by_path(void)
{
	return client_connect_unix(the_path, SOCK_STREAM);
}

static void changes_at_port(bool upgrades)
{
	const char *endpoint;
	struct superd *superd;

	the_port = free_port();
	endpoint = text_of("127.0.0.1:%d", the_port);
	superd = superd_run(TALK, endpoint, backend("talk"), "1");
	superd_port(superd, "web");
	changes_beside(superd, come_by_port(), come_by_port, endpoint, upgrades);
}

Behaviour(standby_socket, let_a_changed_row_run_beside)
{
	changes_at_port(false);
}

Behaviour(standby_socket, and_drains_go_over_an_upgrade)
{
	changes_at_port(true);
}

Behaviour(standby_socket, let_a_changed_row_run_beside_at_a_unix_socket)
{
	struct superd *superd;

	if (geteuid() != 0)
		cr_skip_test("a twin of a unix socket needs root");
	the_path = path_in("web.sock");
	superd = superd_run(TALK, the_path, backend("talk"), "1");
	wait_node(the_path);
	changes_beside(superd, come_by_path(), come_by_path, the_path, true);
}

static void order(const char *text)
{
	cr_assert(control_is_done(control_once("%s", text)), "%s", world_logs());
}

/* The client of before is served to its end by the old one, and the one who comes waits for neither. */
static void restarts_beside(int (*come)(void), const char *endpoint, bool upgrades)
{
	struct superd *superd = controlled_run(TALK, endpoint, backend("talk"), "1");
	long first, second;
	int old, new;

	superd_wait_log(superd, "web: listening on ");
	old = come();
	first = talk(old, "one\n");
	order("restart --no-wait web");
	superd_wait_log(superd, "serves the 1 client it has while it makes progress");
	new = come();
	second = talk(new, "two\n");
	cr_assert_neq(first, second);
	if (upgrades)
		upgrade(superd);
	cr_assert_eq(talk(old, "three\n"), first);
	close(old);
	WAIT_UNTIL(!process_lives(first));
	cr_expect_not(superd_logged(superd, "which has 1 client still"));
	cr_assert_eq(talk(new, "four\n"), second);
	close(new);
	superd_stop(superd);
}

static const char *local_endpoint(void)
{
	the_port = free_port();
	return text_of("127.0.0.1:%d", the_port);
}

Behaviour(standby_socket, let_a_restart_run_beside)
{
	restarts_beside(come_by_port, local_endpoint(), false);
}

Behaviour(standby_socket, let_a_restart_run_beside_over_an_upgrade)
{
	restarts_beside(come_by_port, local_endpoint(), true);
}

Behaviour(standby_socket, let_a_restart_run_beside_at_a_unix_socket)
{
	if (geteuid() != 0)
		cr_skip_test("a twin of a unix socket needs root");
	the_path = path_in("web.sock");
	restarts_beside(come_by_path, the_path, false);
}

/* A client that stays is cut at the limit, and the order waits for that; a new client waits for neither. */
Behaviour(standby_socket, let_nobody_wait_for_a_client_that_stays)
{
	struct superd *superd = controlled_clock_run(TALK, local_endpoint(), backend("talk"), "1");
	int old, new, operator = control_connect();
	long first;

	superd_port(superd, "web");
	old = come_by_port();
	first = talk(old, "one\n");
	client_send(operator, "restart web\n");
	superd_wait_log(superd, "serves the 1 client it has while it makes progress");
	new = come_by_port();
	cr_assert_neq(talk(new, "two\n"), first);
	cr_assert(process_lives(first));
	CLOCK_UNTIL(superd, SECOND_MS, 10, !client_is_quiet(operator, 0));
	cr_expect_not_null(strstr(client_line(operator), "\"parted\":1"));
	cr_expect(client_sees_end(old));
	cr_expect_not(process_lives(first));
	cr_assert_neq(talk(new, "three\n"), first);
	close(old);
	close(new);
	close(operator);
}

/* The third has to wait for the first, as an address has two sockets; its clients go on with the second until then. */
Behaviour(standby_socket, let_a_second_restart_follow_the_first)
{
	struct superd *superd = controlled_run(TALK, local_endpoint(), backend("talk"), "1");
	int clients[3];
	long pids[3];

	superd_port(superd, "web");
	for (size_t n = 0; n < 3; n++) {
		clients[n] = come_by_port();
		pids[n] = talk(clients[n], "one\n");
		if (n < 2)
			order("restart --no-wait web");
		if (n == 1)
			close(clients[0]);
		if (n == 1)
			WAIT_UNTIL(!process_lives(pids[0]) && superd_log_count(superd, " it has while it ") == 2);
	}
	cr_assert_neq(pids[1], pids[0]);
	cr_assert_neq(pids[2], pids[1]);
	cr_assert_eq(talk(clients[1], "two\n"), pids[1]);
	close(clients[1]);
	WAIT_UNTIL(!process_lives(pids[1]));
	cr_assert_eq(talk(clients[2], "two\n"), pids[2]);
	close(clients[2]);
}

/* A program may be one that must not run twice, so nobody runs beside it unless on_change says so. */
Behaviour(standby_socket, are_no_reason_to_run_twice)
{
	struct superd *superd = controlled_clock_run("service web { listen = \"%s\" exec = \"%s\" }\n",
						     local_endpoint(), backend("talk"));
	int old, new;
	long first;

	superd_port(superd, "web");
	old = come_by_port();
	first = talk(old, "one\n");
	client_send(old, "thr");        /* so it is not the client's turn */
	order("restart --no-wait web");
	new = come_by_port();
	client_send(new, "two\n");
	clock_settle(superd);
	cr_expect(client_is_quiet(new, 0));
	cr_assert_eq(talk(old, "ee\n"), first);
	superd_expect_count(superd, "web: started", 1);
	close(old);
	cr_assert_neq(strtol(client_line(new), NULL, 10), first);
	cr_expect_not(process_lives(first));
	close(new);
}

#define LOCKED \
	"service web {\n listen = \"%s\"\n exec = \"%s\"\n timeout_stop = 10h\n backoff_min = 10ms\n %s\n}\n"

static struct superd *run_locked(const char *endpoint, const char *options)
{
	struct superd *superd = controlled_clock_run(LOCKED, endpoint, backend("lock %s", path_in("lock")), options);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static void expect_one_at_a_time(struct superd *superd, size_t starts)
{
	superd_expect_count(superd, "web: started", starts);
	cr_expect_not(superd_logged(superd, "another one has the lock"), "%s", world_logs());
	superd_stop(superd);
}

/* Whom the log brings comes before or after the second socket is there. */
Behaviour(standby_socket, have_instances_follow_each_other_whenever_a_client_comes)
{
	struct superd *superd = run_locked(local_endpoint(), "idle_timeout = 10min");

	for (size_t n = 1; n <= 5; n++) {
		cr_expect_gt(client_ask_pid(the_port), 0);
		CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10,
			    superd_log_count(superd, "no client has been connected for ") >= n);
	}
	expect_one_at_a_time(superd, superd_log_count(superd, "web: started"));
}

static long answer_by(struct superd *superd, int client)
{
	CLOCK_UNTIL(superd, SECOND_MS, 60, !client_is_quiet(client, 0));
	return strtol(client_line(client), NULL, 10);
}

/* The handshake of the first is under way when the idle instance is to end, as with defer_accept it lasts until the
 * first byte. Neither it nor who comes meanwhile is that instance's. */
Behaviour(standby_socket, let_an_idle_instance_end_though_a_late_client_comes)
{
	struct superd *superd = run_locked(local_endpoint(), "idle_timeout = 10min\n defer_accept = 30s");
	long first = client_ask_pid(the_port);
	int late = client_connect(the_port), client;

	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, superd_logged(superd, "no client has been connected for "));
	client = client_connect(the_port);
	client_send(client, "new\n");
	cr_expect_neq(answer_by(superd, client), first);
	cr_expect_not(process_lives(first));
	client_send(late, "late\n");
	cr_expect_neq(answer_by(superd, late), first);
	close(late);
	close(client);
	cr_expect_str_neq(control_value(control_once("status web"), "idle_stops"), "0");
	expect_one_at_a_time(superd, superd_log_count(superd, "web: started"));
}

/* It takes half a second for that. */
Behaviour(standby_socket, have_who_comes_while_an_idle_instance_ends_wait_for_the_end)
{
	struct superd *superd = run_locked(local_endpoint(), "idle_timeout = 10min");
	long first = client_ask_pid(the_port);

	CLOCK_UNTIL(superd, 5 * MINUTE_MS, 10, superd_logged(superd, "it ends"));
	cr_expect_neq(client_ask_pid(the_port), first);
	cr_expect_not(process_lives(first));
	expect_one_at_a_time(superd, 2);
}

/* A restart is ordered while the first instance stands still, so that it leaves a client in its queue. */
static struct superd *run_until_restarted(long *first, int *left, const char *options)
{
	struct superd *superd;

	if (geteuid() != 0)
		cr_skip_test("a twin of a unix socket needs root");
	the_path = path_in("web.sock");
	superd = run_locked(the_path, options);
	*first = strtol(client_ask_unix(the_path, "one\n"), NULL, 10);
	cr_assert_eq(kill((pid_t)*first, SIGSTOP), 0);
	*left = come_by_path();
	client_send(*left, "two\n");
	order("restart --no-wait web");
	CLOCK_UNTIL(superd, SECOND_MS, 20, superd_logged(superd, "web: stopping pid "));
	return superd;
}

/* The second serves whom the first has left. The third is for who came to the socket that the path leads to by now, and
 * has to wait for the second. */
Behaviour(standby_socket, of_a_unix_socket_have_instances_follow_each_other)
{
	long first, second, third;
	int left, new;
	struct superd *superd = run_until_restarted(&first, &left, "");

	new = come_by_path();
	client_send(new, "three\n");
	second = strtol(client_line(left), NULL, 10);
	cr_expect_neq(second, first);
	third = strtol(client_line(new), NULL, 10);
	cr_expect_gt(third, 0, "%s", world_logs());
	cr_expect_neq(third, second);
	cr_expect_not(process_lives(second));
	close(left);
	close(new);
	expect_one_at_a_time(superd, 3);
}

/* Nobody waits for its end until an order comes, so it goes on with the client that the first left. */
Behaviour(standby_socket, of_a_unix_socket_let_an_order_end_who_waits_for_nobody)
{
	long first, second;
	int left, operator;
	struct superd *superd = run_until_restarted(&first, &left, "");

	operator = control_connect();
	second = strtol(client_line(left), NULL, 10);
	cr_expect_neq(second, first);
	cr_expect(clock_is_quiet(superd, left), "nobody waits for its end");
	cr_expect_eq(talk(left, "three\n"), second);
	client_send(operator, "restart web\n");
	for (int n = 0; n < 5; n++)
		clock_advance(superd, SECOND_MS);
	cr_expect(client_sees_end(left));
	cr_expect_not_null(strstr(client_line(operator), "\"ok\":true"));
	close(operator);
	cr_expect_not(process_lives(second));
	close(left);
	cr_expect_neq(strtol(client_ask_unix(the_path, "four\n"), NULL, 10), second);
	expect_one_at_a_time(superd, 3);
}

Behaviour(standby_socket, of_a_unix_socket_let_runtime_max_end_who_waits_for_nobody)
{
	long first, second;
	int left;
	struct superd *superd = run_until_restarted(&first, &left, "runtime_max = 10min");

	second = strtol(client_line(left), NULL, 10);
	cr_expect_neq(second, first);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, !client_is_quiet(left, 0));
	cr_expect(client_sees_end(left));
	WAIT_UNTIL(!process_lives(second));
	close(left);
	expect_one_at_a_time(superd, 2);
}

#define ALONE "service web { listen = \"%s\" exec = \"%s\" }\n"

/* What the kernel says of it, by its own clock. */
static unsigned quiet_ms(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
	return info.tcpi_last_data_recv;
}

/* Its last answer is acknowledged, and nothing has moved since long before the order. One that moves has 2 s. */
Behaviour(standby_socket, make_nobody_wait_for_a_client_that_wants_nothing)
{
	struct superd *superd = controlled_clock_run(ALONE, local_endpoint(), backend("talk"));
	int old, new;
	long first;

	superd_port(superd, "web");
	old = come_by_port();
	first = talk(old, "one\n");
	cr_assert_eq(talk(old, "two\n"), first);
	WAIT_UNTIL(quiet_ms(old) >= 1000);
	clock_hold();
	order("restart --no-wait web");
	new = come_by_port();
	client_send(new, "three\n");
	CLOCK_UNTIL(superd, SECOND_MS / 10, 19, !client_is_quiet(new, 0));
	cr_expect_neq(strtol(client_line(new), NULL, 10), first);
	cr_expect(client_sees_end(old));
	cr_expect_not(process_lives(first));
	cr_expect(superd_logged(superd, "which has 1 client still"));
	close(old);
	close(new);
}

/* The second request comes right behind the first answer, so the kernel gives both one age. */
Behaviour(standby_socket, wait_for_a_client_that_is_being_served)
{
	struct superd *superd = controlled_run(ALONE, local_endpoint(), backend("talk"));
	int resting, client, new;
	long first;

	superd_port(superd, "web");
	resting = come_by_port();
	first = talk(resting, "one\n");
	talk(resting, "two\n");
	client = come_by_port();
	cr_assert_eq(talk(client, "three\n"), first);
	client_send(client, "slow\n");
	order("restart --no-wait web");
	new = come_by_port();
	client_send(new, "four\n");
	cr_expect_str_eq(client_line(client), text_of("%ld slow", first));
	cr_expect_neq(strtol(client_line(new), NULL, 10), first);
	close(resting);
	close(client);
	close(new);
}

/* The server has sent the last data, and the client has acknowledged it, but a second answer is due (pipelining, or
 * streams of HTTP/2). */
Behaviour(standby_socket, wait_for_the_next_of_several_answers)
{
	struct superd *superd = controlled_run(ALONE, local_endpoint(), backend("talk"));
	int client, new;
	long first;

	superd_port(superd, "web");
	client = come_by_port();
	first = talk(client, "one\n");
	cr_assert_eq(talk(client, "two\nslow\n"), first);
	cr_assert(client_is_quiet(client, 50), "its answer is acknowledged");
	order("restart --no-wait web");
	new = come_by_port();
	client_send(new, "three\n");
	cr_expect_str_eq(client_line(client), text_of("%ld slow", first));
	cr_expect_neq(strtol(client_line(new), NULL, 10), first);
	close(client);
	close(new);
}

/* Nothing was said by either side yet. */
Behaviour(standby_socket, wait_for_a_greeting)
{
	struct superd *superd = controlled_run(ALONE, local_endpoint(), backend("talk 1500"));
	int client;

	superd_port(superd, "web");
	client = come_by_port();
	superd_wait_log(superd, "web: started");
	WAIT_UNTIL(strstr(control_once("status web"), "\"queue\":0"));
	order("restart --no-wait web");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
}

Behaviour(standby_socket, let_runtime_max_run_beside)
{
	struct superd *superd = superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n "
					   "on_change = drain\n " OFTEN "\n}\n", backend("-d 2 careless"));
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 16, .connections = 1200 };

	serves_all(superd, &plan);
}

/* on_change or not: what takes effect on what runs is no reason for another. */
Behaviour(standby_socket, are_not_for_changes_that_need_no_start)
{
	const char *endpoint;
	struct superd *superd;
	int client;
	long first;

	the_port = free_port();
	endpoint = text_of("127.0.0.1:%d", the_port);
	superd = superd_run(TALK, endpoint, backend("talk"), "1");
	superd_port(superd, "web");
	client = come_by_port();
	first = talk(client, "one\n");
	cr_assert(superd_reload(superd, "service web {\n listen = \"%s\"\n exec = \"%s\"\n on_change = drain\n "
				"env = \"A=1\"\n backlog = 77\n on_remove = stop\n}\n", endpoint, backend("talk")));
	cr_assert_eq(talk(client, "two\n"), first);
	close(client);
	cr_assert_eq(client_ask_pid(the_port), first);
	cr_assert_not(superd_logged(superd, "to the end"));
}

/* What is watched is the node that lies there now. */
Behaviour(standby_socket, of_a_unix_socket_are_made_again_when_somebody_removes_their_node)
{
	const char *path = path_in("web.sock");
	struct superd *superd;
	long first;

	if (geteuid() != 0)
		cr_skip_test("a twin of a unix socket needs root");
	superd = controlled_run("service web {\n listen = \"%s\"\n exec = \"%s\"\n}\n", path, backend("serve"));
	wait_node(path);
	first = strtol(client_ask_unix(path, "hello\n"), NULL, 10);
	cr_assert(control_is_done(control_once("stop web")), "%s", world_logs());
	WAIT_UNTIL(!process_lives(first));
	cr_assert_eq(unlink(path), 0);
	superd_wait_log(superd, "is no longer its socket");
	wait_node(path);
	WAIT_UNTIL(client_can_connect_unix(path));
}
