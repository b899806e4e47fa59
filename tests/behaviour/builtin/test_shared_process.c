/* A process that serves several clients of a redirect. The hard thing is that nobody may tell: neither a client, nor
 * the log, nor whatever confines or limits the clients. */
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"

#define LOGGED " log_on_success = { \"PID\", \"EXIT\", \"TRAFFIC\" }\n"
#define CROWD 40

/* A redirect to where the test listens. */
struct passing {
	struct superd *superd;
	int listener, port;
	unsigned ended;                 /* clients whose end was heard of */
	int clients[CROWD], targets[CROWD]; /* connections under way */
};

static const char *passing_table_to(const char *host, struct passing *passing, const char *options)
{
	struct sockaddr_in own;
	socklen_t length = sizeof(own);

	*passing = (struct passing){ .listener = listen_on(0) };
	cr_assert_eq(getsockname(passing->listener, (struct sockaddr *)&own, &length), 0);
	return text_of("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
		       " redirect = \"%s %d\"\n" LOGGED "%s\n}\n",
		       own_user(), host, ntohs(own.sin_port), options);
}

static const char *passing_table(struct passing *passing, const char *options)
{
	return passing_table_to("127.0.0.1", passing, options);
}

static struct passing run_passing_to(const char *host, const char *options)
{
	struct passing passing;
	const char *table = passing_table_to(host, &passing, options);

	passing.superd = clock_run("%s", table);
	passing.port = superd_port(passing.superd, "pass");
	return passing;
}

static struct passing run_passing(const char *options)
{
	return run_passing_to("127.0.0.1", options);
}

static struct passing run_guarded(const char *options)
{
	struct passing passing;
	const char *table = passing_table(&passing, options);

	passing.superd = guarded_clock_run("%s", table);
	passing.port = superd_port(passing.superd, "pass");
	return passing;
}

static int take(const struct passing *passing)
{
	struct pollfd ready = { passing->listener, POLLIN, 0 };

	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "nobody came\n%s", world_logs());
	return accept4(passing->listener, NULL, NULL, SOCK_CLOEXEC);
}

static void wait_for_ends(struct passing *passing, unsigned count)
{
	passing->ended += count;
	WAIT_UNTIL(superd_log_count(passing->superd, "EXIT: pass status=0 pid=") == passing->ended);
	WAIT_UNTIL(superd_log_count(passing->superd, "TRAFFIC: pass in=9(bytes) out=6(bytes)") == passing->ended);
}

static void begin_one(struct passing *passing, int n)
{
	passing->clients[n] = client_connect(passing->port);
	client_send(passing->clients[n], "question\n");
	passing->targets[n] = take(passing);
	cr_assert_str_eq(client_line(passing->targets[n]), "question");
}

/* All clients are connected, and each has asked. */
static void begin_crowd(struct passing *passing, unsigned count)
{
	for (unsigned n = 0; n < count; n++)
		passing->clients[n] = client_connect(passing->port);
	for (unsigned n = 0; n < count; n++) {
		client_send(passing->clients[n], "question\n");
		passing->targets[n] = take(passing);
	}
	for (unsigned n = 0; n < count; n++)
		cr_assert_str_eq(client_line(passing->targets[n]), "question");
}

static void end_crowd(struct passing *passing, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		client_send(passing->targets[n], "answer");
		close(passing->targets[n]);
	}
	for (unsigned n = 0; n < count; n++) {
		cr_assert_str_eq(client_rest(passing->clients[n]), "answer");
		close(passing->clients[n]);
	}
	wait_for_ends(passing, count);
}

static pid_t only_process(const struct passing *passing)
{
	pid_t pid;

	WAIT_UNTIL(superd_others(passing->superd, &pid, 1) == 1);
	return pid;
}

static void end_passing(struct passing *passing)
{
	CLOCK_UNTIL(passing->superd, 2 * SECOND_MS, 20, superd_processes(passing->superd) == 0);
	close(passing->listener);
	superd_stop(passing->superd);
}

Behaviour(shared_process, serves_all_clients_and_each_has_its_lines)
{
	struct passing passing = run_passing("");

	begin_crowd(&passing, CROWD);
	only_process(&passing);
	end_crowd(&passing, CROWD);
	cr_assert_eq(superd_log_count(passing.superd, "START: pass pid="), CROWD);
	end_passing(&passing);
}

Behaviour(shared_process, takes_the_next_client_though_it_is_confined)
{
	struct passing passing =
		run_passing("no_new_privileges = yes\n restrict_address_families = { AF_INET, AF_INET6, AF_UNIX }");
	pid_t pid;

	begin_crowd(&passing, 1);
	pid = only_process(&passing);
	superd_wait_log(passing.superd, "START: pass pid=");    /* superd knows that it runs */
	passing.clients[1] = client_connect(passing.port);
	client_send(passing.clients[1], "question\n");
	passing.targets[1] = take(&passing);
	cr_assert_str_eq(client_line(passing.targets[1]), "question");
	cr_assert_eq(only_process(&passing), pid);
	end_crowd(&passing, 2);
	end_passing(&passing);
}

Behaviour(shared_process, has_256_clients_and_the_next_ones_have_another)
{
	enum { ALL = 300 };
	struct passing passing = run_passing("");
	int clients[ALL], targets[ALL];

	for (int n = 0; n < ALL; n++) {
		clients[n] = client_connect(passing.port);
		targets[n] = take(&passing);
	}
	WAIT_UNTIL(superd_processes(passing.superd) == 2);
	for (int n = 0; n < ALL; n++) {
		close(clients[n]);
		close(targets[n]);
	}
	WAIT_UNTIL(superd_log_count(passing.superd, "EXIT: pass status=0 pid=") == ALL);
	end_passing(&passing);
}

Behaviour(shared_process, counts_each_client_for_instances)
{
	struct passing passing = run_passing("instances = 2\n overload = refuse");
	int third;

	begin_crowd(&passing, 2);
	third = client_connect(passing.port);
	cr_assert(client_sees_end(third));
	close(third);
	end_crowd(&passing, 2);
	begin_crowd(&passing, 2);
	end_crowd(&passing, 2);
	end_passing(&passing);
}

/* Each of its clients is told of, and the next one is served by another. */
Behaviour(shared_process, ends_all_of_its_clients_when_it_is_killed)
{
	struct passing passing = run_passing("");
	pid_t pid;

	begin_crowd(&passing, 5);
	pid = only_process(&passing);
	kill(pid, SIGKILL);
	for (int n = 0; n < 5; n++) {
		cr_assert(client_sees_end(passing.clients[n]));
		close(passing.clients[n]);
		close(passing.targets[n]);
	}
	WAIT_UNTIL(superd_log_count(passing.superd, "EXIT: pass signal=9 pid=") == 5);
	begin_crowd(&passing, 1);
	cr_assert_neq(only_process(&passing), pid);
	end_crowd(&passing, 1);
	end_passing(&passing);
}

Behaviour(shared_process, reports_all_of_its_clients_when_superd_ends)
{
	struct passing passing = run_passing("");

	begin_crowd(&passing, 5);
	superd_stop(passing.superd);
	cr_assert_eq(superd_log_count(passing.superd, "TRAFFIC: pass in=9(bytes) out=0(bytes)"), 5);
	cr_assert_eq(superd_log_count(passing.superd, "EXIT: pass "), 5);
	close(passing.listener);
}

Behaviour(shared_process, goes_on_over_an_upgrade_and_gets_nobody_more)
{
	struct passing passing = run_passing("instances = 4\n overload = refuse");
	int fifth;
	pid_t pid;

	begin_crowd(&passing, 3);
	pid = only_process(&passing);
	superd_upgrade(passing.superd);
	passing.clients[3] = client_connect(passing.port);
	client_send(passing.clients[3], "question\n");
	passing.targets[3] = take(&passing);
	cr_assert_str_eq(client_line(passing.targets[3]), "question");
	WAIT_UNTIL(superd_processes(passing.superd) == 2);
	fifth = client_connect(passing.port);
	cr_assert(client_sees_end(fifth));
	close(fifth);
	end_crowd(&passing, 4);
	CLOCK_UNTIL(passing.superd, 2 * SECOND_MS, 20, !process_lives(pid));
	end_passing(&passing);
}

/* superd closes its copy of a client of a unix socket later than superd-builtin closes its own. Until then events may
 * come, and must reach nobody: neither freed memory, which a build with sanitizers reports, nor the client that
 * stays. */
Behaviour(shared_process, forgets_a_client_before_superd_closes_it)
{
	enum { ROUNDS = 40, BURST = 12 };
	const char *path = path_in("echo");
	struct superd *superd = superd_run("service echo {\n listen = { \"127.0.0.1:0\", \"%s\" }\n"
					   " user = \"%s\"\n accept = yes\n builtin = echo\n}\n",
					   path, own_user());
	int port = superd_port(superd, "echo"), stays = client_connect(port), burst[BURST];

	for (int round = 0; round < ROUNDS; round++) {
		for (int n = 0; n < BURST; n++)
			burst[n] = n % 4 ? client_connect_unix(path, SOCK_STREAM) : client_connect(port);
		for (int n = 0; n < BURST; n++) {
			client_send(burst[n], "x\n");
			shutdown(burst[n], SHUT_WR);
		}
		for (int n = 0; n < BURST; n++) {
			cr_assert_str_eq(client_rest(burst[n]), "x\n");
			close(burst[n]);
		}
		client_send(stays, "still here\n");
		cr_assert_str_eq(client_line(stays), "still here");
	}
	close(stays);
	cr_assert_not(superd_logged(superd, "AddressSanitizer"), "%s", world_logs());
}

/* superd gives it to a process that waits, and closes the channel only once it knows of all ends. */
Behaviour(shared_process, that_waits_is_not_left_over_by_an_upgrade)
{
	struct passing passing = run_passing("");

	begin_crowd(&passing, 1);
	end_crowd(&passing, 1);
	superd_upgrade(passing.superd);
	WAIT_UNTIL(superd_processes(passing.superd) == 0);
	begin_crowd(&passing, 1);
	end_crowd(&passing, 1);
	end_passing(&passing);
}

Behaviour(shared_process, outlives_the_death_of_superd_and_all_are_counted)
{
	struct passing passing = run_guarded("instances = 4\n overload = refuse");
	int fifth;
	pid_t pid;

	begin_crowd(&passing, 3);
	pid = only_process(&passing);
	guarded_clock_kill(passing.superd);
	passing.clients[3] = client_connect(passing.port);
	client_send(passing.clients[3], "question\n");
	passing.targets[3] = take(&passing);
	cr_assert_str_eq(client_line(passing.targets[3]), "question");
	cr_assert(process_lives(pid));
	fifth = client_connect(passing.port);
	cr_assert(client_sees_end(fifth));
	close(fifth);
	end_crowd(&passing, 4);
	end_passing(&passing);
}

/* superd may die at any moment of giving clients: each is served once, and its end is heard of. */
Behaviour(shared_process, serves_once_whom_a_dying_superd_gives)
{
	struct passing passing = run_guarded("");
	struct pollfd extra = { passing.listener, POLLIN, 0 };
	int clients[8];

	for (int turn = 0; turn < 3; turn++) {
		for (int n = 0; n < 8; n++)
			clients[n] = client_connect(passing.port);
		guarded_clock_kill(passing.superd);
		for (int n = 0; n < 8; n++)
			client_send(clients[n], "question\n");
		for (int n = 0; n < 8; n++) {
			passing.targets[n] = take(&passing);
			cr_assert_str_eq(client_line(passing.targets[n]), "question");
			client_send(passing.targets[n], "answer");
			close(passing.targets[n]);
		}
		for (int n = 0; n < 8; n++) {
			cr_assert_str_eq(client_rest(clients[n]), "answer");
			close(clients[n]);
		}
	}
	cr_assert_eq(poll(&extra, 1, 0), 0, "a client was served twice");
	end_passing(&passing);
}

static void expect_processes_of_their_own(const char *options)
{
	struct passing passing = run_passing(options);

	begin_crowd(&passing, 3);
	WAIT_UNTIL(superd_processes(passing.superd) == 3);
	end_crowd(&passing, 3);
	end_passing(&passing);
}

Behaviour(shared_process, is_not_for_rows_that_limit_each_process)
{
	expect_processes_of_their_own("rlimit_cpu = 100");
	expect_processes_of_their_own("runtime_max = 1h");
}

Behaviour(shared_process, is_not_for_rows_with_commands_around_each)
{
	const char *note = path_in("ended");
	struct passing passing = run_passing(
		text_of("exec_stop_post = { \"/bin/sh -c 'echo $EXIT_CODE >>%s'\" }", note));

	begin_crowd(&passing, 2);
	WAIT_UNTIL(superd_processes(passing.superd) == 2);
	end_crowd(&passing, 2);
	WAIT_UNTIL(count_lines(note) == 2);
	cr_assert_str_eq(read_text(note), "exited\nexited\n");
	end_passing(&passing);
}

/* It has the first one who comes after that. */
Behaviour(shared_process, that_is_stopped_gets_nobody_more)
{
	struct passing passing = run_passing("");
	int late;
	pid_t pid;

	begin_crowd(&passing, 2);
	pid = only_process(&passing);
	kill(pid, SIGSTOP);
	WAIT_UNTIL(process_is_stopped(pid));
	late = client_connect(passing.port);
	client_send(late, "question\n");
	WAIT_UNTIL(superd_log_count(passing.superd, "START: pass pid=") == 3);
	clock_move(10 * SECOND_MS);
	begin_one(&passing, 2);
	begin_one(&passing, 3);
	cr_assert_eq(superd_processes(passing.superd), 2);
	kill(pid, SIGCONT);
	passing.clients[4] = late;
	passing.targets[4] = take(&passing);
	cr_assert_str_eq(client_line(passing.targets[4]), "question");
	end_crowd(&passing, 5);
	end_passing(&passing);
}

/* A name may lead elsewhere after a while, an address does not. */
Behaviour(shared_process, of_a_redirect_by_name_gets_clients_for_a_minute)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };
	struct addrinfo *found = NULL;

	SKIP_WITHOUT(getaddrinfo("localhost", NULL, NULL, &found) == 0, "this machine does not know localhost");
	freeaddrinfo(found);
	for (size_t is_name = 0; is_name < 2; is_name++) {
		struct passing passing = run_passing_to(hosts[is_name], "");

		begin_crowd(&passing, 2);
		clock_advance(passing.superd, 50 * SECOND_MS);
		begin_one(&passing, 2);
		cr_assert_eq(superd_processes(passing.superd), 1);
		clock_advance(passing.superd, 11 * SECOND_MS);
		begin_one(&passing, 3);
		cr_assert_eq(superd_processes(passing.superd), 1 + is_name);
		end_crowd(&passing, 4);
		end_passing(&passing);
	}
}

/* Not for each client that fails, as they may be many. */
Behaviour(shared_process, of_a_redirect_by_name_gets_clients_ten_seconds_after_a_failure)
{
	struct passing passing;
	struct addrinfo *found = NULL;
	int refused;

	SKIP_WITHOUT(getaddrinfo("localhost", NULL, NULL, &found) == 0, "this machine does not know localhost");
	freeaddrinfo(found);
	passing = run_passing_to("localhost", "");
	begin_one(&passing, 0);
	close(passing.listener);
	clock_hold();
	for (unsigned n = 1; n <= 21; n++) {
		if (n == 21)
			clock_advance(passing.superd, 11 * SECOND_MS);
		refused = client_connect(passing.port);
		cr_assert(client_sees_end(refused));
		close(refused);
		WAIT_UNTIL(superd_log_count(passing.superd, "EXIT: pass status=1 pid=") == n);
		cr_assert_eq(superd_processes(passing.superd), n == 21 ? 2u : 1u);
	}
	close(passing.clients[0]);
	close(passing.targets[0]);
	superd_stop(passing.superd);
}

/* It has no client, and a superd that is no more has started it: it is waited for, and killed in the end. */
Behaviour(shared_process, that_is_stopped_is_not_left_over)
{
	struct passing passing = run_guarded("");
	pid_t pid;

	begin_crowd(&passing, 1);
	pid = only_process(&passing);
	guarded_clock_kill(passing.superd);
	end_crowd(&passing, 1);
	kill(pid, SIGSTOP);
	WAIT_UNTIL(process_is_stopped(pid));
	clock_stop(passing.superd, 2 * SECOND_MS);
	cr_assert_not(process_lives(pid));
	close(passing.listener);
}

/* A superd without a guard has gone: descriptors 0 and 1 are copies of the channel. */
Behaviour(shared_process, whose_superd_is_gone_does_not_spin)
{
	const char *const arguments[] = { "--no-guard", NULL };
	struct superd *superd = superd_run_with(&(struct setup){ .arguments = arguments },
						"service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n"
						" accept = yes\n builtin = echo\n pass = inetd\n}\n",
						own_user());
	int client = client_connect(superd_port(superd, "pass"));
	long long before;
	pid_t pid;

	client_send(client, "here\n");
	cr_assert_str_eq(client_line(client), "here");
	pid = superd_only_process(superd);
	superd_signal(superd, SIGKILL);
	superd_wait_exit(superd);
	client_send(client, "still\n");
	cr_assert_str_eq(client_line(client), "still");
	before = process_cpu_ms(pid);
	poll(NULL, 0, 500);
	cr_assert_leq(process_cpu_ms(pid), before + 100);
	close(client);
	WAIT_UNTIL(!process_lives(pid));
}

/* The signal is one that the process ignores. */
Behaviour(shared_process, gets_a_signal_once_for_all_of_its_clients)
{
	struct superd *superd = controlled_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n"
					       " accept = yes\n builtin = echo\n}\n",
					       own_user());
	int port = superd_port(superd, "pass"), clients[3];
	const char *answer;
	pid_t pid;

	for (int n = 0; n < 3; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "here\n");
		cr_assert_str_eq(client_line(clients[n]), "here");
	}
	pid = superd_only_process(superd);
	answer = control_once("signal pass --signal=WINCH");
	cr_assert_str_eq(control_value(answer, "signalled"), "1", "%s", answer);
	cr_assert(strstr(answer, text_of("\"pids\":[%d]", (int)pid)), "%s", answer);
	for (int n = 0; n < 3; n++) {
		client_send(clients[n], "still\n");
		cr_assert_str_eq(client_line(clients[n]), "still");
		close(clients[n]);
	}
}

static bool has_groups(void)
{
	const char *table = write_file("checked.conf", "service it {\n listen = \"127.0.0.1:1\"\n user = root\n"
				       " exec = /bin/true\n device_policy = closed\n}\n");
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", table);

	return geteuid() == 0 && !strstr(text_of("%s%s", outcome.out, outcome.err), "device_policy = closed:");
}

Behaviour(shared_process, is_not_for_rows_with_a_control_group_for_each)
{
	SKIP_WITHOUT(has_groups(), "there is no writable control group here");
	expect_processes_of_their_own("device_policy = closed");
}

/* What cannot be passed on is kept in pipes, which take descriptors of the process, too. */
Behaviour(shared_process, whose_clients_send_without_end_has_descriptors_for_others)
{
	enum { STUCK = 14, OTHERS = 12 };
	const struct setup setup = { .descriptors = 60 + OWN_PROGRAMS };
	static const char bytes[64 << 10];
	struct passing passing;
	const char *table = passing_table(&passing, "");
	int stuck[STUCK], targets[STUCK];

	passing.superd = superd_run_with(&setup, "%s", table);
	passing.port = superd_port(passing.superd, "pass");
	for (int n = 0; n < STUCK; n++) {
		struct pollfd ready;

		stuck[n] = client_connect(passing.port);
		targets[n] = take(&passing);
		ready = (struct pollfd){ stuck[n], POLLOUT, 0 };
		while (poll(&ready, 1, 200) == 1 && send(stuck[n], bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
			continue;
	}
	begin_crowd(&passing, OTHERS);
	end_crowd(&passing, OTHERS);
	for (int n = 0; n < STUCK; n++) {
		close(stuck[n]);
		close(targets[n]);
	}
	close(passing.listener);
	superd_stop(passing.superd);
}

/* So many clients that one process has no descriptors for them have several. */
Behaviour(shared_process, short_of_descriptors_loses_no_client)
{
	for (unsigned long odd = 0; odd < 2; odd++) {
		const struct setup setup = { .descriptors = 60 + odd + OWN_PROGRAMS };
		struct passing passing;
		const char *table = passing_table(&passing, "");
		int clients[CROWD];

		passing.superd = superd_run_with(&setup, "%s", table);
		passing.port = superd_port(passing.superd, "pass");
		for (int n = 0; n < CROWD; n++) {
			clients[n] = client_connect(passing.port);
			client_send(clients[n], "question\n");
		}
		for (int n = 0; n < CROWD; n++) {
			int target = take(&passing);

			cr_assert_str_eq(client_line(target), "question");
			client_send(target, "answer");
			close(target);
		}
		for (int n = 0; n < CROWD; n++) {
			cr_assert_str_eq(client_rest(clients[n]), "answer", "client %d\n%s", n, world_logs());
			close(clients[n]);
		}
		wait_for_ends(&passing, CROWD);
		close(passing.listener);
		superd_stop(passing.superd);
	}
}
