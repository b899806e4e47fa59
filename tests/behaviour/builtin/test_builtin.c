/* superd's own small services, by their RFCs. What is hard to get right is what they must not do: hold anybody up, or
 * answer who would answer them. */
#include <poll.h>
#include <sys/resource.h>
#include <time.h>

#include "harness.h"

static struct superd *run_small(const char *listen, const char *options)
{
	return superd_run("service small {\n listen = \"%s\"\n user = \"%s\"\n %s\n}\n", listen, own_user(), options);
}

/* superd and its builtin under the clock. */
static struct superd *clock_run_small(const char *listen, const char *options)
{
	return clock_run("service small {\n listen = \"%s\"\n user = \"%s\"\n passenv = " CLOCK_PASSED "\n %s\n}\n",
			 listen, own_user(), options);
}

static const char *answer_of(int client, const char *text)
{
	const char *answer;

	client_send(client, text);
	shutdown(client, SHUT_WR);
	answer = client_rest(client);
	close(client);
	return answer;
}

Behaviour(builtin, echo_gives_back_what_it_gets)
{
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = echo");

	cr_assert_str_eq(answer_of(client_connect(superd_port(superd, "small")), "one\ntwo\n"), "one\ntwo\n");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(builtin, echo_is_had_over_ipv6_too)
{
	struct superd *superd = run_small("[::1]:0", "accept = yes builtin = echo");
	int client = client_connect_to("::1", superd_port(superd, "small"));

	cr_assert_str_eq(answer_of(client, "six"), "six");
}

Behaviour(builtin, discard_says_nothing_and_ends_with_its_client)
{
	struct superd *superd = clock_run_small("127.0.0.1:0", "accept = yes builtin = discard");
	int client = client_connect(superd_port(superd, "small"));

	client_send(client, "into the void");
	WAIT_UNTIL(superd_processes(superd) == 1);
	for (int n = 0; n < 4; n++)
		clock_advance(superd, MINUTE_MS);
	cr_assert(client_is_quiet(client, 0));
	cr_assert_eq(superd_processes(superd), 1);
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(builtin, chargen_goes_on_until_its_client_leaves)
{
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = chargen");
	int client = client_connect(superd_port(superd, "small"));

	for (int line = 0; line < 300; line++) {
		const char *text = client_line(client);

		cr_assert_eq(strlen(text), 73, "'%s'", text);
		cr_assert_eq(text[72], '\r');
		for (int column = 0; column < 72; column++)
			cr_assert_eq(text[column], ' ' + (line + column) % 95, "line %d: '%s'", line, text);
	}
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* The machine's. time(2) may be a tick behind that. */
static time_t wall_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

/* The text is of a moment between the question and the answer, and of this place. */
static void expect_daytime(const char *options, const char *format)
{
	struct superd *superd = run_small("127.0.0.1:0", text_of("accept = yes %s", options));
	time_t asked = time(NULL), said;
	int client = client_connect(superd_port(superd, "small"));
	const char *answer = client_rest(client);
	struct tm read_back = { .tm_isdst = -1 };
	char *end = strptime(answer, format, &read_back);

	cr_assert(end && !strcmp(end, "\r\n"), "'%s'", answer);
	said = mktime(&read_back);
	cr_assert(asked <= said && said <= wall_seconds(), "'%s'", answer);
	close(client);
	superd_stop(superd);
}

Behaviour(builtin, daytime_is_said_as_bsd_says_it)
{
	expect_daytime("builtin = daytime", "%a %b %e %H:%M:%S %Y");
}

Behaviour(builtin, daytime_is_said_as_xinetd_says_it)
{
	char zone[16];
	time_t now = time(NULL);

	strftime(zone, sizeof(zone), "%Z", localtime(&now));
	expect_daytime("builtin = \"daytime xinetd\"", text_of("%%d %%b %%Y %%H:%%M:%%S %s", zone));
}

static uint32_t read_time(int client)
{
	unsigned char bytes[8];
	struct pollfd ready = { client, POLLIN, 0 };

	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1);
	cr_assert_eq(recv(client, bytes, sizeof(bytes), MSG_WAITALL), 4, "time is four bytes");
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

Behaviour(builtin, time_is_four_bytes_on_every_machine)
{
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = time");
	time_t asked = time(NULL), said;
	int client = client_connect(superd_port(superd, "small"));

	said = (time_t)((int64_t)read_time(client) - 2208988800);
	cr_assert(asked <= said && said <= wall_seconds(), "it is off by %ld s", (long)(said - asked));
	close(client);
}

Behaviour(builtin, two_hundred_silent_clients_hold_nobody_up)
{
	enum { SILENT = 200 };
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = echo backlog = 512");
	int port = superd_port(superd, "small"), silent[SILENT];

	for (int n = 0; n < SILENT; n++)
		silent[n] = client_connect(port);
	cr_assert_str_eq(answer_of(client_connect(port), "busy"), "busy");
	WAIT_UNTIL(superd_log_count(superd, "small: started") == SILENT + 1);
	for (int n = 0; n < SILENT; n++)
		close(silent[n]);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* Its bytes are not counted as those of a redirect are. */
Behaviour(builtin, each_client_has_its_lines_in_the_log_and_no_traffic)
{
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = echo instances = 2 overload = refuse"
							 " log_on_success = { PID, EXIT, TRAFFIC }");
	int port = superd_port(superd, "small"), first = client_connect(port), second = client_connect(port), third;

	client_send(first, "first\n");
	client_send(second, "second\n");
	cr_assert_str_eq(client_line(first), "first");
	cr_assert_str_eq(client_line(second), "second");
	third = client_connect(port);
	cr_assert(client_sees_end(third), "two were all");
	close(third);
	close(first);
	close(second);
	WAIT_UNTIL(superd_log_count(superd, "EXIT: small status=0 pid=") == 2);
	cr_assert_eq(superd_log_count(superd, "START: small pid="), 2);
	cr_assert_not(superd_logged(superd, "TRAFFIC"));
}

Behaviour(builtin, goes_on_over_an_upgrade)
{
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = echo");
	int port = superd_port(superd, "small"), client = client_connect(port);

	client_send(client, "before\n");
	cr_assert_str_eq(client_line(client), "before");
	superd_upgrade(superd);
	cr_assert_str_eq(answer_of(client_connect(port), "another"), "another");
	cr_assert_str_eq(answer_of(client, "after"), "after");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(builtin, whose_row_limits_each_process_has_one_for_each_client)
{
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = echo rlimit_cpu = 100");
	int port = superd_port(superd, "small"), first = client_connect(port), second = client_connect(port);

	client_send(first, "first\n");
	client_send(second, "second\n");
	cr_assert_str_eq(client_line(first), "first");
	cr_assert_str_eq(client_line(second), "second");
	cr_assert_eq(superd_processes(superd), 2);
	cr_assert_str_eq(answer_of(first, "end"), "end");
	cr_assert_str_eq(answer_of(second, "end"), "end");
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* Sends until the service takes no more, as it cannot send it back. */
static void stuff(int client)
{
	static const char bytes[64 << 10];
	struct pollfd ready = { client, POLLOUT, 0 };

	while (poll(&ready, 1, 500) == 1 && send(client, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		continue;
}

/* Neither of them reads. They end after five minutes without a byte that was served; what chargen drops is none. */
static void expect_stuck_clients_end(const char *accept)
{
	struct superd *superd = clock_run("service echo {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n %s\n"
					  " builtin = echo\n passenv = " CLOCK_PASSED "\n}\n"
					  "service chars {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n %s\n"
					  " builtin = chargen\n passenv = " CLOCK_PASSED "\n}\n",
					  own_user(), accept, own_user(), accept);
	int echo = superd_port(superd, "echo"), chars = superd_port(superd, "chars");
	int full = client_connect(echo), deaf = client_connect(chars), busy = client_connect(echo);

	stuff(full);
	client_send(busy, "here\n");
	cr_assert_str_eq(client_line(busy), "here", "a client that does not read holds up another");
	for (int n = 0; n < 4; n++) {
		clock_advance(superd, MINUTE_MS);
		client_send(deaf, "dropped");
		client_send(busy, "here\n");
		cr_assert_str_eq(client_line(busy), "here");
	}
	cr_assert_eq(superd_processes(superd), strcmp(accept, "accept = no") ? 3 : 2);
	for (int n = 0; n < 2; n++) {
		clock_advance(superd, MINUTE_MS);
		client_send(busy, "here\n");
		cr_assert_str_eq(client_line(busy), "here");
	}
	WAIT_UNTIL(send(full, "x", 1, MSG_NOSIGNAL) < 0);
	WAIT_UNTIL(send(deaf, "x", 1, MSG_NOSIGNAL) < 0);
	close(full);
	close(deaf);
	cr_assert_str_eq(answer_of(busy, "bye"), "bye");
	superd_stop(superd);
}

Behaviour(builtin, clients_that_never_read_hold_nobody_up_and_end)
{
	expect_stuck_clients_end("accept = yes");
	expect_stuck_clients_end("accept = no");
}

Behaviour(builtin, a_busy_client_ends_after_an_hour)
{
	struct superd *superd = clock_run_small("127.0.0.1:0", "accept = yes builtin = echo");
	int client = client_connect(superd_port(superd, "small"));

	for (int n = 0; n < 59; n++) {
		client_send(client, "on\n");
		cr_assert_str_eq(client_line(client), "on");
		clock_advance(superd, MINUTE_MS);
	}
	client_send(client, "on\n");
	cr_assert_str_eq(client_line(client), "on");
	clock_advance(superd, 2 * MINUTE_MS);
	cr_assert(client_sees_end(client));
	close(client);
}

Behaviour(builtin, a_client_of_chargen_that_has_said_all_gets_more)
{
	struct superd *superd = run_small("127.0.0.1:0", "accept = yes builtin = chargen");
	int client = client_connect(superd_port(superd, "small"));
	static char bytes[1 << 20];

	client_send(client, "enough?");
	shutdown(client, SHUT_WR);
	for (int n = 0; n < 16; n++)    /* more than all buffers hold */
		cr_assert_eq(recv(client, bytes, sizeof(bytes), MSG_WAITALL), (ssize_t)sizeof(bytes));
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* So many clients that one process has no descriptors for them have several, or wait in the kernel's queue. */
Behaviour(builtin, short_of_descriptors_loses_no_client)
{
	enum { CROWD = 40 };
	static const char *const accepts[] = { "accept = yes", "accept = no" };

	for (size_t turn = 0; turn < 2; turn++) {
		const struct setup setup = { .descriptors = 60 + OWN_PROGRAMS };
		struct superd *superd = superd_run_with(&setup,
							"service small {\n listen = \"127.0.0.1:0\"\n"
							" user = \"%s\"\n %s\n builtin = echo\n}\n",
							own_user(), accepts[turn]);
		int clients[CROWD];

		for (int n = 0; n < CROWD; n++) {
			clients[n] = client_connect(superd_port(superd, "small"));
			client_send(clients[n], text_of("%d\n", n));
		}
		for (int n = 0; n < CROWD; n++)
			cr_assert_str_eq(answer_of(clients[n], ""), text_of("%d\n", n));
		superd_stop(superd);
	}
}

Behaviour(builtin, a_listener_is_served_without_superd_accepting)
{
	struct superd *superd = run_small("127.0.0.1:0", "builtin = echo");
	int port = superd_port(superd, "small"), first = client_connect(port), second = client_connect(port);

	cr_assert_str_eq(answer_of(second, "second"), "second");
	cr_assert_str_eq(answer_of(first, "first"), "first");
	superd_wait_log(superd, "small: started");
	superd_expect_count(superd, "small: started", 1);
}

Behaviour(builtin, streams_and_datagrams_are_one_service)
{
	struct superd *superd = superd_run("service small {\n listen = { \"127.0.0.1:0\", \"udp:127.0.0.1:0\" }\n"
					   " user = \"%s\"\n builtin = echo\n}\n",
					   own_user());
	int datagrams = datagram_client(superd_nth_port(superd, "small", 1));

	cr_assert_str_eq(answer_of(client_connect(superd_nth_port(superd, "small", 0)), "stream"), "stream");
	cr_assert_str_eq(datagram_ask(datagrams, "datagram"), "datagram");
	close(datagrams);
}

/* The user a process runs as, which the owner of /proc/PID does not tell where nobody may look into it. */
static unsigned user_of(pid_t pid)
{
	const char *line = strstr(read_text(text_of("/proc/%d/status", (int)pid)), "\nUid:");
	unsigned uid = 0;

	cr_assert(line && sscanf(line, "\nUid: %u", &uid) == 1);
	return uid;
}

/* That of the process that answers there. It stays until the client goes. */
static unsigned user_of_echo(struct superd *superd, const char *name, int *client)
{
	*client = client_connect(superd_port(superd, name));
	client_send(*client, "who\n");
	cr_assert_str_eq(client_line(*client), "who");
	return user_of(superd_only_process(superd));
}

Behaviour(builtin, without_a_user_each_service_has_one_of_its_own)
{
	struct superd *superd;
	unsigned first, second;
	int client;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run("service small {\n listen = \"127.0.0.1:0\"\n accept = yes\n builtin = echo\n}\n"
			    "service other {\n listen = \"127.0.0.1:0\"\n accept = yes\n builtin = echo\n}\n");
	first = user_of_echo(superd, "small", &client);
	close(client);
	superd_wait_log(superd, "small: pid");
	superd_wait_log(superd, "ended");
	WAIT_UNTIL(superd_processes(superd) == 0);
	second = user_of_echo(superd, "other", &client);
	close(client);
	cr_expect(first >= 60578 && first <= 61183, "%u", first);
	cr_expect(second >= 60578 && second <= 61183, "%u", second);
	cr_expect_neq(first, second);
}

Behaviour(builtin, with_a_user_it_runs_as_that)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run("service small {\n listen = \"127.0.0.1:0\"\n accept = yes\n builtin = echo\n"
			    " user = \"65533\"\n}\n");
	cr_expect_eq(user_of_echo(superd, "small", &client), 65533u);
	close(client);
}

Behaviour(builtin, its_words_are_kept_off_the_wire)
{
	struct superd *superd = run_small(
		"127.0.0.1:0", text_of("accept = yes error = socket redirect = \"127.0.0.1 %d\"", free_port()));
	int client = client_connect(superd_port(superd, "small"));

	cr_assert_str_eq(client_rest(client), "");
	superd_wait_log(superd, "cannot connect to 127.0.0.1");
	close(client);
}

Behaviour(builtin, services_are_listed_with_their_ports)
{
	struct superd *superd =
		superd_run("service offer {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
			   " builtin = services\n}\n"
			   "service small {\n listen = \"udp:127.0.0.1:0\"\n user = \"%s\"\n builtin = echo\n}\n",
			   own_user(), own_user());
	int client = client_connect(superd_port(superd, "offer"));

	cr_assert_str_eq(
		client_rest(client),
		text_of("offer tcp %d\nsmall udp %d\n", superd_port(superd, "offer"), superd_port(superd, "small")));
	close(client);
}

Behaviour(builtin, servers_are_listed_with_their_processes)
{
	struct superd *superd =
		superd_run("service runs {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
			   " builtin = servers\n}\n"
			   "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n",
			   own_user(), backend("lines"));
	int each = client_connect(superd_port(superd, "each")), client;
	long pid;

	client_send(each, "who\n");
	pid = strtol(client_line(each), NULL, 10);
	client = client_connect(superd_port(superd, "runs"));
	cr_assert(strstr(client_rest(client), text_of("each %ld ", pid)));
	close(client);
	close(each);
}

/* It is longer than what is sent at once. */
Behaviour(builtin, a_long_list_is_had_by_each_of_many_clients)
{
	enum { SERVICES = 150, MANY = 8 };
	const char *table = text_of("service offer {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
				    " builtin = services\n}\n", own_user()), *first;
	struct superd *superd;
	int port, clients[MANY];

	for (int n = 0; n < SERVICES; n++)
		table = text_of("%sservice %0199d {\n listen = \"unix:%s\"\n exec = \"/bin/cat\"\n user = \"%s\"\n"
				" accept = yes\n}\n", table, n, path_in("socket%d", n), own_user());
	superd = superd_run("%s", table);
	port = superd_port(superd, "offer");
	for (int n = 0; n < MANY; n++)
		clients[n] = client_connect(port);
	first = client_rest(clients[0]);
	cr_assert_gt(strlen(first), 200u * SERVICES);
	for (int n = 1; n < MANY; n++)
		cr_expect_str_eq(client_rest(clients[n]), first);
	for (int n = 0; n < MANY; n++)
		close(clients[n]);
}

Behaviour(builtin, a_superd_without_its_helpers_says_what_is_missing_and_where)
{
	const char *alone = path_in("superd"),
		   *table = write_file("table",
				       "service small {\n listen = \"127.0.0.1:0\"\n"
				       " accept = yes\n builtin = echo\n}\n");
	struct outcome outcome;

	copy_program(superd_path(), alone);
	outcome = program_answer((const char *const[]){ alone, "--check", "-f", table, NULL });
	if (outcome.status == 0) {
		world_end();
		cr_skip_test("superd's helpers are installed on this machine");
	}
	cr_assert_eq(outcome.status, 1);
	cr_assert(strstr(outcome.err,
			 "small: builtin = echo: superd's own program superd-builtin is missing; superd searched "));
	cr_assert(strstr(outcome.err, "/libexec/superd"));
}
