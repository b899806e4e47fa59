/* The thirty traps of socket activation, and for each the tests that would fall into it; those that no other part has
 * are here. */
#include <glob.h>

#include "claims.h"
#include "harness.h"
#include "reading.h"
#include "unit_files.h"

static const struct endpoint_claim traps[] = {
	{ "LISTEN_PID of another process than the one that was started",
	  { "handover, listeners_by_systemds_protocol", "handover, a_backend_behind_a_shell_keeps_its_protocol" } },
	{ "descriptors that close at exec, and others that leak through it",
	  { "handover, nothing_of_superds_own_is_passed_on", "handover, many_sockets_come_in_the_tables_order" } },
	{ "a descriptor put where another still is",
	  { "child, puts_every_permutation_of_six_in_its_order",
	    "child, puts_every_choice_of_descriptors_in_its_order" } },
	{ "a listener that is polled while its backend runs",
	  { "unit_traps, a_queue_behind_a_busy_backend_costs_nothing" } },
	{ "two backends on one listener",
	  { "unit_traps, no_backend_starts_before_the_last_has_ended" } },
	{ "listeners closed by a failure",
	  { "unit_traps, a_failing_service_keeps_its_socket_and_its_clients",
	    "lifecycle, a_crashing_backend_is_retried_with_growing_pauses" } },
	{ "clean ends that count against a limit", { "unit_traps, no_number_of_clean_ends_is_too_many" } },
	{ "a backend that ends without reading",
	  { "lifecycle, a_backend_that_takes_nobody_is_no_busy_loop",
	    "accept, a_datagram_service_that_reads_nothing_pauses" } },
	{ "a blocking accept behind a client that left",
	  { "lifecycle, a_client_that_leaves_before_it_is_served_does_no_harm",
	    "accept, clients_that_reset_at_once_do_no_harm" } },
	{ "O_NONBLOCK is of the open file and not of the descriptor",
	  { "handover, a_socket_left_non_blocking_is_blocking_for_the_next_backend",
	    "reload, a_service_may_change_who_accepts_while_clients_wait" } },
	{ "no descriptor left at accept", { "accept, running_out_of_descriptors_loses_nobody" } },
	{ "one SIGCHLD for many ends", { "init, as_pid_1_it_reaps_strangers", "accept, two_hundred_at_once" } },
	{ "errors on the wire",
	  { "log, an_instances_errors_stay_off_the_wire", "unit_traps, errors_go_where_the_unit_has_them" } },
	{ "descriptors without an order, names of another count",
	  { "handover, many_sockets_come_in_the_tables_order",
	    "units, a_service_gets_the_sockets_that_lead_to_it_by_their_names" } },
	{ "the node of a living server taken, or a dead one left",
	  { "sockets, a_living_servers_node_is_never_stolen", "sockets, a_stale_node_is_replaced" } },
	{ "the umask in the mode of a node",
	  { "bind_unix, gives_a_unix_node_its_mode_whatever_the_umask", "bind_unix, gives_a_unix_node_its_owner" } },
	{ "names looked up in the loop", { "inetd_traps, a_silent_resolver_at_a_reload_holds_no_client_up" } },
	{ "both wildcards on one port", { "unit_traps, both_families_of_a_port_are_two_sockets_or_one" } },
	{ "a percent sign in an address", { "unit_traps, an_interface_stands_behind_two_percent_signs_and_the_port" } },
	{ "an empty value takes back what was said",
	  { "read/systemd/sockets-refused", "unit_traps, an_empty_value_takes_back" } },
	{ "variables that are no shell's",
	  { "plan_expand, leaves_a_bare_dollar_within_a_word", "plan_expand, knows_no_defaults_of_the_shell" } },
	{ "variables of superd's own parent",
	  { "plan, passes_on_what_was_asked_for_but_nothing_that_speaks_of_superd" } },
	{ "a notification socket out of reach",
	  { "notify, without_a_folder_the_socket_is_abstract",
	    "notify, what_is_no_notification_is_dropped_and_the_next_one_heard" } },
	{ "readiness said by a stranger, a barrier that stays",
	  { "notify, by_default_the_main_process_alone_is_heard",
	    "notify, a_barrier_is_passed_when_all_before_it_was_heard" } },
	{ "a client lost with a start that took too long",
	  { "notify, who_is_not_ready_in_time_is_stopped_and_its_client_waits" } },
	{ "the end of the parent taken for the end of the daemon",
	  { "forking, the_daemon_of_two_forks_is_followed", "unit_traps, a_forked_daemon_has_its_socket_to_itself" } },
	{ "an equal address closed by a reload",
	  { "reload, the_unchanged_keep_sockets_and_instances", "noloss, while_the_same_table_is_reloaded" } },
	{ "a listener that its backend shuts down or removes",
	  { "unit_traps, a_backend_that_shuts_its_listener_down_is_followed_by_the_next",
	    "directories, with_a_listener_in_them_stay" } },
	{ "who is one too many accepted and sent away",
	  { "accept, at_the_limit_of_instances_clients_wait",
	    "accept, at_the_limit_of_instances_clients_are_refused_where_asked" } },
	{ "a clock that jumps", { "unit_traps, no_limit_goes_by_the_time_of_day" } },
};
enum { TRAPS = sizeof(traps) / sizeof(*traps) };

Behaviour(unit_traps, each_of_the_thirty_has_a_test)
{
	cr_expect_eq((int)TRAPS, 30);
	claims_expect(traps, TRAPS);
}

static const char *listen_line(int port)
{
	return text_of("ListenStream=127.0.0.1:%d\n", port);
}

static void expect_served(int port)
{
	cr_expect_str_eq(strchr(client_ask(port, "hello\n"), ' '), " hello", "%s", world_logs());
}

Behaviour(unit_traps, a_queue_behind_a_busy_backend_costs_nothing)
{
	enum { CLIENTS = 20 };
	const char *marks = path_in("marks");
	int port = free_port(), clients[CLIENTS];
	struct superd *superd;
	unsigned long before;

	write_pair("a", listen_line(port), text_of("%s\nTimeoutStopSec=100ms\n", unit_backend("-m %s hang", marks)));
	superd = units_clock_run("a.socket", NULL);
	superd_port(superd, "a");
	for (int n = 0; n < CLIENTS; n++)
		clients[n] = client_connect(port);
	WAIT_UNTIL(count_lines(marks) == 1);
	for (int n = 0; n < 10; n++)
		clock_advance(superd, MINUTE_MS);
	before = clock_wakes();
	for (int n = 0; n < 20; n++)
		clock_advance(superd, SECOND_MS);
	cr_expect_eq(count_lines(marks), 1);
	/* superd/stop/queue_notes looks after pauses of a 16th of the time gone: ten minutes, and thus once. */
	cr_expect_leq(clock_wakes() - before, 4, "%lu wake-ups", clock_wakes() - before);
	for (int n = 0; n < CLIENTS; n++)
		close(clients[n]);
}

Behaviour(unit_traps, no_backend_starts_before_the_last_has_ended)
{
	int port = free_port();
	struct superd *superd;

	write_pair("a", listen_line(port), unit_backend("-d 30 take 1"));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	for (int n = 0; n < 20; n++) {
		int first = client_connect(port), second = client_connect(port);
		const char *one, *two;

		client_send(first, "one\n");
		client_send(second, "two\n");
		one = client_line(first);
		close(first);
		cr_expect_leq(superd_processes(superd), 1, "two at a time\n%s", world_logs());
		two = client_line(second);
		close(second);
		cr_expect_neq(strtol(one, NULL, 10), strtol(two, NULL, 10), "one for both");
	}
}

Behaviour(unit_traps, a_failing_service_keeps_its_socket_and_its_clients)
{
	const char *marks = path_in("marks"), *good = path_in("good");
	int port = free_port(), client;
	struct superd *superd;

	write_pair("a", listen_line(port),
		   text_of("ExecStart=/bin/sh -c 'echo >> %s; test -e %s || exit 1; exec %s'\n", marks, good,
			   strchr(unit_backend("take 1"), '/')));
	write_drop_in("a.service", "[Unit]\nStartLimitBurst=2\nStartLimitIntervalSec=1h\n");
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	client = client_connect(port);
	client_send(client, "hello\n");
	WAIT_UNTIL(count_lines(marks) >= 4);
	cr_expect(client_can_connect(port), "the socket is shut");
	write_file("good", "%s", "");
	cr_expect_str_eq(strchr(client_line(client), ' '), " hello");
	close(client);
}

Behaviour(unit_traps, no_number_of_clean_ends_is_too_many)
{
	enum { CLIENTS = 50 };
	int port = free_port();
	struct superd *superd;

	write_pair("a", listen_line(port),
		   text_of("%s\nRestartSec=1h\nRestartMaxDelaySec=1h\n", unit_backend("take 1")));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	for (int n = 0; n < CLIENTS; n++)
		expect_served(port);
}

static const char *whole_answer(const char *streams)
{
	static int count;
	const char *path = path_in("errors-%d.sock", count++), *answer;
	struct superd *superd;
	int client;

	write_pair("a", text_of("ListenStream=%s\nAccept=yes\n", path),
		   text_of("ExecStart=/bin/sh -c 'echo out; echo err >&2'\nStandardInput=socket\n%s", streams));
	superd = units_run("a.socket", NULL);
	wait_node(path);
	client = client_connect_unix(path, SOCK_STREAM);
	answer = client_rest(client);
	close(client);
	superd_stop(superd);
	return answer;
}

/* systemd's way where nothing is said, and said at the start. */
Behaviour(unit_traps, errors_go_where_the_unit_has_them)
{
	cr_expect_str_eq(whole_answer(""), "out\nerr\n");
	cr_expect_str_eq(whole_answer("StandardError=journal\n"), "out\n");
	cr_expect_str_eq(whole_answer("StandardOutput=journal\nStandardError=socket\n"), "err\n");
	cr_expect_str_eq(whole_answer("StandardOutput=null\nStandardError=inherit\n"), "");
}

static void expect_both_families(const char *lines, int port)
{
	struct superd *superd;

	write_pair("a", lines, unit_backend("take 1"));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	expect_served(port);
	for (int n = 0; n < 2; n++) {
		int client = client_connect_to(n ? "127.0.0.1" : "::1", port);

		client_send(client, "hello\n");
		cr_expect_str_eq(strchr(client_line(client), ' '), " hello");
		close(client);
	}
	superd_stop(superd);
}

Behaviour(unit_traps, both_families_of_a_port_are_two_sockets_or_one)
{
	int port = free_port();

	expect_both_families(text_of("ListenStream=%d\n", port), port);
	expect_both_families(
		text_of("BindIPv6Only=ipv6-only\nListenStream=0.0.0.0:%d\nListenStream=[::]:%d\n", port, port), port);
}

Behaviour(unit_traps, an_interface_stands_behind_two_percent_signs_and_the_port)
{
	int port = free_port(), client;
	struct outcome outcome;
	struct superd *superd;

	write_pair("a", text_of("ListenStream=[::1]:%d%%%%lo\n", port), unit_backend("take 1"));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	client = client_connect_to("::1", port);
	client_send(client, "hello\n");
	cr_expect_str_eq(strchr(client_line(client), ' '), " hello");
	close(client);
	superd_stop(superd);
	write_pair("b", text_of("ListenStream=[::1]%%%%lo:%d\n", port), unit_backend("take 1"));
	outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", path_in("b.socket"));
	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "b.socket:2:"), "%s", outcome.err);
}

Behaviour(unit_traps, an_empty_value_takes_back)
{
	const char *report = path_in("report"), *path = path_in("a.sock");
	struct superd *superd;
	struct reading reading;

	write_pair("a", text_of("ListenStream=%s\n", path), "ExecStart=/bin/false\nEnvironment=A=1 B=2\n");
	write_drop_in("a.socket", "[Socket]\nListenStream=\nListenStream=%s\n", path_in("b.sock"));
	write_drop_in("a.service", "[Service]\nExecStart=\nExecStart=%s\nEnvironment=\nEnvironment=C=3\n",
		      report_to(report));
	superd = units_run("a.socket", NULL);
	unit_ask(path_in("b.sock"), "hello\n");
	reading = reading_wait(report);
	cr_expect_null(reading_get(reading, "env.A"));
	cr_expect_null(reading_get(reading, "env.B"));
	reading_expect(reading, "env.C", "3");
	cr_expect_neq(access(path, F_OK), 0, "the first socket is there");
	superd_stop(superd);
}

Behaviour(unit_traps, a_forked_daemon_has_its_socket_to_itself)
{
	int port = free_port();
	const char *marks = path_in("marks");
	struct superd *superd;
	long first, second;

	SKIP_WITHOUT_GROUP_OF_DAEMON();
	write_pair("a", listen_line(port), text_of("Type=forking\n%s", unit_backend("-m %s daemon", marks)));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	first = client_ask_pid(port);
	cr_expect_eq(client_ask_pid(port), first);
	cr_expect_eq(count_lines(marks), 1);
	cr_assert_eq(kill((pid_t)first, SIGTERM), 0);
	second = client_ask_pid(port);
	cr_expect_neq(first, second);
	cr_expect_eq(count_lines(marks), 2);
}

Behaviour(unit_traps, a_backend_that_shuts_its_listener_down_is_followed_by_the_next)
{
	const char *path = path_in("a.sock");
	int port = free_port();
	struct superd *superd;

	write_pair("a", text_of("%sListenStream=%s\n", listen_line(port), path), unit_backend("shutdown"));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	for (int n = 0; n < 3; n++) {
		expect_served(port);
		superd_wait_log(superd, "shut its listener down");
		superd_wait_log(superd, text_of("listening on %s\n", path));
	}
}

/* Only those files of superd that go by it ask for the time of day: a seed. */
static bool goes_by_the_day(const char *path)
{
	static const char *const files[] = { "folders.c" };

	for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++) {
		if (!strcmp(strrchr(path, '/') + 1, files[n]))
			return true;
	}
	return false;
}

Behaviour(unit_traps, no_limit_goes_by_the_time_of_day)
{
	static const char *const clocks[] = { "CLOCK_REALTIME", "ev_now(", "ev_time(", "gettimeofday(", "time(NULL)",
					      "clock_wall(" };
	glob_t sources = { 0 };

	cr_assert_eq(glob(text_of("%s/src/superd/*/*.c", source_folder()), 0, NULL, &sources), 0);
	for (size_t n = 0; n < sources.gl_pathc; n++) {
		const char *path = sources.gl_pathv[n], *text = read_text(path);

		for (size_t clock = 0; !goes_by_the_day(path) && clock < sizeof(clocks) / sizeof(*clocks); clock++)
			cr_expect_null(strstr(text, clocks[clock]), "%s asks %s", path, clocks[clock]);
	}
	globfree(&sources);
}

Behaviour(unit_traps, a_masked_unit_is_left_out)
{
	const char *path = path_in("a.sock"), *folder = path_in(".");
	struct outcome outcome;

	write_pair("a", text_of("ListenStream=%s\n", path), unit_backend("take 1"));
	write_pair("b", text_of("ListenStream=%s\n", path_in("b.sock")), unit_backend("take 1"));
	cr_assert_eq(unlink(path_in("a.socket")), 0);
	cr_assert_eq(symlink("/dev/null", path_in("a.socket")), 0);
	outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", path_in("a.socket"));
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.err, "a.socket is masked: it is left out"), "%s", outcome.err);
	cr_expect(strstr(outcome.err, "warning: no services"), "%s", outcome.err);
	outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", path_in("a.socket"), "-f", path_in("b.socket"));
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.err, "a.socket is masked: it is left out"), "%s", outcome.err);
	outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", text_of("systemd:%s", folder));
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect(strstr(outcome.err, "note: a.socket is masked"), "%s", outcome.err);
}
