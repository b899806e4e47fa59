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

static void end_passing(struct passing *passing)
{
	CLOCK_UNTIL(passing->superd, 2 * SECOND_MS, 20, superd_processes(passing->superd) == 0);
	close(passing->listener);
	superd_stop(passing->superd);
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

Behaviour(shared_process, reports_all_of_its_clients_when_superd_ends)
{
	struct passing passing = run_passing("");

	begin_crowd(&passing, 5);
	superd_stop(passing.superd);
	cr_assert_eq(superd_log_count(passing.superd, "TRAFFIC: pass in=9(bytes) out=0(bytes)"), 5);
	cr_assert_eq(superd_log_count(passing.superd, "EXIT: pass "), 5);
	close(passing.listener);
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
