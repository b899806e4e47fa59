/* accept = yes: superd accepts, and each connection is an instance of its own. What is hard to get right is the
 * counting: every limit must free up at any end whatever, and who is over it waits or is refused as the table
 * says. */
#include <sys/resource.h>

#include "guarding.h"
#include "harness.h"
#include "load.h"

static const char each[] = "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n%s\n}\n";

static struct superd *run_each(const char *exec, const char *options)
{
	return superd_run(each, exec, options);
}

/* The next start, which the log tells so, comes when its pause is over, which is a tenth less by jitter; not before. */
static void expect_pause(struct superd *superd, const char *start, int minutes)
{
	size_t before;

	clock_settle(superd);
	before = superd_log_count(superd, start);
	clock_advance(superd, (minutes - 2) * MINUTE_MS - minutes * MINUTE_MS / 10);
	superd_expect_count(superd, start, before);
	clock_advance(superd, minutes * MINUTE_MS / 10 + 3 * MINUTE_MS);
	superd_expect_count(superd, start, before + 1);
}

Behaviour(accept, each_connection_gets_a_process)
{
	struct superd *superd = run_each(backend("lines"), "");
	int port = superd_port(superd, "each"), clients[10];

	for (int i = 0; i < 10; i++)
		clients[i] = client_served(port);
	cr_assert_eq(superd_processes(superd), 10);
	for (int i = 0; i < 10; i++)
		close(clients[i]);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(accept, at_the_limit_of_instances_clients_wait)
{
	struct superd *superd = clock_run(each, backend("lines"), "instances = 2");
	int port = superd_port(superd, "each");
	int first = client_served(port), second = client_served(port), third = client_connect(port);

	client_send(third, "hello\n");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert(client_is_quiet(third, 0), "the third was served or dropped\n%s", world_logs());
	close(first);
	cr_assert_not_null(strstr(client_line(third), " hello"));
	close(second);
	close(third);
}

Behaviour(accept, at_the_limit_of_instances_clients_are_refused_where_asked)
{
	struct superd *superd = run_each(backend("lines"), "instances = 1\noverload = refuse");
	int port = superd_port(superd, "each"), first = client_served(port), second = client_connect(port);

	cr_assert(client_sees_end(second));
	superd_wait_log(superd, "each: refused 127.0.0.1");
	close(second);
	close(first);
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(client_served(port));
}

Behaviour(accept, one_source_may_have_only_so_many)
{
	struct superd *superd = run_each(backend("lines"), "per_source = 2");
	int port = superd_port(superd, "each"), refused, other;
	int first = client_served(port), second = client_served(port);

	refused = client_connect(port);
	cr_assert(client_sees_end(refused));
	close(refused);
	superd_wait_log(superd, "each: refused 127.0.0.1");
	other = client_settle(client_connect_from("127.0.0.2", port));
	close(first);
	WAIT_UNTIL(superd_processes(superd) == 2);
	first = client_served(port);
	close(first);
	close(second);
	close(other);
}

/* With a limit of one, a count that did not go down keeps everybody out from the second on. */
static void see_counts_go_down(const char *how)
{
	const char *marks = path_in("marks");
	struct superd *superd = run_each(backend("-m %s %s", marks, how), "instances = 1\nper_source = 1");
	int port = superd_port(superd, "each");

	for (int i = 0; i < 15; i++) {
		int client = client_connect(port);

		cr_assert(client_sees_end(client));
		close(client);
		WAIT_UNTIL(count_lines(marks) == (size_t)i + 1);
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
	superd_stop(superd);
}

Behaviour(accept, counts_go_down_at_a_clean_exit)
{
	see_counts_go_down("exit 0");
}

Behaviour(accept, counts_go_down_at_a_failure)
{
	see_counts_go_down("exit 1");
}

Behaviour(accept, counts_go_down_at_a_crash)
{
	see_counts_go_down("crash 9");
}

Behaviour(accept, clients_wait_where_the_program_cannot_run)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };
	const char *program = write_file("program", "#!/no/such/interpreter\n");
	struct superd *superd;
	int port, clients[5];

	chmod(program, 0755);
	superd = superd_run_with(&setup,
				 "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n"
				 " instances = 2\n per_source = 2\n}\n",
				 program);
	port = superd_port(superd, "each");
	for (int i = 0; i < 5; i++) {
		clients[i] = client_connect(port);
		client_send(clients[i], "who\n");
	}
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_log_count(superd, "each: cannot start: ") >= 3);
	write_file("program.new", "#!/bin/sh\nexec %s\n", backend("stdio"));
	chmod(path_in("program.new"), 0755);
	cr_assert_eq(rename(path_in("program.new"), program), 0);
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, "each: started"));
	for (int i = 0; i < 5; i++) {
		cr_assert_not_null(strstr(client_line(clients[i]), " who"), "client %d was not served", i);
		close(clients[i]);
	}
	/* The limits count nobody who is not there. */
	WAIT_UNTIL(superd_processes(superd) == 0);
	client_ask_pid(port);
}

/* Far more clients than there can be instances; all are answered, a few at a time, in an order that is the kernel's: of
 * the starts of a turn, a later one may find the room that an earlier one did not. So none stays for another's sake. */
static void serve_all(struct superd *superd, const char *complaint)
{
	int port = superd_port(superd, "each"), clients[40];

	superd_signal(superd, SIGSTOP); /* so that all come at once */
	for (int i = 0; i < 40; i++) {
		clients[i] = client_connect(port);
		client_send(clients[i], "hello\n");
	}
	superd_signal(superd, SIGCONT);
	superd_wait_log(superd, complaint);
	for (int i = 0; i < 40; i++)
		shutdown(clients[i], SHUT_WR);
	for (int i = 0; i < 40; i++) {
		cr_assert_not_null(strstr(client_line(clients[i]), " hello"), "client %d was lost", i);
		close(clients[i]);
	}
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_stop(superd);
}

static const char lines_table[] = "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n"
				  " backoff_max = 200ms\n}\n";

Behaviour(accept, nobody_is_lost_when_processes_run_out)
{
	const struct setup setup = { .uid = lone_user(), .processes = 8 };

	SKIP_WITHOUT(namespace_users() && namespace_works(&setup),
		     "needs root, and a build that every user can reach, for a user of its own to be limited");
	serve_all(superd_run_with(&setup, lines_table, backend("lines")),
		  "cannot start: Resource temporarily unavailable");
}

Behaviour(accept, nobody_is_lost_when_descriptors_run_out)
{
	const char *const arguments[] = { "--no-guard", NULL }; /* which has some of its own */
	const struct setup setup = { .descriptors = 24 + OWN_PROGRAMS, .arguments = arguments };

	serve_all(superd_run_with(&setup, lines_table, backend("lines")), "each: started, pid ");
}

Behaviour(accept, counts_go_down_when_an_instance_is_killed)
{
	struct superd *superd = run_each(backend("lines"), "instances = 1");
	int port = superd_port(superd, "each");

	for (int i = 0; i < 10; i++) {
		int client = client_connect(port);
		const char *answer;

		client_send(client, "hello\n");
		answer = client_line(client);
		cr_assert_eq(kill((pid_t)strtol(answer, NULL, 10), SIGKILL), 0);
		cr_assert(client_sees_end(client));
		close(client);
	}
}

Behaviour(accept, a_failing_instance_is_no_reason_to_let_others_wait)
{
	const char *script = write_file("script", "read -r what\n[ \"$what\" = fail ] && exit 1\necho \"$$ $what\"\n");
	struct superd *superd = run_each(text_of("/bin/sh %s", script), "backoff_min = 1h\n backoff_max = 1h");
	int port = superd_port(superd, "each");

	for (int i = 0; i < 20; i++) {
		int client = client_connect(port);

		client_send(client, "fail\n");
		cr_assert(client_sees_end(client));
		close(client);
	}
	client_ask_pid(port);
}

Behaviour(accept, two_hundred_at_once)
{
	enum { CLIENTS = 200 };
	struct superd *superd = run_each(backend("lines"), "");
	int port = superd_port(superd, "each"), clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = client_connect(port);
	for (int i = 0; i < CLIENTS; i++)
		client_settle(clients[i]);
	cr_assert_eq(superd_processes(superd), CLIENTS);
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(accept, a_datagram_service_that_reads_nothing_pauses)
{
	struct superd *superd =
		clock_run("service dgram {\n listen = \"udp:127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n"
			  " backoff_min = 10min\n backoff_max = 1h\n}\n",
			  backend("exit 1"));
	int client = datagram_client(superd_port(superd, "dgram"));

	for (int i = 0; i < 200; i++)
		client_send(client, "nobody reads this");
	superd_wait_log(superd, "dgram: next start in ");
	expect_pause(superd, "dgram: started", 10);
	expect_pause(superd, "dgram: started", 20);
	superd_wait_log(superd, "no instance reads it");
	close(client);
}

Behaviour(accept, a_datagram_service_starts_no_storm)
{
	const char *marks = path_in("marks");
	struct superd *superd =
		clock_run("service dgram {\n listen = \"udp:127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n",
			  backend("-m %s -d 20 datagrams 100", marks));
	int client = datagram_client(superd_port(superd, "dgram"));

	cr_assert_not_null(strstr(datagram_ask(client, "one"), " one"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_eq(count_lines(marks), 1);
	superd_signal(superd, SIGSTOP); /* so that all come at once */
	for (int i = 0; i < 20; i++)
		client_send(client, "burst");
	superd_signal(superd, SIGCONT);
	WAIT_UNTIL(count_lines(marks) >= 2);
	WAIT_UNTIL(superd_processes(superd) == 0);
	cr_assert_leq(count_lines(marks), 4, "%zu starts for one burst\n%s", count_lines(marks), world_logs());
	close(client);
}

Behaviour(accept, unix_clients_are_served_alike)
{
	const char *path = path_in("each.sock");
	struct superd *superd =
		superd_run("service each { listen = \"%s\" accept = yes exec = \"%s\" }", path, backend("lines"));
	int first, second;

	wait_node(path);
	first = client_settle(client_connect_unix(path, SOCK_STREAM));
	second = client_settle(client_connect_unix(path, SOCK_STREAM));
	WAIT_UNTIL(superd_processes(superd) == 2);
	close(first);
	close(second);
}

Behaviour(accept, clients_that_reset_at_once_do_no_harm)
{
	struct superd *superd = run_each(backend("stdio"), "");
	int port = superd_port(superd, "each");
	size_t before;

	client_ask_pid(port);
	WAIT_UNTIL(superd_processes(superd) == 0);
	before = superd_fd_count(superd);
	for (int i = 0; i < 100; i++) {
		const struct linger reset = { .l_onoff = 1 };
		int client = client_connect(port);

		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
	}
	client_ask_pid(port);
	superd_expect_fds(superd, before);
}

/* What one has prepared for a start is no other's to wait for. */
static void serve_each(unsigned long descriptors, const char *program)
{
	enum { SERVICES = 20 };
	const struct setup setup = { .descriptors = descriptors + OWN_PROGRAMS };
	const char *table = "defaults {\n backoff_max = 500ms\n}\n";
	struct superd *superd;
	int clients[SERVICES];

	for (int n = 0; n < SERVICES; n++)
		table = text_of("%sservice each%d. {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
				" exec = \"%s\"\n}\n", table, n, backend("%s", program));
	superd = superd_run_with(&setup, "%s", table);
	for (int n = 0; n < SERVICES; n++)
		clients[n] = superd_port(superd, text_of("each%d.", n));
	superd_signal(superd, SIGSTOP);         /* so that all come at once */
	for (int n = 0; n < SERVICES; n++) {
		clients[n] = client_connect(clients[n]);
		client_send(clients[n], "who\n");
	}
	superd_signal(superd, SIGCONT);
	client_expect_all(clients, SERVICES, " who");
	superd_stop(superd);
}

/* From its fork, whatever superd does until it comes to note the start. */
Behaviour(accept, no_instance_of_a_batch_has_lasted_less_than_its_program)
{
	enum { CLIENTS = 32 };
	const struct setup setup = { .arguments = (const char *const[]){ "--log-format", "json", NULL } };
	struct superd *superd;
	int port = free_port(), clients[CLIENTS];
	size_t ends = 0;

	superd = superd_run_with(&setup, "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n"
					 " user = \"%s\"\n exec = \"/bin/sleep 0.1\"\n}\n", port, own_user());
	WAIT_UNTIL(client_can_connect(port));
	WAIT_UNTIL(superd_log_count(superd, "\"exited\"") == 1);
	superd_signal(superd, SIGSTOP);
	for (int n = 0; n < CLIENTS; n++)
		clients[n] = client_connect(port);
	superd_signal(superd, SIGCONT);
	WAIT_UNTIL(superd_log_count(superd, "\"exited\"") == CLIENTS + 1);
	for (const char *at = read_text(superd->log); (at = strstr(at, "\"duration\":")); at++, ends++)
		cr_expect_geq(strtod(at + strlen("\"duration\":"), NULL), 0.1, "%.60s", at);
	cr_expect_eq(ends, CLIENTS + 1);
	for (int n = 0; n < CLIENTS; n++)
		close(clients[n]);
}

Behaviour(accept, services_that_share_few_descriptors_are_all_served)
{
	serve_each(45, "stdio");
	serve_each(48, "stdio");
}

/* The pipes of those that have served must not stay open for want of what closes them. */
Behaviour(accept, services_that_take_their_time_share_few_descriptors)
{
	serve_each(50, "-d 300 stdio");
}

/* Which of these leaves too few for the spare ones depends on what superd was left by its parent. */
static void fail_with_few_descriptors(const char *accept)
{
	for (unsigned long descriptors = 25; descriptors <= 35; descriptors++) {
		const struct setup setup = { .descriptors = descriptors + OWN_PROGRAMS, .clock = true };
		struct superd *superd = superd_run_with(
			&setup,
			"service each {\n listen = \"127.0.0.1:0\"\n accept = %s\n backoff_min = 10min\n"
			" backoff_max = 10min\n exec_start_pre = \"/bin/false\"\n exec = \"%s\"\n}\n",
			accept, backend("lines"));
		int client = client_connect(superd_port(superd, "each"));
		size_t before;

		/* It may lack a descriptor to accept with, and pause for that. */
		CLOCK_UNTIL(superd, 10 * MINUTE_MS, 20, superd_log_count(superd, "each: cannot start: ") >= 2);
		clock_settle(superd);
		before = superd_log_count(superd, "each: cannot start: ");
		clock_advance(superd, 8 * MINUTE_MS);
		superd_expect_count(superd, "each: cannot start: ", before);
		close(client);
		superd_stop(superd);
	}
}

Behaviour(accept, a_start_that_fails_while_descriptors_are_short_keeps_its_pauses)
{
	fail_with_few_descriptors("yes");
}

Behaviour(accept, without_it_such_a_start_keeps_its_pauses_too)
{
	fail_with_few_descriptors("no");
}

static struct rlimit take_descriptors(struct superd *superd)
{
	struct rlimit before, none;

	cr_assert_eq(prlimit(superd_itself(superd), RLIMIT_NOFILE, NULL, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	cr_assert_eq(prlimit(superd_itself(superd), RLIMIT_NOFILE, &none, NULL), 0);
	return before;
}

static void give_descriptors(struct superd *superd, const struct rlimit *before)
{
	cr_assert_eq(prlimit(superd_itself(superd), RLIMIT_NOFILE, before, NULL), 0);
}

/* A service named short, which lacks descriptors for a moment. What ends later is an instance of holder. */
static struct superd *run_short(const char *options, int *holder)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };
	struct superd *superd = superd_run_with(
		&setup, "service holder {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n"
			"service short {\n listen = \"127.0.0.1:0\"\n %s\n}\n", backend("lines"), options);

	*holder = client_settle(client_connect(superd_port(superd, "holder")));
	return superd;
}

static void end_holder(struct superd *superd, int holder)
{
	size_t before = superd_log_count(superd, "holder: pid ");

	close(holder);
	WAIT_UNTIL(superd_log_count(superd, "holder: pid ") > before);
}

/* It has started meanwhile, and pauses for its program. */
Behaviour(accept, an_end_cuts_no_pause_after_a_start_that_fails_later)
{
	const char *program = write_file("program", "#!/bin/sh\nexec %s\n", backend("lines"));
	const char *options = text_of("accept = yes\n exec = \"%s\"\n backoff_min = 1h\n backoff_max = 1h", program);
	int holder, client, next;
	struct superd *superd = run_short(options, &holder);
	struct rlimit before = take_descriptors(superd);

	cr_assert_eq(chmod(program, 0755), 0);
	client = client_connect(superd_port(superd, "short"));
	client_send(client, "hello\n");
	superd_wait_log(superd, "short: warning: cannot accept: Too many open files: its clients wait");
	give_descriptors(superd, &before);
	CLOCK_UNTIL(superd, HOUR_MS, 5, superd_logged(superd, "short: started"));
	cr_assert_not_null(strstr(client_line(client), " hello"));
	cr_assert_eq(unlink(program), 0);
	next = client_connect(superd_port(superd, "short"));
	WAIT_UNTIL(superd_logged(superd, "short: cannot start: "));
	end_holder(superd, holder);
	clock_advance(superd, 50 * MINUTE_MS);
	superd_expect_count(superd, "short: cannot start: ", 1);
	close(client);
	close(next);
}

/* Its client waits for descriptors first: that is no failure. */
static int wake_short(struct superd *superd, const char *marks, size_t ends)
{
	struct rlimit before = take_descriptors(superd);
	int client = client_connect(superd_port(superd, "short"));

	superd_wait_log(superd, "short: warning: cannot start: Too many open files: its clients wait");
	give_descriptors(superd, &before);
	CLOCK_UNTIL(superd, HOUR_MS, 5, count_lines(marks) == ends);
	WAIT_UNTIL(superd_log_count(superd, "short: pid ") == ends);
	return client;
}

Behaviour(accept, an_end_cuts_no_pause_after_a_crash)
{
	const char *marks = path_in("marks");
	const char *options =
		text_of("exec = \"%s\"\n backoff_min = 1h\n backoff_max = 1h", backend("-m %s exit 1", marks));
	int holder, client;
	struct superd *superd = run_short(options, &holder);

	client = wake_short(superd, marks, 1);
	end_holder(superd, holder);
	clock_advance(superd, 50 * MINUTE_MS);
	cr_assert_eq(count_lines(marks), 1);
	close(client);
}

Behaviour(accept, an_end_cuts_no_rest)
{
	const char *marks = path_in("marks");
	const char *options = text_of("exec = \"%s\"\n backoff_min = 1h\n backoff_max = 1h\n trigger_limit_burst = 3\n"
				      " trigger_limit_interval = 10h\n trigger_limit_pause = 10h",
				      backend("-m %s exit 1", marks));
	int holder, client;
	struct superd *superd = run_short(options, &holder);

	client = wake_short(superd, marks, 3);
	CLOCK_UNTIL(superd, HOUR_MS, 5,
		    superd_logged(superd, "short/tcp server failing (looping), service terminated for 600 min"));
	end_holder(superd, holder);
	for (int n = 0; n < 3; n++)
		clock_advance(superd, 3 * HOUR_MS);
	cr_assert_eq(count_lines(marks), 3);
	close(client);
}

/* More sockets than descriptors: a line where the first is missing, none for each try of each service. */
Behaviour(accept, sockets_that_lack_descriptors_do_not_fill_the_log)
{
	enum { SERVICES = 60 };         /* more than the low descriptors that superd leaves free */
	const char *program = backend("lines");
	struct superd *superd = clock_run("service before { listen = \"127.0.0.1:0\" exec = \"%s\" }", program);
	char table[SERVICES * 512], *end = table;
	struct rlimit before, few;
	int client;

	for (int n = 0; n < SERVICES; n++)
		end += snprintf(end, (size_t)(table + sizeof(table) - end),
				"service s%d { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n", n, program);
	cr_assert_gt(superd_port(superd, "before"), 0);
	SKIP_WITHOUT(process_fd_count(superd_itself(superd)) > 0, "superd hides its descriptors from its user");
	cr_assert_eq(prlimit(superd_itself(superd), RLIMIT_NOFILE, NULL, &before), 0);
	few = (struct rlimit){ process_fd_count(superd_itself(superd)) + 6, before.rlim_max };
	cr_assert_eq(prlimit(superd_itself(superd), RLIMIT_NOFILE, &few, NULL), 0);
	cr_assert(superd_reload(superd, "%s", table), "%s", world_logs());
	superd_wait_log(superd, "superd has too few descriptors for its sockets");
	superd_wait_log(superd, "Too many open files");
	for (int n = 0; n < 10; n++)
		clock_advance(superd, MINUTE_MS);
	cr_assert_leq(superd_log_count(superd, ": cannot listen on "), 6, "%s", world_logs());
	give_descriptors(superd, &before);
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, "s59: listening on "));
	client = client_connect(superd_port(superd, "s59"));
	client_send(client, "hello\n");
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
}

Behaviour(accept, running_out_of_descriptors_loses_nobody)
{
	const struct setup setup = { .descriptors = 26 + OWN_PROGRAMS };
	struct superd *superd = superd_run_with(
		&setup, "service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }", backend("-d 20 stdio"));
	struct load *load = load_start(
		&(struct load_plan){ .port = superd_port(superd, "each"), .threads = 60, .connections = 300 });
	struct tally tally = load_wait(load);

	tally_expect_all_served(&tally);
}
