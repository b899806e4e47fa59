/* tcpmux (RFC 1078): one port, and the client says by name which service it wants. The hard thing is to give each
 * service its own clients by its own rules, with not a byte of what they said lost. */
#include "controlling.h"
#include "harness.h"

enum { PATIENCE_MS = 30 * SECOND_MS }; /* for a name */

static const char mux_service[] =
	"service mux {\n listen = \"127.0.0.1:0\"\n accept = yes\n builtin = tcpmux\n user = \"%s\"\n}\n";

static struct superd *run_mux(const char *services)
{
	return superd_run("%s%s", text_of(mux_service, own_user()), services);
}

static struct superd *clock_run_mux(const char *services)
{
	return clock_run("%s%s", text_of(mux_service, own_user()), services);
}

static const char *target(const char *name, const char *options)
{
	return text_of("service %s {\n listen = \"tcpmux:+%s\"\n accept = yes\n exec = \"%s\"\n %s\n}\n", name, name,
		       backend("lines"), options);
}

/* Says the name, and gives what is answered to it. */
static const char *ask(int client, const char *name)
{
	client_send(client, name);
	return client_line(client);
}

static void expect_served(int client, const char *name)
{
	cr_assert_str_eq(ask(client, name), "+Go\r", "%s", world_logs());
	client_send(client, "hello\n");
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
}

static void expect_unavailable(int client, const char *name)
{
	cr_assert_str_eq(ask(client, name), "-Service not available\r", "%s", world_logs());
	cr_assert(client_sees_end(client));
	close(client);
}

Behaviour(tcpmux, a_service_is_had_by_its_name_in_any_case)
{
	struct superd *superd = run_mux(target("finger", ""));
	int port = superd_port(superd, "mux");

	expect_served(client_connect(port), "finger\r\n");
	expect_served(client_connect(port), "FINGER\n");
}

/* No queue of the kernel bounds those who come by it. */
Behaviour(tcpmux, a_service_that_cannot_be_started_keeps_no_more_clients_than_64)
{
	enum { KEPT = 64 };
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "%s%s", text_of(mux_service, own_user()),
						"service broken {\n listen = \"tcpmux:broken\"\n accept = yes\n"
						" exec = \"/nonexistent/program\"\n"
						" backoff_min = 1h\n backoff_max = 1h\n}\n");
	int port = superd_port(superd, "mux"), clients[KEPT];

	for (int n = 0; n < KEPT; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "broken\r\n");
	}
	WAIT_UNTIL(superd_log_count(superd, "ended: exit status 0") == KEPT); /* all of them have been handed on */
	expect_unavailable(client_connect(port), "broken\r\n");
	superd_expect_count(superd, "broken: refused 127.0.0.1", 1);
	for (int n = 0; n < KEPT; n++)
		close(clients[n]);
}

Behaviour(tcpmux, the_name_may_come_in_pieces)
{
	struct superd *superd = clock_run_mux(target("finger", ""));
	int client = client_connect(superd_port(superd, "mux"));

	for (const char *letter = "finger"; *letter; letter++) {
		client_send(client, text_of("%c", *letter));
		clock_settle(superd); /* what has the letter waits for the next */
		cr_assert(client_is_quiet(client, 0));
	}
	expect_served(client, "\r\n");
}

Behaviour(tcpmux, what_is_said_behind_the_name_is_the_services)
{
	struct superd *superd = run_mux(target("finger", ""));
	int client = client_connect(superd_port(superd, "mux"));

	cr_assert_str_eq(ask(client, "finger\r\nat once\nand more\n"), "+Go\r");
	cr_assert_not_null(strstr(client_line(client), " at once"));
	cr_assert_not_null(strstr(client_line(client), " and more"));
	close(client);
}

Behaviour(tcpmux, a_service_without_a_plus_answers_for_itself)
{
	struct superd *superd = run_mux("service own {\n listen = \"tcpmux:own\"\n accept = yes\n"
					" exec = { \"/bin/echo\", \"+mine\" }\n}\n");
	int client = client_connect(superd_port(superd, "mux"));

	cr_assert_str_eq(ask(client, "own\r\n"), "+mine");
	cr_assert(client_sees_end(client));
	close(client);
}

Behaviour(tcpmux, help_lists_the_names)
{
	struct superd *superd = run_mux(text_of("%s%sservice closed {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
						" exec = \"%s\"\n}\n",
						target("finger", ""), target("netstat", ""), backend("lines")));
	int client = client_connect(superd_port(superd, "mux"));

	client_send(client, "HELP\r\n");
	cr_assert_str_eq(client_rest(client), "finger\r\nnetstat\r\n");
	close(client);
}

Behaviour(tcpmux, only_who_has_such_an_endpoint_is_reached)
{
	struct superd *superd = run_mux(text_of("%sservice closed {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
						" exec = \"%s\"\n}\n",
						target("finger", ""), backend("lines")));
	int port = superd_port(superd, "mux");

	expect_unavailable(client_connect(port), "closed\r\n");
	expect_unavailable(client_connect(port), "mux\r\n");
	expect_unavailable(client_connect(port), "+finger\r\n");
	expect_unavailable(client_connect(port), "fing\r\n");
	superd_wait_log(superd, "mux: refused 127.0.0.1: no service listens on tcpmux:fing");
}

Behaviour(tcpmux, the_answer_arrives_also_where_the_client_has_said_more)
{
	struct superd *superd = run_mux(target("finger", ""));

	expect_unavailable(client_connect(superd_port(superd, "mux")), "unknown\r\nand much more\r\n");
}

Behaviour(tcpmux, what_is_no_name_is_no_name)
{
	struct superd *superd = run_mux(target("finger", ""));
	int port = superd_port(superd, "mux"), client = client_connect(port);

	cr_assert_str_eq(ask(client, text_of("%0300d\r\n", 1)), "-Error reading service name\r");
	close(client);
	client = client_connect(port);
	cr_assert_str_eq(ask(client, "\r\n"), "-Error reading service name\r");
	close(client);
}

/* Its line must come within 30 s. */
Behaviour(tcpmux, who_names_nothing_for_30_s_is_refused)
{
	struct superd *superd = clock_run("%s%s",
					  replaced(text_of(mux_service, own_user()), " accept = yes",
						   " passenv = " CLOCK_PASSED "\n accept = yes"), target("finger", ""));
	int client = client_connect(superd_port(superd, "mux"));

	client_send(client, "fing");
	superd_wait_log(superd, "mux: started");
	clock_advance(superd, PATIENCE_MS - SECOND_MS);
	cr_assert(client_is_quiet(client, 0));
	clock_advance(superd, 2 * SECOND_MS);
	cr_assert_str_eq(client_line(client), "-Error reading service name\r");
	cr_assert(client_sees_end(client));
	close(client);
}

Behaviour(tcpmux, silent_clients_hold_nobody_up)
{
	enum { SILENT = 50 };
	struct superd *superd = run_mux(target("finger", ""));
	int port = superd_port(superd, "mux"), silent[SILENT];

	for (int n = 0; n < SILENT; n++)
		silent[n] = client_connect(port);
	expect_served(client_connect(port), "finger\r\n");
	for (int n = 0; n < SILENT; n++)
		close(silent[n]);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(tcpmux, the_service_runs_as_its_own_user)
{
	struct superd *superd;
	int client;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run("service mux {\n listen = \"127.0.0.1:0\"\n accept = yes\n builtin = tcpmux\n}\n"
			    "service who {\n listen = \"tcpmux:+who\"\n accept = yes\n user = \"54321\"\n"
			    " exec = { \"/usr/bin/id\", \"-u\" }\n}\n");
	client = client_connect(superd_port(superd, "mux"));
	cr_assert_str_eq(ask(client, "who\r\n"), "+Go\r");
	cr_assert_str_eq(client_line(client), "54321");
	close(client);
}

Behaviour(tcpmux, the_rules_of_the_service_hold)
{
	struct superd *superd = run_mux(target("finger", "only_from = { \"127.0.0.2\" }"));
	int port = superd_port(superd, "mux");

	expect_unavailable(client_connect(port), "finger\r\n");
	superd_wait_log(superd, "finger: refused 127.0.0.1");
	expect_served(client_connect_from("127.0.0.2", port), "finger\r\n");
}

Behaviour(tcpmux, at_the_limit_of_instances_its_clients_wait)
{
	struct superd *superd = clock_run_mux(target("finger", "instances = 1"));
	int port = superd_port(superd, "mux"), first = client_connect(port), second = client_connect(port);

	cr_assert_str_eq(ask(first, "finger\r\n"), "+Go\r");
	client_send(second, "finger\r\n");
	clock_advance(superd, PATIENCE_MS / 2);
	cr_assert(client_is_quiet(second, 0));
	close(first);
	cr_assert_str_eq(client_line(second), "+Go\r");
	client_send(second, "hello\n");
	cr_assert_not_null(strstr(client_line(second), " hello"));
	close(second);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(tcpmux, a_reload_changes_who_can_be_asked_for)
{
	struct superd *superd = run_mux(target("finger", ""));
	int port = superd_port(superd, "mux");
	const char *mux = replaced(text_of(mux_service, own_user()), "127.0.0.1:0", text_of("127.0.0.1:%d", port));

	expect_unavailable(client_connect(port), "netstat\r\n");
	cr_assert(superd_reload(superd, "%s%s", mux, target("netstat", "")));
	expect_served(client_connect(port), "netstat\r\n");
	expect_unavailable(client_connect(port), "finger\r\n");
	cr_assert(superd_reload(superd, "%s%s%s", mux, target("netstat", ""), target("finger", "")));
	expect_served(client_connect(port), "finger\r\n");
}

static size_t count_living(struct superd *superd)
{
	pid_t pids[64];
	size_t count = process_descendants(superd->pid, pids, 64), living = 0;

	for (size_t n = 0; n < count && n < 64; n++)
		living += process_lives(pids[n]);
	return living;
}

/* Each of them has said its name and ended before superd hears of either. */
Behaviour(tcpmux, a_reload_to_another_program_loses_no_name_that_was_said)
{
	enum { CLIENTS = 10 };
	const char *services = target("finger", ""), *mux = text_of(mux_service, own_user());
	struct superd *superd;
	int port = free_port(), clients[CLIENTS];
	size_t living;

	mux = replaced(mux, ":0", text_of(":%d", port));
	superd = superd_run("%s%s", mux, services);
	WAIT_UNTIL(client_can_connect(port));
	WAIT_UNTIL(superd_processes(superd) == 0);
	for (int n = 0; n < CLIENTS; n++)
		clients[n] = client_connect(port);
	WAIT_UNTIL(superd_processes(superd) == CLIENTS);
	cr_assert(superd_reload(superd, "%s%s", replaced(mux, "tcpmux", "health"), services));
	living = count_living(superd);
	superd_signal(superd, SIGSTOP);
	for (int n = 0; n < CLIENTS; n++)
		client_send(clients[n], "finger\r\n");
	WAIT_UNTIL(count_living(superd) + CLIENTS == living);
	superd_signal(superd, SIGCONT);
	for (int n = 0; n < CLIENTS; n++) {
		cr_assert_str_eq(client_line(clients[n]), "+Go\r", "%s", world_logs());
		close(clients[n]);
	}
}

Behaviour(tcpmux, nothing_is_left_of_clients_who_leave_early)
{
	struct superd *superd = run_mux(target("finger", ""));
	int port = superd_port(superd, "mux");
	size_t before;

	expect_served(client_connect(port), "finger\r\n");
	WAIT_UNTIL(superd_processes(superd) == 0);
	before = superd_fd_count(superd);
	for (int n = 0; n < 20; n++) {
		int client = client_connect(port);

		client_send(client, n % 2 ? "fing" : "finger\r\n");
		close(client);
	}
	WAIT_UNTIL(superd_processes(superd) == 0);
	superd_expect_fds(superd, before);
}

/* It waits for room, counted and greeted already, while the table changes. */
Behaviour(tcpmux, a_reload_greets_nobody_twice)
{
	struct superd *superd = clock_run_mux(target("finger", "instances = 1"));
	int port = superd_port(superd, "mux"), first = client_connect(port), second = client_connect(port);
	const char *mux = replaced(text_of(mux_service, own_user()), "127.0.0.1:0", text_of("127.0.0.1:%d", port));

	cr_assert_str_eq(ask(first, "finger\r\n"), "+Go\r");
	client_send(second, "finger\r\n");
	clock_advance(superd, PATIENCE_MS / 2);
	cr_assert(client_is_quiet(second, 0));
	cr_assert(superd_reload(superd, "%s%s", mux, target("finger", "instances = 1\n umask = 027")));
	close(first);
	cr_assert_str_eq(client_line(second), "+Go\r");
	client_send(second, "hello\n");
	cr_assert_not_null(strstr(client_line(second), " hello"), "it was greeted twice");
	close(second);
}

/* As a client in the queue of a port, whatever keeps it waiting. */
Behaviour(tcpmux, who_waits_is_served_when_the_service_is)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };
	const char *held = target("held", "");
	struct superd *superd = superd_run_with(&setup, "%s%s", text_of(mux_service, own_user()), held);
	int port = superd_port(superd, "mux"), client = client_connect(port);
	const char *mux = replaced(text_of(mux_service, own_user()), "127.0.0.1:0", text_of("127.0.0.1:%d", port));

	cr_assert(control_is_done(control_once("hold held")));
	client_send(client, "held\r\n");
	clock_advance(superd, HOUR_MS);
	cr_assert(superd_reload(superd, "%s%s", mux, replaced(held, "\n}", "\n umask = 027\n}")));
	superd_upgrade(superd);
	cr_assert(client_is_quiet(client, 0), "%s", world_logs());
	cr_assert(control_is_done(control_once("release held")));
	cr_assert_str_eq(client_line(client), "+Go\r");
	close(client);
}

Behaviour(tcpmux, sessions_and_services_go_over_an_upgrade)
{
	struct superd *superd = run_mux(target("finger", ""));
	int port = superd_port(superd, "mux"), before = client_connect(port), asking = client_connect(port);

	cr_assert_str_eq(ask(before, "finger\r\n"), "+Go\r", "%s", world_logs());
	client_send(asking, "fin");
	superd_upgrade(superd);
	client_send(before, "hello\n");
	cr_assert_not_null(strstr(client_line(before), " hello"));
	close(before);
	expect_served(asking, "ger\r\n");
	expect_served(client_connect(port), "finger\r\n");
}
