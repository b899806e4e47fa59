/* What systemd's own tests ask of sockets and their services, asked of superd with units: where systemd ends a socket
 * for good, superd lets it rest and goes on. What is hard is "rests": that little happens, and nobody is lost by it. */
#include "unit_files.h"

#define PROXY "/lib/systemd/systemd-socket-proxyd"

static const char *listen_line(int port)
{
	return text_of("ListenStream=127.0.0.1:%d\n", port);
}

static void expect_rest(struct superd *superd, long long milliseconds)
{
	unsigned long before;

	clock_settle(superd);
	before = clock_wakes();
	for (int n = 0; n < 5; n++)
		clock_advance(superd, milliseconds / 5);
	cr_expect_leq(clock_wakes() - before, 2, "%lu wake-ups", clock_wakes() - before);
}

static bool is_still_there(int client)
{
	char byte;

	return recv(client, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 0;
}

/* ---- limits ---- */

Behaviour(unit_life, a_trigger_limit_lets_in_so_many_in_its_time_and_ends_nobody)
{
	enum { CLIENTS = 100, BURST = 3 };
	const char *marks = path_in("marks");
	int clients[CLIENTS], port = free_port();
	struct superd *superd;

	write_pair("a",
		   text_of("%sAccept=yes\nTriggerLimitBurst=%d\nTriggerLimitIntervalSec=1h\nMaxConnections=200\n",
			   listen_line(port), BURST),
		   unit_inetd_backend("-m %s lines", marks));
	superd = units_clock_run("a.socket", NULL);
	superd_port(superd, "a");
	for (int n = 0; n < CLIENTS; n++)
		clients[n] = client_connect(port);
	WAIT_UNTIL(count_lines(marks) >= BURST);
	expect_rest(superd, 59 * MINUTE_MS);
	cr_assert_eq(count_lines(marks), BURST, "%s", world_logs());
	for (int n = 0; n < CLIENTS; n++)
		cr_expect(is_still_there(clients[n]), "client %d was sent away", n);
	clock_advance(superd, 2 * MINUTE_MS);
	WAIT_UNTIL(count_lines(marks) > BURST);
	for (int n = 0; n < CLIENTS; n++)
		close(clients[n]);
}

/* systemd shuts a socket for good at this one. */
Behaviour(unit_life, a_trigger_limit_ends_after_its_time)
{
	int port = free_port();
	struct superd *superd;

	write_pair("a", text_of("%sTriggerLimitBurst=2\nTriggerLimitIntervalSec=1h\n", listen_line(port)),
		   unit_backend("take 1"));
	superd = units_clock_run("a.socket", NULL);
	superd_port(superd, "a");
	for (int n = 0; n < 6; n++) {
		int client = client_connect(port);

		client_send(client, "hello\n");
		if (n && n % 2 == 0) {
			superd_wait_log(superd, "a: more than 2 starts in 1 h: it rests for 1 h, and clients wait");
			clock_advance(superd, 59 * MINUTE_MS);
			cr_expect(client_is_quiet(client, 0), "%s", world_logs());
			clock_advance(superd, 2 * MINUTE_MS);
		}
		cr_expect_str_eq(strchr(client_line(client), ' '), " hello");
		close(client);
	}
	cr_expect_not(superd_logged(superd, "looping"));
}

static int connect_as(uid_t user, const char *path)
{
	int client;

	cr_assert_eq(seteuid(user), 0);
	client = client_connect_unix(path, SOCK_STREAM);
	cr_assert_eq(seteuid(0), 0);
	return client;
}

static void expect_line(int client)
{
	client_send(client, "hello\n");
	cr_assert_not_null(strstr(client_line(client), " hello"));
}

Behaviour(unit_life, one_user_has_only_so_many_connections_of_a_unix_socket)
{
	const char *path = path_in("a.sock");
	struct superd *superd;
	int first, second, other;

	SKIP_WITHOUT(namespace_users(), "needs root, and nobody must be able to run what was built");
	write_pair("a", text_of("ListenStream=%s\nAccept=yes\nMaxConnectionsPerSource=2\n", path),
		   unit_inetd_backend("lines"));
	superd = units_run("a.socket", NULL);
	wait_node(path);
	first = connect_as(1, path);
	second = connect_as(1, path);
	expect_line(first);
	expect_line(second);
	cr_expect(client_sees_end(connect_as(1, path)), "a third connection of one user was served");
	other = connect_as(2, path);
	expect_line(other);
	close(first);
	WAIT_UNTIL(superd_processes(superd) == 2);
	first = connect_as(1, path);
	expect_line(first);
	close(first);
	close(second);
	close(other);
}

/* ---- conditions ---- */

Behaviour(unit_life, a_false_condition_lets_its_client_wait_without_spinning)
{
	const char *wanted = path_in("wanted");
	int port = free_port(), client;
	struct superd *superd;

	write_pair("a", listen_line(port), unit_backend("take 1"));
	write_drop_in("a.service", "[Unit]\nConditionPathExists=%s\n", wanted);
	superd = units_clock_run("a.socket", NULL);
	superd_port(superd, "a");
	client = client_connect(port);
	client_send(client, "hello\n");
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, "next look in 1 min 20 s"));
	expect_rest(superd, 40 * SECOND_MS);
	cr_expect(is_still_there(client), "the client was sent away");
	write_file("wanted", "%s", "");
	clock_advance(superd, 2 * MINUTE_MS);
	cr_expect_str_eq(strchr(client_line(client), ' '), " hello");
	close(client);
}

/* ---- nodes ---- */

static gid_t group_of(const char *path)
{
	struct stat status;

	cr_assert_eq(stat(path, &status), 0);
	return status.st_gid;
}

Behaviour(unit_life, a_nodes_group_outlives_reloads_and_a_node_that_was_moved_away_and_back_serves)
{
	const char *path = path_in("a.sock"), *aside = path_in("aside.sock");
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and nobody must be able to run what was built");
	write_pair("a", text_of("ListenStream=%s\nSocketGroup=7\nSocketMode=0660\n", path), unit_backend("serve"));
	superd = units_run("a.socket", NULL);
	unit_ask(path, "hello\n");
	cr_expect_eq(group_of(path), 7);
	for (int n = 0; n < 3; n++) {
		superd_signal(superd, SIGHUP);
		superd_wait_log(superd, "reload");
		cr_expect_eq(group_of(path), 7);
	}
	cr_assert_eq(rename(path, aside), 0);
	cr_assert_eq(rename(aside, path), 0);
	cr_expect_str_eq(strchr(unit_ask(path, "again\n"), ' '), " again");
}

Behaviour(unit_life, a_node_that_somebody_removed_is_made_again_at_a_reload)
{
	const char *path = path_in("a.sock");
	struct superd *superd;

	write_pair("a", text_of("ListenStream=%s\n", path), unit_backend("take 1"));
	superd = units_run("a.socket", NULL);
	unit_ask(path, "hello\n");
	WAIT_UNTIL(!superd_processes(superd));
	cr_assert_eq(unlink(path), 0);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "is no longer its socket");
	WAIT_UNTIL(client_can_connect_unix(path));
	cr_expect_str_eq(strchr(unit_ask(path, "again\n"), ' '), " again");
}

Behaviour(unit_life, a_socket_that_could_not_be_made_is_once_what_is_in_the_way_has_gone)
{
	const char *path = path_in("a.sock");
	struct superd *superd;

	write_pair("a", text_of("ListenStream=%s\n", path), unit_backend("serve"));
	cr_assert_eq(mkdir(path, 0755), 0);
	superd = units_run("a.socket", NULL);
	superd_wait_log(superd, "cannot listen on");
	cr_assert_eq(rmdir(path), 0);
	WAIT_UNTIL(client_can_connect_unix(path));
	cr_expect_str_eq(strchr(unit_ask(path, "hello\n"), ' '), " hello");
}

Behaviour(unit_life, a_reload_leaves_the_socket_of_a_service_that_does_not_run)
{
	int port = free_port();
	struct superd *superd;

	write_pair("a", listen_line(port), unit_backend("take 1"));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	for (int n = 0; n < 3; n++) {
		superd_signal(superd, SIGHUP);
		superd_wait_log(superd, "reload");
		cr_expect_str_eq(strchr(client_ask(port, "hello\n"), ' '), " hello");
	}
	cr_expect_eq(superd_log_count(superd, "a: listening on"), 1);
}

/* ---- services ---- */

Behaviour(unit_life, what_comes_behind_a_services_end_starts_it_again)
{
	const char *path = path_in("a.sock");
	struct superd *superd;
	long first, second;

	write_pair("a", text_of("ListenStream=%s\n", path), unit_backend("serve"));
	superd = units_run("a.socket", NULL);
	first = strtol(unit_ask(path, "hello\n"), NULL, 10);
	cr_assert_eq(kill((pid_t)first, SIGTERM), 0);
	WAIT_UNTIL(!process_lives((pid_t)first));
	second = strtol(unit_ask(path, "again\n"), NULL, 10);
	cr_expect_neq(first, second);
	superd_stop(superd);
}

/* What leaves two processes of its group behind when it has served one client. */
static const char *leaver(const char *ignores)
{
	return text_of("ExecStart=/bin/sh -c '%s sleep 1000 & sleep 1000 & exec %s'", ignores,
		       strchr(unit_backend("take 1"), '/'));
}

Behaviour(unit_life, the_end_of_the_main_process_is_the_end_of_the_service_and_of_whoever_is_left)
{
	const char *path = path_in("a.sock");
	struct superd *superd;
	long first, second;

	write_pair("a", text_of("ListenStream=%s\n", path), leaver(""));
	superd = units_run("a.socket", NULL);
	first = strtol(unit_ask(path, "hello\n"), NULL, 10);
	second = strtol(unit_ask(path, "again\n"), NULL, 10);
	cr_expect_neq(first, second);
	WAIT_UNTIL(!superd_processes(superd));
	WAIT_UNTIL(superd_log_count(superd, "ended: exit status 0") == 2);
	cr_expect_eq(superd_log_count(superd, "next start in"), 0, "%s", world_logs());
}

Behaviour(unit_life, whoever_is_left_and_deaf_is_killed)
{
	const char *path = path_in("a.sock");
	struct superd *superd;

	write_pair("a", text_of("ListenStream=%s\n", path),
		   text_of("%s\nTimeoutStopSec=5min\n", leaver("trap \"\" TERM;")));
	superd = units_clock_run("a.socket", NULL);
	unit_ask(path, "hello\n");
	WAIT_UNTIL(superd_processes(superd) == 2);
	clock_advance(superd, 4 * MINUTE_MS);
	cr_assert_eq(superd_processes(superd), 2, "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	WAIT_UNTIL(!superd_processes(superd));
	cr_expect_str_eq(strchr(unit_ask(path, "again\n"), ' '), " again");
	WAIT_UNTIL(superd_processes(superd) == 2);
	clock_advance(superd, 6 * MINUTE_MS);
}

Behaviour(unit_life, with_KillMode_process_whoever_is_left_runs_on)
{
	const char *path = path_in("a.sock");
	struct superd *superd;

	write_pair("a", text_of("ListenStream=%s\n", path), text_of("%s\nKillMode=process\n", leaver("")));
	superd = units_clock_run("a.socket", NULL);
	unit_ask(path, "hello\n");
	superd_wait_log(superd, "ended: exit status 0");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_eq(superd_processes(superd), 2, "%s", world_logs());
}

static void expect_one_service(const char *first, const char *second, int port)
{
	struct superd *superd = units_run(first, second, NULL);

	superd_port(superd, "a");
	cr_expect_str_eq(strchr(client_ask(port, "hello\n"), ' '), " hello");
	superd_wait_log(superd, ": started, pid");
	cr_expect_eq(superd_log_count(superd, ": listening on"), 1);
	superd_expect_count(superd, ": started, pid", 1);
	superd_stop(superd);
}

Behaviour(unit_life, a_socket_and_its_service_may_be_asked_for_in_either_order)
{
	int port = free_port();

	write_pair("a", listen_line(port), unit_backend("serve"));
	expect_one_service("a.socket", "a.service", port);
	expect_one_service("a.service", "a.socket", port);
}

Behaviour(unit_life, a_deferred_trigger_is_read_and_a_conflict_holds_nobody_up)
{
	static const char *const words[] = { "no", "yes", "patient" };

	for (size_t n = 0; n < sizeof(words) / sizeof(*words); n++) {
		const char *path = path_in("a%zu.sock", n);
		const char *name = text_of("a%zu", n);
		struct superd *superd;

		write_pair(name, text_of("ListenStream=%s\nDeferTrigger=%s\nDeferTriggerMaxSec=1h\n", path, words[n]),
			   unit_backend("serve"));
		write_drop_in(text_of("%s.service", name), "[Unit]\nConflicts=other.service\n");
		superd = units_run(text_of("%s.socket", name), NULL);
		cr_expect_str_eq(strchr(unit_ask(path, "hello\n"), ' '), " hello");
		superd_stop(superd);
	}
}

/* ---- systemd's own proxy, unchanged ---- */

static void send_whole(int client, const char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t sent = send(client, bytes + at, size - at, MSG_NOSIGNAL);

		cr_assert_gt(sent, 0);
		at += (size_t)sent;
	}
}

static void expect_echo(int port)
{
	enum { SIZE = 65536 };
	char *bytes = malloc(SIZE), *back = malloc(SIZE);
	int client = client_connect(port);

	cr_assert(bytes && back);
	for (size_t n = 0; n < SIZE; n++)
		bytes[n] = (char)(n * 7 + n / 251);
	send_whole(client, bytes, SIZE);
	for (size_t at = 0; at < SIZE;) {
		ssize_t got = recv(client, back + at, SIZE - at, 0);

		cr_assert_gt(got, 0, "%zu bytes came\n%s", at, world_logs());
		at += (size_t)got;
	}
	cr_expect_eq(memcmp(bytes, back, SIZE), 0);
	close(client);
	free(bytes);
	free(back);
}

static void expect_many(int port)
{
	enum { CLIENTS = 30 };
	int clients[CLIENTS];

	for (int n = 0; n < CLIENTS; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], text_of("number %d\n", n));
	}
	for (int n = 0; n < CLIENTS; n++) {
		cr_expect_str_eq(client_line(clients[n]), text_of("number %d", n));
		close(clients[n]);
	}
}

/* Its idle time passes on the machine's clock, and may take longer. */
Behaviour(unit_life, systemds_proxy_serves_leaves_when_idle_and_serves_again)
{
	int port = free_port(), behind;
	struct superd *superd;

	SKIP_WITHOUT(access(PROXY, X_OK) == 0, PROXY " is not there");
	do
		behind = free_port();
	while (behind == port);
	write_pair("proxy", listen_line(port),
		   text_of("ExecStart=%s --exit-idle-time=1s 127.0.0.1:%d\nPrivateTmp=no\n", PROXY, behind));
	write_pair("echo", text_of("%sAccept=yes\nMaxConnections=100\n", listen_line(behind)),
		   "ExecStart=/bin/cat\nStandardInput=socket\nStandardError=journal\n");
	superd = units_run("proxy.socket", "echo.socket", NULL);
	superd_port(superd, "echo");
	superd_port(superd, "proxy");
	expect_echo(port);
	expect_many(port);
	for (size_t n = 1; n < 3; n++) {
		WAIT_UNTIL(!superd_processes(superd));
		superd_expect_count(superd, "proxy: started", n);
		expect_echo(port);
	}
}

/* Where nobody comes there is nothing to hurry for. */
Behaviour(unit_life, a_good_end_at_once_again_and_again_is_paused_for_longer_and_longer)
{
	const char *path = path_in("a.sock"), *flag = path_in("flag");
	struct superd *superd;

	write_pair("a", text_of("ListenStream=%s\n", path),
		   text_of("Restart=always\nRestartSec=1min\nRestartMaxDelaySec=8min\n"
			   "ExecStart=/bin/sh -c 'test -e %s || { touch %s; exec %s; }'\n",
			   flag, flag, unit_backend("take 1") + strlen("ExecStart=")));
	superd = units_clock_run("a.socket", NULL);
	unit_ask(path, "hello\n");
	CLOCK_UNTIL(superd, MINUTE_MS, 10,
		    superd_logged(superd, "next start in 1 min, or with the next client: it ended at once"));
	/* a tenth less at most, by jitter */
	CLOCK_UNTIL(superd, MINUTE_MS, 60,
		    superd_logged(superd, "next start in 7 min") || superd_logged(superd, "next start in 8 min"));
}

/* ---- without a socket ---- */

static void write_job(const char *name, const char *restart, const char *status)
{
	write_file(text_of("%s.service", name),
		   "[Service]\nUser=%s\nRestartSec=50ms\nRestartMaxDelaySec=100ms\n%s%s", own_user(), restart,
		   unit_backend("exit %s", status));
}

/* Nobody comes to one without a socket, so Restart alone says what its end leads to. */
Behaviour(unit_life, without_a_socket_it_is_started_again_by_Restart_alone)
{
	static const char *const ended[] = { "unsaid", "no", "unsaid3", "no3", "failure", "success3" };
	struct superd *superd;

	write_job("unsaid", "", "0");
	write_job("no", "Restart=no\n", "0");
	write_job("unsaid3", "", "3");
	write_job("no3", "Restart=no\n", "3");
	write_job("failure", "Restart=on-failure\n", "0");
	write_job("success3", "Restart=on-success\n", "3");
	write_job("always", "Restart=always\n", "0");
	write_job("failure3", "Restart=on-failure\n", "3");
	superd = units_run("unsaid.service", "no.service", "unsaid3.service", "no3.service", "failure.service",
			   "success3.service", "always.service", "failure3.service", NULL);
	WAIT_UNTIL(superd_log_count(superd, "always: started") > 4);
	WAIT_UNTIL(superd_log_count(superd, "failure3: started") > 4);
	for (size_t n = 0; n < sizeof(ended) / sizeof(*ended); n++)
		cr_expect_eq(superd_log_count(superd, text_of("%s: started", ended[n])), 1, "%s\n%s", ended[n],
			     world_logs());
}
