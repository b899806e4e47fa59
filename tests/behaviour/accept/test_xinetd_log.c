/* xinetd's log lines from a running superd: who came, how it ended, who was turned away; into files, syslog or superd's
 * own log. What is hard is the time in between: files are moved away, fill up and vanish while clients come. */
#include <regex.h>
#include <syslog.h>

#include "harness.h"

#define EACH "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n%s\n}\n"
#define STAMP "^[0-9][0-9]/[0-9]+/[0-9]+@[0-9][0-9]:[0-9][0-9]:[0-9][0-9]: "
#define EVERYTHING "log_on_success = { PID, HOST, EXIT, DURATION }\nlog_on_failure = { HOST }\n"

static const char *to_file(const char *path, const char *more)
{
	return text_of("log_type = { FILE, \"%s\" }\n%s", path, more);
}

/* Whether a line of the file is this extended regular expression from beginning to end, after its stamp. */
static bool has_line(const char *path, const char *pattern)
{
	const char *text = read_text(path);
	regex_t regex;
	bool found;

	cr_assert_eq(regcomp(&regex, text_of(STAMP "%s$", pattern), REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
	found = text && regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static void wait_line(const char *path, const char *pattern)
{
	for (long long until = now_ms() + DEADLINE_MS; !has_line(path, pattern); pause_a_moment())
		cr_assert(now_ms() < until, "no line '%s' in: %s\n%s", pattern,
			  read_text(path) ? read_text(path) : "(no file)", world_logs());
}

static void visit(struct superd *superd, const char *service)
{
	int client = client_connect(superd_port(superd, service));

	client_rest(client);
	close(client);
}

Behaviour(xinetd_log, each_client_has_a_start_and_an_end)
{
	const char *file = path_in("records");
	struct superd *superd = clock_run(EACH, "/bin/sh -c 'read line; exit 3'", to_file(file, EVERYTHING));
	int client = client_connect(superd_port(superd, "each")), start, end;

	wait_line(file, "START: each pid=[0-9]+ from=127\\.0\\.0\\.1");
	clock_advance(superd, HOUR_MS);
	client_send(client, "go\n");
	wait_line(file, "EXIT: each status=3 pid=[0-9]+ duration=36[0-9][0-9]\\(sec\\)");
	cr_assert_eq(sscanf(strstr(read_text(file), "START:"), "START: each pid=%d", &start), 1);
	cr_assert_eq(sscanf(strstr(read_text(file), "EXIT:"), "EXIT: each status=3 pid=%d", &end), 1);
	cr_assert_eq(start, end);
	cr_assert_eq(count_lines(file), 2u, "%s", read_text(file));
	close(client);
}

Behaviour(xinetd_log, an_end_by_a_signal_tells_its_number)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run(EACH, "/bin/sh -c 'kill -TERM $$'", to_file(file, EVERYTHING));

	visit(superd, "each");
	wait_line(file, "EXIT: each signal=15 pid=[0-9]+ duration=[0-9]+\\(sec\\)");
}

Behaviour(xinetd_log, each_flag_adds_its_field_and_no_other)
{
	const char *pid = path_in("pid"), *host = path_in("host"), *time = path_in("time");
	const char *exec = "/bin/true";
	struct superd *superd = superd_run(
		"service pid {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = %s\n%s}\n"
		"service host {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = %s\n%s}\n"
		"service time {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = %s\n%s}\n",
		exec, to_file(pid, "log_on_success = { PID }"), exec, to_file(host, "log_on_success = { HOST }"), exec,
		to_file(time, "log_on_success = { DURATION }"));

	visit(superd, "pid");
	visit(superd, "host");
	visit(superd, "time");
	wait_line(time, "EXIT: time duration=[0-9]+\\(sec\\)");
	wait_line(time, "START: time");
	superd_stop(superd);
	cr_assert(has_line(pid, "START: pid pid=[0-9]+") && count_lines(pid) == 1, "%s", read_text(pid));
	cr_assert(has_line(host, "START: host from=127\\.0\\.0\\.1") && count_lines(host) == 1, "%s", read_text(host));
}

Behaviour(xinetd_log, who_is_turned_away_is_told_with_the_reason)
{
	const char *file = path_in("records");
	struct superd *superd =
		superd_run(EACH, "/bin/cat", to_file(file, EVERYTHING "instances = 1\noverload = refuse\n"));
	int port = superd_port(superd, "each"), first = client_connect(port), second;

	client_send(first, "hello\n");
	client_line(first);
	second = client_connect(port);
	cr_assert(client_sees_end(second));
	wait_line(file, "FAIL: each service_limit from=127\\.0\\.0\\.1");
	close(first);
	close(second);
	wait_line(file, "EXIT: each status=0 .*");
	cr_assert_eq(count_lines(file), 3u, "%s", read_text(file));
}

Behaviour(xinetd_log, who_may_not_come_has_neither_start_nor_end)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run(EACH, "/bin/cat", to_file(file, EVERYTHING "no_access = \"127.0.0.1\"\n"));
	int client = client_connect(superd_port(superd, "each"));

	cr_assert(client_sees_end(client));
	wait_line(file, "FAIL: each address from=127\\.0\\.0\\.1");
	close(client);
	superd_stop(superd);
	cr_assert_eq(count_lines(file), 1u, "%s", read_text(file));
}

Behaviour(xinetd_log, attempt_alone_has_the_refusal_written_without_the_address)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run(EACH, "/bin/cat",
					   to_file(file, "log_on_failure = { ATTEMPT }\nno_access = \"127.0.0.1\"\n"));
	int client = client_connect(superd_port(superd, "each"));

	cr_assert(client_sees_end(client));
	wait_line(file, "FAIL: each address");
	close(client);
}

/* So many clients, each with an address of its own, while superd does not look. */
static void come_at_once(struct superd *superd, int *clients, int count)
{
	int port = superd_port(superd, "each");

	superd_signal(superd, SIGSTOP);
	for (int n = 0; n < count; n++)
		clients[n] = client_connect_from(text_of("127.0.0.%d", 1 + n), port);
	superd_signal(superd, SIGCONT);
}

Behaviour(xinetd_log, a_service_that_rests_for_cps_says_so_in_xinetds_words)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run(EACH, "/bin/cat", to_file(file, EVERYTHING "cps = { 1, 1h }\n"));
	int clients[2];

	come_at_once(superd, clients, 2);
	wait_line(file, "FAIL: each connections per second from=127\\.0\\.0\\.2");
	superd_wait_log(superd,
			"\nDeactivating service each due to excessive incoming connections.  Restarting in 3600 "
			"seconds.\n");
	close(clients[0]);
	close(clients[1]);
}

/* It was taken out of the queue to be named, and has had its line. */
Behaviour(xinetd_log, who_waits_for_the_end_of_a_rest_fails_once)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run(EACH, "/bin/cat", to_file(file, EVERYTHING "cps = { 1, 1h }\n"));
	int clients[2];

	come_at_once(superd, clients, 2);
	wait_line(file, "FAIL: each connections per second from=127\\.0\\.0\\.2");
	superd_stop(superd);
	cr_expect(has_line(file, "EXIT: each .*"), "%s", read_text(file));
	cr_expect_null(strstr(read_text(file), "fork"), "%s", read_text(file));
	cr_expect_eq(count_lines(file), 3u, "%s", read_text(file));
	close(clients[0]);
	close(clients[1]);
}

/* Its filter xinetd-fail, with what it has for <HOST>. */
Behaviour(xinetd_log, fail2ban_finds_the_address_of_who_is_refused)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run(EACH, "/bin/cat", to_file(file, EVERYTHING "no_access = \"127.0.0.0/8\"\n"));
	int client = client_connect(superd_port(superd, "each"));

	wait_line(file, "FAIL: [^ ]+ address from=(::f{4,6}:)?[0-9.]+");
	close(client);
}

/* Who was taken out of the queue to be named is no more lost than those who wait there. */
Behaviour(xinetd_log, who_is_one_too_many_for_cps_is_named_and_served_later)
{
	const char *file = path_in("records");
	struct superd *superd = clock_run(EACH, "/bin/cat", to_file(file, EVERYTHING "cps = { 1, 1h }\n"));
	int clients[4];

	come_at_once(superd, clients, 4);
	wait_line(file, "FAIL: each connections per second from=127\\.0\\.0\\.2");
	for (int n = 0; n < 4; n++) {
		client_send(clients[n], "hello\n");
		CLOCK_UNTIL(superd, 30 * MINUTE_MS, 5, !client_is_quiet(clients[n], 0));
		cr_expect_str_eq(client_line(clients[n]), "hello");
		close(clients[n]);
	}
}

BehaviourOfUsers(record, who_has_no_name_where_one_is_needed_has_no_other_line)
{
	const char *file = path_in("records");
	struct superd *superd;
	int client;

	SKIP_WITHOUT(!client_can_connect(113), "this machine has an ident server");
	superd = superd_run(EACH, "/bin/cat", to_file(file, EVERYTHING "id_only = yes\n"));
	client = client_connect(superd_port(superd, "each"));
	cr_assert(client_sees_end(client));
	wait_line(file, "NOID: each 127\\.0\\.0\\.1 .+");
	close(client);
	superd_stop(superd);
	cr_assert_eq(count_lines(file), 1u, "%s", read_text(file));
}

Behaviour(xinetd_log, an_ipv4_client_is_one_by_whatever_socket_it_comes)
{
	const char *file = path_in("records");
	struct superd *superd =
		superd_run("service each {\n listen = \"0\"\n accept = yes\n exec = \"/bin/true\"\n%s}\n",
			   to_file(file, EVERYTHING));

	visit(superd, "each");
	wait_line(file, "START: each pid=[0-9]+ from=127\\.0\\.0\\.1");
}

Behaviour(xinetd_log, what_cannot_be_started_has_neither_start_nor_end)
{
	const char *file = path_in("records"), *script = write_file("script", "#!/bin/sh\n");
	struct superd *superd;
	int client;

	chmod(script, 0755);
	superd = superd_run(EACH, script, to_file(file, EVERYTHING "backoff_min = 1h\nbackoff_max = 1h\n"));
	superd_wait_log(superd, "listening on");
	cr_assert_eq(unlink(script), 0);        /* only now: a start of superd would have found it missing */
	client = client_connect(superd_port(superd, "each"));
	superd_wait_log(superd, "each: cannot start");
	superd_stop(superd);
	close(client);
	cr_assert_null(strstr(read_text(file) ? read_text(file) : "", "START"), "%s", read_text(file));
	cr_assert_null(strstr(read_text(file) ? read_text(file) : "", "EXIT"), "%s", read_text(file));
}

/* As with xinetd, which does not know the client either. */
Behaviour(xinetd_log, a_backend_that_ends_at_once_has_both_lines)
{
	const char *file = path_in("records"), *text;
	struct superd *superd = superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s}\n",
					   backend("take"), to_file(file, EVERYTHING));

	client_ask(superd_port(superd, "web"), "hello\n");
	wait_line(file, "EXIT: web status=0 pid=[0-9]+ duration=[0-9]+\\(sec\\)");
	text = read_text(file);
	cr_assert(has_line(file, "START: web pid=[0-9]+ from=<no address>"), "%s", text);
	cr_assert_lt(strstr(text, "START: "), strstr(text, "EXIT: "), "%s", text);
}

Behaviour(xinetd_log, a_datagram_that_starts_a_backend_tells_its_sender)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run("service dns {\n listen = \"udp:127.0.0.1:0\"\n exec = \"%s\"\n%s}\n",
					   backend("datagrams"), to_file(file, EVERYTHING));
	int client = datagram_client(superd_port(superd, "dns"));

	datagram_ask(client, "hello");
	wait_line(file, "START: dns pid=[0-9]+ from=127\\.0\\.0\\.1");
	close(client);
}

Behaviour(xinetd_log, a_local_client_has_no_address)
{
	const char *file = path_in("records"), *node = path_in("node");
	struct superd *superd =
		superd_run("service each {\n listen = \"%s\"\n accept = yes\n exec = \"/bin/true\"\n%s}\n", node,
			   to_file(file, EVERYTHING));
	int client;

	wait_node(node);
	client = client_connect_unix(node, SOCK_STREAM);
	client_rest(client);
	wait_line(file, "START: each pid=[0-9]+ from=<no address>");
	close(client);
	superd_stop(superd);
}

Behaviour(xinetd_log, syslog_gets_the_line_with_facility_and_level)
{
	const struct setup setup = { .own_dev = true };
	char line[4096], expected[64];
	struct superd *superd;
	ssize_t got;
	int receiver;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	receiver = bind_dev_log();
	superd = superd_run_with(&setup, EACH, "/bin/true",
				 "log_type = { SYSLOG, local3, notice }\nlog_on_success = { PID, HOST }");
	visit(superd, "each");
	WAIT_UNTIL((got = recv(receiver, line, sizeof(line) - 1, MSG_DONTWAIT)) > 0);
	line[got] = '\0';
	snprintf(expected, sizeof(expected), "<%d>", LOG_LOCAL3 | LOG_NOTICE);
	cr_assert(!strncmp(line, expected, strlen(expected)), "not %s: %s", expected, line);
	cr_assert(strstr(line, " superd[") && strstr(line, "]: START: each pid="), "%s", line);
	cr_assert(strstr(line, " from=127.0.0.1"), "%s", line);
	close(receiver);
}

Behaviour(xinetd_log, without_log_type_the_lines_stand_in_superds_own_log_as_they_are)
{
	struct superd *superd = superd_run(EACH, "/bin/sh -c 'exit 3'", EVERYTHING);

	visit(superd, "each");
	superd_wait_log(superd, "\nEXIT: each status=3 pid=");
	cr_assert(superd_logged(superd, "\nSTART: each pid="), "%s", world_logs());
}

/* A program has one line for the start of each client, and one for its end; a failure is in superd's words, too. */
Behaviour(xinetd_log, superds_own_lines_do_not_double_those_of_xinetd)
{
	struct superd *superd = superd_run(EACH, "/bin/sh -c 'read status; exit $status'", EVERYTHING);
	int port = superd_port(superd, "each"), client;

	for (int status = 0; status < 2; status++) {
		client = client_connect(port);
		client_send(client, status ? "1\n" : "0\n");
		superd_wait_log(superd, text_of("\nEXIT: each status=%d pid=", status));
		close(client);
	}
	superd_wait_log(superd, "each: pid ");
	cr_expect(superd_logged(superd, " ended: exit status 1"), "%s", world_logs());
	cr_expect(!superd_logged(superd, "each: started"), "%s", world_logs());
	cr_expect(!superd_logged(superd, " ended: exit status 0"), "%s", world_logs());
}

/* What gets the listeners starts seldom, and nothing but superd's own line tells how it goes on. */
Behaviour(xinetd_log, superds_own_lines_stand_beside_those_of_who_gets_the_listeners)
{
	struct superd *superd = superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s}\n",
					   backend("take"), EVERYTHING);

	client_ask(superd_port(superd, "web"), "hello\n");
	superd_wait_log(superd, "\nEXIT: web status=0 pid=");
	superd_wait_log(superd, " ended: exit status 0");
	cr_expect(superd_logged(superd, "web: started, pid "), "%s", world_logs());
}

Behaviour(xinetd_log, a_quieter_log_still_has_the_lines_that_a_service_asks_for)
{
	static const char *const arguments[] = { "--log-level", "error", NULL };
	const struct setup setup = { .arguments = arguments };
	int port = free_port(), client;
	struct superd *superd = superd_run_with(
		&setup, "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"/bin/true\"\n%s}\n", port,
		EVERYTHING);

	WAIT_UNTIL(client_can_connect(port));
	client = client_connect(port);
	client_rest(client);
	close(client);
	superd_wait_log(superd, "START: each pid=");
}

Behaviour(xinetd_log, in_json_the_line_has_its_facts)
{
	static const char *const arguments[] = { "--log-format", "json", NULL };
	const struct setup setup = { .arguments = arguments };
	int port = free_port(), client;
	struct superd *superd = superd_run_with(
		&setup,
		"service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"/bin/sh -c 'exit 3'\"\n%s}\n",
		port, EVERYTHING);

	WAIT_UNTIL(client_can_connect(port));
	client = client_connect(port);
	client_rest(client);
	close(client);
	superd_wait_log(superd, "\"service\":\"each\",\"event\":\"start\",\"pid\":");
	superd_wait_log(superd, "\"event\":\"exit\"");
	cr_assert(superd_logged(superd, "\"peer\":\"127.0.0.1\",\"message\":\"START: each pid="), "%s", world_logs());
	cr_assert(superd_logged(superd, "\"status\":3,"), "%s", world_logs());
}

Behaviour(xinetd_log, a_file_that_was_moved_away_is_made_anew_at_a_hangup)
{
	const char *file = path_in("records"), *moved = path_in("records.1");
	const char *options = to_file(file, "log_on_success = { HOST }");
	struct superd *superd = superd_run(EACH, "/bin/true", options);

	visit(superd, "each");
	wait_line(file, "START: each .*");
	cr_assert_eq(rename(file, moved), 0);
	cr_assert(superd_reload(superd, EACH, "/bin/true", options));
	visit(superd, "each");
	wait_line(file, "START: each .*");
	cr_assert_eq(count_lines(moved), 1u);
	cr_assert_eq(count_lines(file), 1u);
}

Behaviour(xinetd_log, a_file_that_was_moved_away_is_noticed_and_no_line_is_lost)
{
	const char *file = path_in("records"), *moved = path_in("records.1");
	struct superd *superd = clock_run(EACH, "/bin/true", to_file(file, "log_on_success = { HOST }"));

	visit(superd, "each");
	wait_line(file, "START: each .*");
	cr_assert_eq(rename(file, moved), 0);
	visit(superd, "each");
	clock_advance(superd, MINUTE_MS);
	visit(superd, "each");
	wait_line(file, "START: each .*");
	WAIT_UNTIL(count_lines(file) + count_lines(moved) == 3);
}

Behaviour(xinetd_log, at_its_limits_a_file_is_told_of_and_the_service_goes_on)
{
	const char *file = path_in("records");
	struct superd *superd = superd_run(
		EACH, "/bin/true", text_of("log_type = { FILE, \"%s\", 100, 200 }\nlog_on_success = { HOST }", file));
	struct stat status;

	for (int n = 0; n < 12; n++)
		visit(superd, "each");
	superd_wait_log(superd, "grows beyond 100B, log_type's soft limit");
	superd_wait_log(superd, "has reached 200B, log_type's hard limit");
	cr_assert_eq(stat(file, &status), 0);
	cr_assert_leq(status.st_size, 200);
	cr_assert_eq(superd_log_count(superd, "log_type's"), 2u, "%s", world_logs());
}

Behaviour(xinetd_log, a_file_out_of_reach_keeps_nobody_out)
{
	const char *folder = path_in("folder"), *file = path_in("folder/records");
	struct superd *superd = superd_run(EACH, "/bin/true", to_file(file, "log_on_success = { HOST }"));

	visit(superd, "each");
	superd_wait_log(superd, "each: warning: cannot log to ");
	visit(superd, "each");
	cr_assert_eq(mkdir(folder, 0755), 0);
	while (!read_text(file)) {
		visit(superd, "each");
		pause_a_moment();
	}
	superd_wait_log(superd, text_of("logging to %s again", file));
	cr_assert(superd_logged(superd, "\nSTART: each from="), "%s", world_logs());
	cr_assert_eq(superd_log_count(superd, "cannot log to"), 1u, "%s", world_logs());
}

Behaviour(xinetd_log, superds_own_output_can_be_the_file)
{
	int ends[2];
	struct setup setup = { 0 };
	struct superd *superd;
	char text[512];
	ssize_t got;

	cr_assert_eq(pipe(ends), 0);
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	setup.out = ends[1];
	superd = superd_run_with(&setup, EACH, "/bin/true", to_file("/dev/stdout", "log_on_success = { HOST }"));
	visit(superd, "each");
	WAIT_UNTIL((got = read(ends[0], text, sizeof(text) - 1)) > 0);
	text[got] = '\0';
	cr_assert(strstr(text, ": START: each from=127.0.0.1\n"), "%s", text);
}

Behaviour(xinetd_log, files_of_services_that_are_gone_are_closed)
{
	const char *file = path_in("records"), *options = to_file(file, "log_on_success = { HOST }");
	struct superd *superd = superd_run(EACH, "/bin/true", "");
	size_t before;

	visit(superd, "each");
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert(superd_reload(superd, EACH, "/bin/true", "")); /* what a reload has open once */
	before = superd_fd_count(superd);
	cr_assert(superd_reload(superd, EACH, "/bin/true", options));
	visit(superd, "each");
	wait_line(file, "START: each .*");
	cr_assert(superd_reload(superd, EACH, "/bin/true", ""));
	cr_assert(superd_reload(superd, EACH, "/bin/true", ""));
	superd_expect_fds(superd, before);
}

Behaviour(xinetd_log, the_end_of_one_that_went_over_an_upgrade_is_that_of_its_start)
{
	const char *file = path_in("records");
	struct superd *superd = clock_run(EACH, "/bin/sh -c 'read x; exit 3'", to_file(file, EVERYTHING));
	int client = client_connect(superd_port(superd, "each")), start, end;

	wait_line(file, "START: each pid=[0-9]+ from=127\\.0\\.0\\.1");
	clock_advance(superd, HOUR_MS);
	superd_upgrade(superd);
	client_send(client, "go\n");
	wait_line(file, "EXIT: each status=3 pid=[0-9]+ duration=36[0-9][0-9]\\(sec\\)");
	cr_assert_eq(sscanf(strstr(read_text(file), "START:"), "START: each pid=%d", &start), 1);
	cr_assert_eq(sscanf(strstr(read_text(file), "EXIT:"), "EXIT: each status=3 pid=%d", &end), 1);
	cr_assert_eq(start, end);
	cr_assert_eq(count_lines(file), 2u, "%s", read_text(file));
	close(client);
}
