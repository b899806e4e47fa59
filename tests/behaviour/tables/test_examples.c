/* Each example with its table: it answers, ends by itself, and answers again. The tables are those of conf/ with
 * the port, the user and the waiting times of a test put in, so that what an administrator copies is what is
 * tested. Those times pass on the machine's clock, as the servers keep them themselves; nothing depends on how long
 * they take. */
#include "harness.h"

/* A table of conf/ on a port that the kernel chooses, as this user. */
static const char *table_for_test(const char *name, const char *listen)
{
	const char *table;

	SKIP_WITHOUT(access("/usr/bin/ruby", X_OK) == 0 || strcmp(name, "echo.conf") != 0, "there is no Ruby here");
	SKIP_WITHOUT(access("/usr/bin/python3", X_OK) == 0 || strcmp(name, "http.conf") != 0, "no Python is here");
	table = replaced(example_table(name), listen, "\"127.0.0.1:0\"");

	return strstr(table, "\"nobody\"") ? replaced(table, "\"nobody\"", text_of("\"%s\"", own_user())) : table;
}

static void wait_asleep(struct superd *superd)
{
	WAIT_UNTIL(superd_processes(superd) == 0);
}

static void expect_in(const char *text, const char *part)
{
	cr_assert_not_null(strstr(text, part), "'%s' is not in: %s\n%s", part, text, world_logs());
}

static void talk_to_echo(int port)
{
	int client = client_connect(port);

	expect_in(client_line(client), "my socket came from the service manager");
	client_send(client, "Is anybody there?\n");
	cr_assert_str_eq(client_line(client), "IS ANYBODY THERE?");
	client_send(client, "gr\xc3\xbc\xc3\x9f dich\n");
	cr_assert_str_eq(client_line(client), "GR\xc3\x9cSS DICH");
	close(client);
}

Behaviour(examples, echo_server_answers_ends_and_answers_again)
{
	const char *table = replaced(table_for_test("echo.conf", "\"127.0.0.1:8888\""), "--idle 10", "--idle 0.3");
	struct superd *superd = superd_run("%s", table);
	int port = superd_port(superd, "echo-server");

	cr_assert_eq(superd_processes(superd), 0);
	talk_to_echo(port);
	wait_asleep(superd);
	talk_to_echo(port);
	wait_asleep(superd);
}

Behaviour(examples, echo_server_serves_clients_side_by_side)
{
	const char *table = replaced(table_for_test("echo.conf", "\"127.0.0.1:8888\""), "--idle 10", "--idle 0");
	struct superd *superd = superd_run("%s", table);
	int port = superd_port(superd, "echo-server"), stays = client_connect(port);

	client_line(stays);
	/* Who leaves would be the last one, if nobody stayed: the server would end before the next one comes. */
	for (int n = 0; n < 3; n++)
		talk_to_echo(port);
	superd_expect_count(superd, "started, pid", 1);
	cr_assert_eq(superd_processes(superd), 1, "%s", world_logs());
	client_send(stays, "still here\n");
	cr_assert_str_eq(client_line(stays), "STILL HERE");
	close(stays);
	wait_asleep(superd);
}

Behaviour(examples, echo_server_binds_its_own_port_by_hand)
{
	const char *port = text_of("%d", free_port());
	const char *const words[] = { "/usr/bin/ruby", example("echo-server.rb"), "--idle", "0", "--port", port, NULL };
	struct outcome outcome;

	SKIP_WITHOUT(access("/usr/bin/ruby", X_OK) == 0, "there is no Ruby here");
	outcome = program_answer(words);
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	expect_in(outcome.err, text_of("I bound port %s myself", port));
}

static long greeted_by(int port)
{
	int client = client_connect(port);
	const char *greeting = client_rest(client);
	long pid = -1;

	close(client);
	cr_assert_eq(sscanf(greeting, "Hello world from process %ld,", &pid), 1, "an odd greeting: %s", greeting);
	expect_in(greeting, "my socket came from the service manager");
	return pid;
}

static const char *said_with(const char *variables)
{
	const char *script = text_of("LISTEN_PID=$$ %s exec '%s'", variables,
				     example("hello-world-server/hello-world-server"));
	struct outcome outcome = program_answer((const char *const[]){ "/bin/sh", "-c", script, NULL });

	cr_assert_eq(outcome.status, 1, "%s", outcome.err);
	return outcome.err;
}

Behaviour(examples, hello_world_tells_what_is_wrong_with_what_it_was_passed)
{
	cr_assert_not_null(strstr(said_with("LISTEN_FDS=2"), "LISTEN_FDS counts sockets that are not open"));
	cr_assert_not_null(strstr(said_with("LISTEN_FDS=two"), "LISTEN_PID or LISTEN_FDS is no number"));
}

Behaviour(examples, hello_world_ends_with_its_last_client)
{
	struct superd *superd = superd_run("%s", table_for_test("hello-world.conf", "\"127.0.0.1:5000\""));
	int port = superd_port(superd, "hello-world");
	long first = greeted_by(port);

	wait_asleep(superd);
	cr_assert_neq(greeted_by(port), first);
	wait_asleep(superd);
}

Behaviour(examples, hello_world_loses_nobody_who_comes_as_it_ends)
{
	enum { ROUNDS = 60, AT_ONCE = 4 };
	struct superd *superd = superd_run("%s", table_for_test("hello-world.conf", "\"127.0.0.1:5000\""));
	int port = superd_port(superd, "hello-world"), clients[AT_ONCE];

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < AT_ONCE; i++)
			clients[i] = client_connect(port);
		for (int i = 0; i < AT_ONCE; i++) {
			expect_in(client_rest(clients[i]), "Hello world");
			close(clients[i]);
		}
	}
	wait_asleep(superd);
}

Behaviour(examples, hello_world_waits_for_a_further_client_when_asked_to)
{
	const char *table = table_for_test("hello-world.conf", "\"127.0.0.1:5000\"");
	struct superd *superd =
		superd_run("%s", replaced(table, "hello-world-server'\"", "hello-world-server' -p 5\""));
	int port = superd_port(superd, "hello-world");

	greeted_by(port);
	greeted_by(port);
	superd_expect_count(superd, "hello-world: started, pid", 1);
	wait_asleep(superd);
}

static void get_page(int port, const char *holds)
{
	int client = client_connect(port);
	const char *page;

	client_send(client, "GET /somewhere HTTP/1.0\r\nHost: localhost\r\n\r\n");
	page = client_rest(client);
	close(client);
	expect_in(page, "200 OK");
	expect_in(page, holds);
}

Behaviour(examples, http_server_answers_ends_and_answers_again)
{
	const char *table = replaced(table_for_test("http.conf", "\"127.0.0.1:8080\""), "--idle 10", "--idle 0.3");
	struct superd *superd = superd_run("%s", table);
	int port = superd_port(superd, "http");

	for (int round = 0; round < 2; round++) {
		get_page(port, "my socket came from the service manager\nYou asked for /somewhere");
		wait_asleep(superd);
	}
}

Behaviour(examples, datagram_server_answers_ends_and_answers_again)
{
	const char *table = replaced(example_table("datagram.conf"), "\"udp:127.0.0.1:9999\"", "\"udp:127.0.0.1:0\"");
	struct superd *superd = superd_run("%s", replaced(replaced(table, "\"nobody\"", text_of("\"%s\"", own_user())),
							  "-i 1", "-i 0.2"));
	int client = datagram_client(superd_port(superd, "datagram"));

	for (int round = 0; round < 2; round++) {
		expect_in(datagram_ask(client, "first"), "1 from process ");
		expect_in(datagram_ask(client, "second"), "2 from process ");
		wait_asleep(superd);
	}
	close(client);
}

Behaviour(examples, datagram_server_takes_inetds_way_too)
{
	const char *table = replaced(example_table("datagram.conf"), "\"udp:127.0.0.1:9999\"", "\"udp:127.0.0.1:0\"");
	struct superd *superd;
	int client;

	table = replaced(replaced(table, "\"nobody\"", text_of("\"%s\"", own_user())), "-i 1", "-i 0");
	superd = superd_run("%s", replaced(table, "    user", "    pass = inetd\n    user"));
	client = datagram_client(superd_port(superd, "datagram"));
	for (int round = 0; round < 3; round++)
		expect_in(datagram_ask(client, "over standard input"), ": over standard input");
	close(client);
	wait_asleep(superd);
}

Behaviour(examples, cat_runs_once_for_each_connection)
{
	struct superd *superd = superd_run("%s", table_for_test("cat.conf", "\"127.0.0.1:7777\""));
	int port = superd_port(superd, "cat"), first = client_connect(port), second = client_connect(port);

	client_send(first, "one\n");
	client_send(second, "two\n");
	cr_assert_str_eq(client_line(first), "one");
	cr_assert_str_eq(client_line(second), "two");
	cr_assert_eq(superd_processes(superd), 2);
	close(first);
	close(second);
	wait_asleep(superd);
}

Behaviour(examples, lighttpd_answers_ends_and_answers_again)
{
	const char *table;
	struct superd *superd;
	int port;

	SKIP_WITHOUT(access("/usr/sbin/lighttpd", X_OK) == 0, "there is no lighttpd here (Debian: lighttpd)");
	table = table_for_test("lighttpd.conf", "\"127.0.0.1:8090\"");
	table = replaced(table, "-i 60", "-i 1");
	superd = superd_run("%s", table);
	port = superd_port(superd, "lighttpd");
	for (int round = 0; round < 2; round++) {
		int client = client_connect(port);

		client_send(client, "GET /index.html HTTP/1.0\r\n\r\n");
		expect_in(client_rest(client), "This server was asleep until you came");
		close(client);
		wait_asleep(superd);
	}
}

Behaviour(examples, uuidd_answers_ends_and_answers_again)
{
	const char *socket_path = path_in("uuidd"), *table;
	const char *const ask[] = { "/usr/sbin/uuidd", "-r", "-s", socket_path, NULL };
	struct superd *superd;

	SKIP_WITHOUT(access("/usr/sbin/uuidd", X_OK) == 0, "there is no uuidd here (Debian: uuid-runtime)");
	table = replaced(example_table("uuidd.conf"), "\"/run/uuidd/request\"", text_of("\"%s\"", socket_path));
	table = replaced(replaced(table, "\"uuidd\"", text_of("\"%s\"", own_user())), "-T 2", "-T 1");
	superd = superd_run("%s", table);
	wait_node(socket_path);
	for (int round = 0; round < 2; round++) {
		struct outcome outcome = program_answer(ask);

		cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
		cr_assert_eq(strlen(outcome.out), strlen("1e4c5c27-0fa1-4785-8506-ffbea881f756\n"), "%s", outcome.out);
		wait_asleep(superd);
	}
}
