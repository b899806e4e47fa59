/* The traps that inetds are known to fall into, each as a table of inetd.conf that superd must not fall into with. What
 * is hard is "never": where no event tells that something does not happen, the clock goes on for minutes, and wake-ups
 * and marks of starts are counted. */
#include <arpa/inet.h>

#include "harness.h"
#include "private.h"
#include "reading.h"
#include "tables.h"

static const struct setup by_clock = { .format = "inetd", .clock = true };

static const char *told(int port)
{
	int client = client_connect(port);
	const char *text = client_rest(client);

	close(client);
	return text;
}

/* Nothing starts and superd sleeps for nine of ten minutes, whatever waits in its queues. Whoever stops and continues
 * it wakes it. */
static void expect_calm(struct superd *superd, const char *marks, size_t starts)
{
	clock_advance(superd, 3 * MINUTE_MS);
	clock_expect_wakes(superd, 2 * MINUTE_MS, 3, 2);
	cr_assert_eq(count_lines(marks), starts, "%s", world_logs());
}

/* ---- limits ---- */

Behaviour(inetd_traps, nowait_3_serves_three_and_then_keeps_its_clients)
{
	int port = free_port(), waiting[4];
	const char *marks = path_in("marks"), *program = inetd_backend("-m %s stdio", marks);
	struct superd *superd = superd_run_with(&by_clock, "127.0.0.1:%d stream tcp nowait.3 %s\n", port, program);
	size_t descriptors;

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	for (int n = 0; n < 3; n++)
		client_ask_pid(port);
	WAIT_UNTIL(superd_processes(superd) == 0);
	descriptors = superd_fd_count(superd);
	for (int n = 0; n < 4; n++) {
		waiting[n] = client_connect(port);
		client_send(waiting[n], "hello\n");
	}
	superd_wait_log(superd, text_of("\n%d/tcp server failing (looping), service terminated for 10 min\n", port));
	expect_calm(superd, marks, 3);
	superd_expect_fds(superd, descriptors);
	cr_assert(superd_reload(superd, "127.0.0.1:%d stream tcp nowait.30 %s\n", port, program));
	for (int n = 0; n < 4; n++) {
		cr_expect_not_null(strstr(client_line(waiting[n]), " hello"));
		close(waiting[n]);
	}
}

Behaviour(inetd_traps, a_number_behind_wait_ends_in_a_rest_and_not_in_a_spin)
{
	int stream = free_port(), dgram = free_port(), client, sender;
	const char *marks = path_in("marks");
	const char *program = inetd_backend("-m %s exit 0", marks);
	struct superd *superd =
		superd_run_with(&by_clock, "127.0.0.1:%d stream tcp wait.2 %s\n127.0.0.1:%d dgram udp wait.2 %s\n",
				stream, program, dgram, program);

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", stream));
	wait_listening(superd, text_of("udp:127.0.0.1:%d", dgram));
	client = client_connect(stream);
	sender = datagram_client(dgram);
	client_send(sender, "nobody reads this");
	WAIT_UNTIL(superd_log_count(superd, "server failing (looping)") == 2);
	expect_calm(superd, marks, 4);
	close(client);
	close(sender);
}

static size_t count_pauses(struct superd *superd, const char *kind, int port)
{
	return superd_log_count(superd, text_of("%d%s@127.0.0.1: next start in ", port, kind));
}

/* Without any number, too: a server that takes nothing from its queue is paused for from the ninth start on, longer
 * each time. */
Behaviour(inetd_traps, a_wait_server_that_takes_nobody_is_not_started_over_and_over)
{
	int stream = free_port(), dgram = free_port(), client, sender;
	const char *marks = path_in("marks"), *others = path_in("others");
	struct superd *superd =
		superd_run_with(&by_clock, "127.0.0.1:%d stream tcp wait %s\n127.0.0.1:%d dgram udp wait %s\n", stream,
				inetd_backend("-m %s exit 0", marks), dgram, inetd_backend("-m %s exit 0", others));
	size_t starts;

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", stream));
	wait_listening(superd, text_of("udp:127.0.0.1:%d", dgram));
	client = client_connect(stream);
	sender = datagram_client(dgram);
	client_send(sender, "nobody reads this");
	CLOCK_UNTIL(superd, MINUTE_MS, 20,
		    count_pauses(superd, "", stream) >= 10 && count_pauses(superd, "-udp", dgram) >= 10);
	cr_assert_leq(count_lines(marks), 9 + count_pauses(superd, "", stream), "%s", world_logs());
	cr_assert_leq(count_lines(others), 9 + count_pauses(superd, "-udp", dgram), "%s", world_logs());
	clock_advance(superd, 5 * SECOND_MS);
	starts = superd_log_count(superd, ": started");
	clock_expect_wakes(superd, SECOND_MS, 10, 0);
	superd_expect_count(superd, ": started", starts);
	/* And no counter has shut it for good. */
	cr_assert(superd_reload(superd, "127.0.0.1:%d stream tcp wait %s\n127.0.0.1:%d dgram udp wait %s\n", stream,
				inetd_backend("take 1"), dgram, inetd_backend("datagrams 50")));
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	close(sender);
}

Behaviour(inetd_traps, a_datagram_with_nowait_starts_one_server)
{
	int port = free_port(), client;
	const char *marks = path_in("marks");
	struct superd *superd = superd_run_with(&by_clock, "127.0.0.1:%d dgram udp nowait %s\n", port,
						inetd_backend("-m %s -d 20 datagrams 100", marks));

	wait_listening(superd, text_of("udp:127.0.0.1:%d", port));
	client = datagram_client(port);
	cr_assert_not_null(strstr(datagram_ask(client, "one"), " one"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	clock_advance(superd, HOUR_MS);
	cr_assert_eq(count_lines(marks), 1);
	cr_assert_not_null(strstr(datagram_ask(client, "two"), " two"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert_eq(count_lines(marks), 2, "%zu starts for two datagrams\n%s", count_lines(marks), world_logs());
	close(client);
}

Behaviour(inetd_traps, one_client_after_the_other_is_served_without_a_pause)
{
	int port = free_port();
	struct superd *superd = inetd_run("127.0.0.1:%d stream tcp nowait %s\n", port, inetd_backend("stdio"));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	for (int n = 0; n < 50; n++)
		client_ask_pid(port);
	/* superd tells of each pause that it makes. */
	cr_assert_not(superd_logged(superd, "next start in "), "%s", world_logs());
	cr_assert_not(superd_logged(superd, "looping"), "%s", world_logs());
}

/* ---- fields ---- */

Behaviour(inetd_traps, the_last_colon_ends_the_host)
{
	int ports[] = { free_port(), free_port(), free_port() };
	struct superd *superd;

	SKIP_WITHOUT(access("/proc/net/if_inet6", F_OK) == 0, "this machine has no IPv6");
	superd = inetd_run("::1:%d stream tcp nowait %s\n[::1]:%d stream tcp nowait %s\n:::%d stream tcp6 nowait %s\n",
			   ports[0], inetd_backend("stdio"), ports[1], inetd_backend("stdio"), ports[2],
			   inetd_backend("stdio"));
	wait_listening(superd, text_of("tcp:[::1]:%d", ports[0]));
	wait_listening(superd, text_of("tcp:[::1]:%d", ports[1]));
	wait_listening(superd, text_of("tcp6:%d", ports[2]));
	for (int n = 0; n < 3; n++) {
		int client = client_connect_to("::1", ports[n]);

		client_send(client, "hello\n");
		cr_expect_not_null(strstr(client_line(client), " hello"));
		close(client);
	}
}

/* superd --check: these words at this place, and an exit of 1. */
static void expect_error(const char *table, const char *said)
{
	struct outcome outcome =
		SUPERD_ANSWER("--check", "--no-preflight", "-f", text_of("inetd:%s", write_file("bad", "%s", table)));

	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, text_of("%s:%s", path_in("bad"), said)), "%s", outcome.err);
}

Behaviour(inetd_traps, what_a_line_cannot_mean_is_refused_and_never_guessed)
{
	expect_error("9001 stream udp4 nowait root /bin/cat cat\n", "1:13: error: 9001: stream and udp4");
	expect_error("9001 dgram tcp wait root /bin/cat cat\n", "1:12: error: 9001: dgram and tcp");
	expect_error("# a word too many\n9001 stream tcp nowait.many root /bin/cat cat\n", "2:24: error: 9001: ");
	expect_error("9001 stream tcp sometimes root /bin/cat cat\n", "1:17: error: 9001: 'sometimes' is neither");
	expect_error("9001 stream tcp nowaitx root /bin/cat cat\n", "1:17: error: 9001: 'nowaitx' is neither");
	expect_error("9001 strean tcp nowait root /bin/cat cat\n", "1:6: error: 9001: 'strean'");
	expect_error("9001 stream tcp nowait root\n", "1:");
	expect_error("no-such-service stream tcp nowait root internal\n", "1:");
}

Behaviour(inetd_traps, a_bad_line_takes_no_other_with_it)
{
	int ports[] = { free_port(), free_port(), free_port() };
	static const char *const arguments[] = { "--keep-going", NULL };
	const struct setup setup = { .format = "inetd", .arguments = arguments };
	struct superd *superd = superd_run_with(&setup,
						"127.0.0.1:\n%d stream tcp nowait %s\n%d stream udp nowait %s\n"
						"\t%d stream tcp nowait %s\n%d stream tcp nowait %s\n",
						ports[0], inetd_backend("stdio"), ports[1], inetd_backend("stdio"),
						ports[1], inetd_backend("stdio"), ports[2], inetd_backend("stdio"));

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", ports[0]));
	wait_listening(superd, text_of("tcp:127.0.0.1:%d", ports[2]));
	client_ask_pid(ports[0]);
	client_ask_pid(ports[2]);
	cr_expect_not(client_can_connect(ports[1]), "the tail of a bad line became a service");
}

/* ---- users ---- */

static void expect_id(struct superd *superd, int port, const char *id)
{
	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	cr_expect_str_eq(told(port), text_of("%s\n", id));
}

Behaviour(inetd_traps, a_user_with_a_dot_in_its_name_is_one)
{
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/passwd", "%sfirst.last:x:4242:4343::/:/bin/sh\nsplit:x:4244:4343::/:/bin/sh\n",
		     read_text("/etc/passwd"));
	private_file("/etc/group", "%sgroup.acct:x:4545:\nsole:x:4646:first.last\n", read_text("/etc/group"));
	superd = inetd_run("127.0.0.1:\n"
			   "4001 stream tcp nowait first.last /bin/sh sh -c \"id -u; id -g; id -G\"\n"
			   "4002 stream tcp nowait first.last:group.acct /bin/sh sh -c \"id -u; id -g; id -G\"\n"
			   "4003 stream tcp nowait split.sole /bin/sh sh -c \"id -u; id -g; id -G\"\n");
	expect_id(superd, 4001, "4242\n4343\n4343 4646");
	expect_id(superd, 4002, "4242\n4545\n4545 4646");
	expect_id(superd, 4003, "4244\n4646\n4646");
}

Behaviour(inetd_traps, roots_group_is_the_one_of_its_line)
{
	int colon = free_port(), dot = free_port(), none = free_port();
	const char *id = "/bin/sh sh -c \"id -u; id -g\"";
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root");
	superd = inetd_run("127.0.0.1:\n%d stream tcp nowait root:daemon %s\n%d stream tcp nowait root.daemon %s\n"
			   "%d stream tcp nowait root %s\n",
			   colon, id, dot, id, none, id);
	expect_id(superd, colon, "0\n1");
	expect_id(superd, dot, "0\n1");
	expect_id(superd, none, "0\n0");
}

Behaviour(inetd_traps, an_unknown_user_is_told_before_anybody_connects)
{
	struct outcome outcome =
		SUPERD_ANSWER("--check", "-f",
			      text_of("inetd:%s",
				      write_file("users",
						 "4001 stream tcp nowait no.such.user /bin/cat cat\n"
						 "4002 stream tcp nowait root:no-such /bin/cat cat\n")));

	cr_expect_eq(outcome.status, 1);
	cr_expect_not_null(strstr(outcome.err, "users:1:24: error: "), "%s", outcome.err);
	cr_expect_not_null(strstr(outcome.err, "users:2:24: error: "), "%s", outcome.err);
}

/* ---- what a server is given ---- */

/* The harness starts superd with SIGPIPE ignored, as a shell script with a trap does. */
Behaviour(inetd_traps, a_server_starts_with_nothing_of_superds)
{
	int port = free_port();
	const char *const environment[] = { "inetd_dummy=x",	     "TCPREMOTEIP=192.0.2.1",
					    "LD_BIND_NOW=1",	     "CREDENTIALS_DIRECTORY=/run/credentials",
					    "REMOTE_HOST=192.0.2.2", NULL };
	const struct setup setup = { .format = "inetd", .environment = environment, .leaks = true };
	struct superd *superd;
	struct reading reading;

	umask(0);
	superd = superd_run_with(&setup, "127.0.0.1:%d stream tcp nowait %s\n", port, inetd_report("-"));
	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	reading = reading_of(told(port));
	reading_expect(reading, "fds", "0 1 2");
	reading_expect(reading, "fd.0.nonblock", "0");
	reading_expect(reading, "not_default", "");
	reading_expect(reading, "blocked", "");
	reading_expect(reading, "umask", "0022");
	reading_expect(reading, "cwd", "/");
	reading_expect(reading, "session_leader", "1");
	reading_expect(reading, "argv.0", "report");
	reading_expect(reading, "env.REMOTE_HOST", "127.0.0.1");
	for (size_t n = 0; n < 4; n++) {
		const char *name = text_of("%.*s", (int)strcspn(environment[n], "="), environment[n]);

		cr_expect_not(reading_lists(reading, "environment", name), "%s is passed on", name);
	}
}

Behaviour(inetd_traps, a_line_without_arguments_has_the_programs_name)
{
	int port = free_port(), searched = free_port();
	const char *script = write_file("named", "#!/bin/sh\ntr '\\0' ' ' </proc/$$/cmdline\n");
	struct superd *superd;

	cr_assert_eq(chmod(script, 0755), 0);
	superd = inetd_run("127.0.0.1:%d stream tcp nowait %s /bin/cat\n127.0.0.1:%d stream tcp nowait %s %s\n", port,
			   own_user(), searched, own_user(), script);
	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	wait_listening(superd, text_of("tcp:127.0.0.1:%d", searched));
	cr_expect_str_eq(client_ask(port, "hello\n"), "hello");
	cr_expect_str_eq(told(searched), text_of("/bin/sh %s ", script));
}

/* inetd --environment tells a server of its client, and no other server of that one. */
Behaviour(inetd_traps, what_is_told_of_one_client_reaches_no_other_server)
{
	int stream = free_port(), dgram = free_port(), plain = free_port(), client;
	const char *report = path_in("report");
	const char *table =
		write_file("inetd.conf",
			   "127.0.0.1:%d stream tcp nowait %s\n127.0.0.1:%d dgram udp wait %s\n"
			   "127.0.0.1:%d stream tcp wait %s\n",
			   stream, inetd_report("-"), dgram, inetd_report(report), plain, inetd_backend("take 1"));
	const struct setup setup = {
		.program = superd_called("inetd"),
		.without_table = true,
		.arguments = (const char *const[]){ "-i", "-e", "--environment", "-p", path_in("inetd.pid"), table,
						    NULL },
	};
	struct superd *inetd = superd_run_with(&setup, "%s", "");
	struct reading reading;

	wait_listening(inetd, text_of("tcp:127.0.0.1:%d", stream));
	wait_listening(inetd, text_of("udp:127.0.0.1:%d", dgram));
	client = client_connect_from("127.0.0.77", stream);
	reading_expect(reading_of(client_rest(client)), "env.TCPREMOTEIP", "127.0.0.77");
	close(client);
	client = datagram_client(dgram);
	cr_assert_str_eq(datagram_ask(client, "hello"), "reported\n");
	close(client);
	reading = reading_wait(report);
	cr_expect(!strstr(reading.text, "127.0.0.77"), "%s", reading.text);
	cr_expect_null(reading_get(reading, "env.REMOTE_HOST"));
}

Behaviour(inetd_traps, streams_that_were_closed_at_the_start_are_no_clients)
{
	int port = free_port();
	const char *table = write_file("table", "127.0.0.1:%d stream tcp nowait %s\n", port, inetd_report("-"));
	const char *start =
		text_of("exec %s --control none --log file:%s -f inetd:%s <&- >&- 2>&-", superd_path(), path_in("log"),
			table);
	const struct setup setup = {
		.program = "/bin/sh",
		.without_table = true,
		.arguments = (const char *const[]){ "-c", start, NULL },
	};
	struct superd *superd = superd_run_with(&setup, "%s", "");
	struct reading reading;

	WAIT_UNTIL(client_can_connect(port));
	for (int n = 0; n < 3; n++) {
		reading = reading_of(told(port));
		reading_expect(reading, "fds", "0 1 2");
		reading_expect(reading, "fd.0.address", text_of("127.0.0.1:%d", port));
		reading_expect(reading, "fd.2.address", text_of("127.0.0.1:%d", port));
	}
	superd_stop(superd);
}

/* ---- reload ---- */

Behaviour(inetd_traps, a_wait_server_stays_the_only_one_over_a_reload)
{
	int port = free_port(), more = free_port();
	const char *line = text_of("127.0.0.1:%d stream tcp wait %s\n", port, inetd_backend("take 3"));
	struct superd *superd = inetd_run("%s", line);
	long pid;

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	pid = client_ask_pid(port);
	cr_assert(superd_reload(superd, "%s127.0.0.1:%d stream tcp nowait %s\n", line, more, inetd_backend("stdio")));
	cr_expect_eq(client_ask_pid(port), pid);
	cr_assert(superd_reload(superd, "%s", line));
	cr_expect_eq(client_ask_pid(port), pid);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_expect_neq(client_ask_pid(port), pid, "its end was not noticed");
}

/* The second client waits in the queue of a service of the second file, which a new socket would not have. */
Behaviour(inetd_traps, services_of_every_file_keep_their_queue_over_a_reload)
{
	int first = free_port(), second = free_port(), served, queued;
	const char *folder = path_in("inetd.d");
	struct setup setup = {
		.program = superd_called("inetd"),
		.without_table = true,
		.clock = true,
		.arguments = (const char *const[]){ "-i", "-e", "-p", path_in("inetd.pid"), folder, NULL },
	};
	struct superd *inetd;

	cr_assert_eq(mkdir(folder, 0755), 0);
	/* What the first says of all its further lines is not for those of the second. */
	write_file("inetd.d/a", "127.0.0.1:%d stream tcp nowait %s\n127.0.0.2:\n", first, inetd_backend("stdio"));
	write_file("inetd.d/b", "%d stream tcp4 nowait/1 %s\n", second, inetd_backend("lines"));
	inetd = superd_run_with(&setup, "%s", "");
	wait_listening(inetd, text_of("tcp4:%d", second));
	served = client_connect(second);
	client_send(served, "one\n");
	client_line(served);
	queued = client_connect(second);
	client_send(queued, "two\n");
	superd_signal(inetd, SIGHUP);
	superd_wait_log(inetd, "inetd: reloaded");
	clock_advance(inetd, HOUR_MS);
	cr_assert(client_is_quiet(queued, 0));
	close(served);
	cr_expect_not_null(strstr(client_line(queued), " two"));
	close(queued);
	client_ask_pid(first);
}

Behaviour(inetd_traps, a_silent_resolver_at_a_reload_holds_no_client_up)
{
	struct superd *superd;
	int resolver;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	resolver = private_silent_resolver();
	superd = inetd_run("127.0.0.1:4001 stream tcp nowait %s\n", inetd_backend("stdio"));
	wait_listening(superd, "tcp:127.0.0.1:4001");
	write_file("superd.conf", "host.example:4002 stream tcp4 nowait %s\n", inetd_backend("stdio"));
	superd_signal(superd, SIGHUP);
	cr_assert_not(client_is_quiet(resolver, DEADLINE_MS), "nobody asked for the name");
	for (int n = 0; n < 10; n++)
		client_ask_pid(4001);
	cr_expect_not(superd_logged(superd, "not reloaded: "), "%s", world_logs());
	WAIT_UNTIL((private_deny_names(resolver), superd_logged(superd, "superd: not reloaded: ")));
	superd_wait_log(superd, "host.example");
	client_ask_pid(4001);
	/* Nor does it hold up the end. */
	superd_signal(superd, SIGHUP);
	cr_assert_not(client_is_quiet(resolver, DEADLINE_MS), "nobody asked again");
	client_ask_pid(4001);
}

/* A number that a reload changes counts from then on. */
Behaviour(inetd_traps, a_changed_rate_is_the_rate)
{
	int port = free_port();
	const char *program = inetd_backend("stdio");
	struct superd *superd = inetd_run("127.0.0.1:%d stream tcp nowait.2 %s\n", port, program);

	wait_listening(superd, text_of("tcp:127.0.0.1:%d", port));
	client_ask_pid(port);
	cr_assert(superd_reload(superd, "127.0.0.1:%d stream tcp nowait.40 %s\n", port, program));
	for (int n = 0; n < 20; n++)
		client_ask_pid(port);
	cr_expect_not(superd_logged(superd, "looping"));
}

/* ---- many ---- */

/* As many listeners as select() could never watch; the last is served as the first. */
Behaviour(inetd_traps, more_services_than_select_could_watch_are_served)
{
	enum { SERVICES = 1200 };
	int port = free_port(), client;
	char *text = NULL;
	size_t size;
	FILE *table = open_memstream(&text, &size);
	const char *last = text_of("127.1.%d.%d", SERVICES / 200, SERVICES % 200 + 1);
	struct superd *superd;

	cr_assert_not_null(table);
	for (int n = 0; n <= SERVICES; n++)
		fprintf(table, "127.1.%d.%d:%d stream tcp nowait %s\n", n / 200, n % 200 + 1, port,
			inetd_backend("stdio"));
	cr_assert_eq(fclose(table), 0);
	superd = inetd_run("%s", text);
	wait_listening(superd, text_of("tcp:%s:%d", last, port));
	cr_assert(geteuid() != 0 || superd_fd_count(superd) > SERVICES);
	client = client_connect_to(last, port);
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	client = client_connect_to("127.1.0.1", port);
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	superd_stop(superd);
	free(text);
}

/* ---- sockets of the file system ---- */

Behaviour(inetd_traps, a_socket_of_the_file_system_is_for_all_and_goes_with_superd)
{
	const char *path = path_in("socket"), *file = write_file("file", "no socket\n");
	struct superd *superd = inetd_run("%s stream unix nowait %s\n", path, inetd_backend("stdio"));
	struct stat status;

	wait_node(path);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0666);
	cr_expect_not_null(strstr(client_ask_unix(path, "hello\n"), " hello"));
	cr_assert(superd_reload(superd, "%s stream unix nowait %s\n", file, inetd_backend("stdio")));
	WAIT_UNTIL(access(path, F_OK) < 0);
	superd_wait_log(superd, text_of("%s", file));
	cr_expect_str_eq(read_text(file), "no socket\n", "a file that is no socket was unlinked");
	superd_stop(superd);
	cr_expect_eq(access(file, F_OK), 0);
}

/* ---- who is one too many ---- */

/* Those systems close the socket or the connection, and start no server there for ten minutes. superd takes their
 * number and their time, and has clients wait. */
static void expect_one_too_many(const char *format, const char *field, size_t served)
{
	const struct setup setup = { .format = format, .clock = true };
	int port = free_port(), client;
	struct superd *superd =
		superd_run_with(&setup, "%d stream tcp %s %s /bin/echo echo hello\n", port, field, own_user());

	superd_wait_log(superd, text_of(":%d", port));
	for (size_t n = 0; n < served; n++)
		cr_expect_str_eq(client_line(client_connect(port)), "hello", "%s %s, client %zu", format, field, n + 1);
	client = client_connect(port);
	superd_wait_log(superd, "server failing (looping), service terminated for 10 min");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect(client_is_quiet(client, 0), "%s %s\n%s", format, field, world_logs());
	CLOCK_UNTIL(superd, MINUTE_MS, 3, !client_is_quiet(client, 0));
	cr_expect_str_eq(client_line(client), "hello");
	close(client);
	superd_stop(superd);
}

/* As GNU's inetd was seen to count, and as NetBSD's source has it; openbsd-inetd serves one less. */
Behaviour(inetd_traps, who_is_one_too_many_by_the_count_of_that_system_waits)
{
	expect_one_too_many("inetd+gnu", "nowait.2", 2);
	expect_one_too_many("inetd+netbsd", "nowait:2", 2);
	expect_one_too_many("inetd+openbsd", "nowait.3", 3);
}
