/* Daemons that open a port of their own beside superd's: who is connected there is a client, too. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define SERVICE                                                                      \
	"service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n idle_timeout = %s\n" \
	" idle_action = %s\n %s\n}\n"
#define SLEEPS "is frozen until a client connects"
#define KEPT "keeps running: 1 connected to a port of its own"

static long ask(int client, const char *question)
{
	client_send(client, text_of("%s\n", question));
	return strtol(client_line(client), NULL, 10);
}

static void expect_stay(const char *action, const char *text)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };
	int own = free_port(), client;
	struct superd *superd = superd_run_with(&setup, SERVICE, backend("own %d", own), "5min", action, "");
	long first = client_ask_pid(superd_port(superd, "web"));
	const char *why;

	client = client_connect(own);
	cr_assert_eq(ask(client, "here"), first);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, KEPT));
	cr_expect_not(superd_logged(superd, "at the last moment"), "%s", world_logs());
	for (int n = 0; n < 6; n++)
		clock_advance(superd, 10 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, text), "%s", world_logs());
	why = why_of("web");
	cr_expect(strstr(why, text_of("1 client (127.0.0.1) at its own port tcp:127.0.0.1:%d", own)), "%s", why);
	cr_assert_eq(ask(client, "still here"), first);
	cr_expect_eq(superd_log_count(superd, "keeps running: 1 connected"), 1, "it is stopped again and again: %s",
		     world_logs());
	close(client);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, text));
	superd_stop(superd);
}

Behaviour(own_port, who_is_connected_keeps_it_from_being_stopped)
{
	expect_stay("stop", "web: stopping pid ");
}

Behaviour(own_port, who_is_connected_keeps_it_from_being_frozen)
{
	expect_stay("freeze", SLEEPS);
}

Behaviour(own_port, a_client_there_wakes_it)
{
	int own = free_port(), client;
	struct superd *superd = clock_run(SERVICE, backend("own %d", own), "5min", "freeze", "");
	long first = client_ask_pid(superd_port(superd, "web"));

	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, SLEEPS));
	client = client_connect(own);
	cr_assert_eq(ask(client, "here"), first);
	superd_wait_log(superd, "thawed after");
	for (int n = 0; n < 6; n++)
		clock_advance(superd, 10 * MINUTE_MS);
	superd_expect_count(superd, SLEEPS, 1);
	close(client);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_log_count(superd, SLEEPS) == 2);
}

Behaviour(own_port, a_unix_socket_is_one)
{
	const char *path = path_in("own.sock");
	struct superd *superd = clock_run(SERVICE, backend("own %s", path), "5min", "freeze", "");
	long first = client_ask_pid(superd_port(superd, "web"));
	int client = client_connect_unix(path, SOCK_STREAM);

	cr_assert_eq(ask(client, "here"), first);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, KEPT));
	for (int n = 0; n < 6; n++)
		clock_advance(superd, 10 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, SLEEPS), "%s", world_logs());
	close(client);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, SLEEPS));
	unlink(path);
}

static void expect_sleep_with_itself(const char *where)
{
	struct superd *superd = clock_run(SERVICE, backend("own-both %s", where), "5min", "freeze", "");
	long first = client_ask_pid(superd_port(superd, "web"));

	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_logged(superd, SLEEPS));
	for (int n = 0; n < 6; n++)
		clock_advance(superd, 10 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, "keeps running"), "%s", world_logs());
	cr_assert_eq(client_ask_pid(superd_port(superd, "web")), first);
	superd_stop(superd);
}

Behaviour(own_port, a_daemon_that_is_connected_to_itself_has_no_client)
{
	expect_sleep_with_itself(text_of("%d", free_port()));
}

Behaviour(own_port, nor_by_a_unix_socket)
{
	const char *path = path_in("own.sock");

	expect_sleep_with_itself(path);
	unlink(path);
}

/* The kernel says for how long nothing has moved, in real time. */
Behaviour(own_port, quiet_connections_there_sleep_with_it)
{
	int own = free_port(), client;
	struct superd *superd =
		superd_run(SERVICE, backend("own %d", own), "500ms", "freeze", "idle_means = quiet");
	long first = client_ask_pid(superd_port(superd, "web"));

	client = client_connect(own);
	cr_assert_eq(ask(client, "here"), first);
	superd_wait_log(superd, SLEEPS);
	cr_assert_eq(ask(client, "again"), first);
	superd_wait_log(superd, SLEEPS);
	close(client);
	superd_wait_log(superd, "thawed after");
}
