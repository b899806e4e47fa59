/* The tables of conf/ that stand for themselves: what inetd and xinetd did. Those for old daemons run as they stand, on
 * the ports of services(5), in a network of the test's own; the others with the port of a test put in. Every table, of
 * the examples' servers too, is without fault. */
#include "harness.h"
#include "private.h"
#include "superctl.h"

static void enter(void)
{
	SKIP_WITHOUT(namespace_users(), "needs root, and other users that can reach what was built");
	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
}

static struct superd *run_as(const char *format, const char *name)
{
	const struct setup setup = { .format = format };

	enter();
	return superd_run_with(&setup, "%s", example_table(name));
}

/* What a server says to somebody who sends nothing. */
static const char *heard(const char *address, int port)
{
	int client = client_connect_to(address, port);
	const char *said;

	shutdown(client, SHUT_WR);
	said = client_rest(client);
	close(client);
	return said;
}

Behaviour(example_tables, inetd_conf_is_served_as_it_stands)
{
	struct superd *superd = run_as("inetd", "inetd.conf");
	static const char *const addresses[] = { "127.0.0.1", "::1" };

	superd_wait_log(superd, "finger@localhost: listening on");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		cr_assert_str_eq(client_ask(7777, "through cat\n"), "through cat");
		cr_assert_not_null(strstr(heard(addresses[i], 13), "\r\n"));
		cr_assert_not_null(strstr(heard(addresses[i], 79), "NAME"));
	}
	cr_assert_not(client_can_connect(21), "a line that is a comment was served");
}

Behaviour(example_tables, xinetd_conf_is_served_as_it_stands)
{
	struct superd *superd = run_as("xinetd", "xinetd.conf");

	superd_wait_log(superd, "cat: listening on");
	cr_assert_str_eq(client_ask(7777, "through cat\n"), "through cat");
	cr_assert_not(client_can_connect(13), "a service that is disabled was served");
}

Behaviour(example_tables, builtin_conf_is_answered_by_superd_itself)
{
	struct superd *superd = run_as("superd", "builtin.conf");
	int datagrams;

	superd_wait_log(superd, "time: listening on");
	cr_assert_str_eq(client_ask(7, "say it again\n"), "say it again");
	cr_assert_str_eq(heard("127.0.0.1", 9), "");
	cr_assert_not_null(strstr(heard("127.0.0.1", 13), "\r\n"));
	cr_assert_str_eq(client_ask(19, ""),
			 " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg\r");
	datagrams = datagram_client(7);
	cr_assert_str_eq(datagram_ask(datagrams, "and again"), "and again");
	close(datagrams);
}

/* The table with the port of a test, and the test's own user where it is not root. */
static const char *table_for_test(const char *name, const char *listen)
{
	const char *table = replaced(example_table(name), listen, "\"127.0.0.1:0\"");

	return strstr(table, "\"nobody\"") ? replaced(table, "\"nobody\"", text_of("\"%s\"", own_user())) : table;
}

Behaviour(example_tables, gate_conf_lets_in_whom_it_says)
{
	const char *table = replaced(table_for_test("gate.conf", "\"7777\""), "192.0.2.66", "127.0.0.2");
	struct superd *superd;
	int port, client;

	table = replaced(table, "{ \"SYSLOG\", \"daemon\" }", text_of("{ \"FILE\", \"%s\" }", path_in("log")));
	superd = superd_run("%s", table);
	port = superd_port(superd, "cat");
	cr_assert_str_eq(client_ask(port, "through cat\n"), "through cat");
	client = client_connect_from("127.0.0.2", port);
	cr_assert(client_sees_end(client));
	close(client);
	WAIT_UNTIL(read_text(path_in("log")) &&
		   strstr(read_text(path_in("log")), "FAIL: cat address from=127.0.0.2\n"));
	WAIT_UNTIL(strstr(read_text(path_in("log")), "EXIT: cat status=0 pid="));
}

BehaviourOfUsers(example_tables, redirect_conf_leads_somewhere_else)
{
	int target = free_port(), listener = listen_on(target), client, server;
	const char *table = replaced(table_for_test("redirect.conf", "\"127.0.0.1:8080\""), "\"192.0.2.10\", \"80\"",
				     text_of("\"127.0.0.1\", \"%d\"", target));
	struct superd *superd;

	superd = superd_run("%s", table);
	client = client_connect(superd_port(superd, "to-the-intranet"));
	server = accept(listener, NULL, NULL);
	cr_assert_geq(server, 0);
	client_send(client, "there\n");
	cr_assert_str_eq(client_line(server), "there");
	client_send(server, "and back\n");
	cr_assert_str_eq(client_line(client), "and back");
	close(client);
	close(server);
	superd_wait_log(superd, "TRAFFIC: to-the-intranet in=6(bytes) out=9(bytes)");
	close(listener);
}

Behaviour(example_tables, metrics_conf_answers_prometheus)
{
	const char *control = path_in("control"), *superctl = getenv("SUPERCTL_BIN"), *page;
	struct superd *superd;
	int client;

	SKIP_WITHOUT(superctl && access(superctl, X_OK) == 0, "there is no superd-web: it was built without jansson");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } }, "%s",
		table_for_test("metrics.conf", "\"127.0.0.1:9089\""));
	client = client_connect(superd_port(superd, "metrics"));
	client_send(client, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	page = client_rest(client);
	close(client);
	cr_assert(strncmp(page, "HTTP/1.1 200 OK\r\n", 17) == 0, "%s\n%s", page, world_logs());
	cr_assert_not_null(strstr(page, "\nsuperd_service_instances{service=\"metrics\"} 1\n"), "%s", page);
	cr_assert_not_null(strstr(page, "\nContent-Type: text/plain; version=0.0.4"), "%s", page);
}

Behaviour(example_tables, status_conf_shows_a_page)
{
	const char *control = path_in("control"), *superctl = getenv("SUPERCTL_BIN"), *page;
	struct superd *superd;
	int client;

	SKIP_WITHOUT(superctl && access(superctl, X_OK) == 0, "there is no superd-web: it was built without jansson");
	superd = superd_run_with(
		&(const struct setup){ .arguments = (const char *const[]){ "--control", control, NULL } }, "%s",
		replaced(table_for_test("status.conf", "\"127.0.0.1:8090\""), "/run/superd-status.sock",
			 path_in("status.sock")));
	client = client_connect(superd_port(superd, "status"));
	client_send(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
	page = client_rest(client);
	close(client);
	cr_assert(strncmp(page, "HTTP/1.1 200 OK\r\n", 17) == 0, "%s\n%s", page, world_logs());
	cr_assert_not_null(strstr(page, ">status-local</a>"), "%s", page);
	client = client_connect_unix(path_in("status.sock"), SOCK_STREAM);
	client_send(client, "GET /service/status-local HTTP/1.1\r\nHost: any\r\n\r\n");
	page = client_rest(client);
	close(client);
	cr_assert(strncmp(page, "HTTP/1.1 200 OK\r\n", 17) == 0, "%s\n%s", page, world_logs());
}

/* By the table alone: the log, the control socket, the pid file and the delay of a stop. */
Behaviour(example_tables, settings_conf_sets_what_superd_itself_needs)
{
	const struct setup setup = { .without_settings = true };
	const char *log = path_in("own.log"), *control = path_in("own.control"), *pid_file = path_in("own.pid");
	const char *cat = path_in("cat.sock"), *superctl = getenv("SUPERCTL_BIN"), *table;
	struct superd *superd;
	int client;

	table = replaced(table_for_test("settings.conf", "\"127.0.0.1:7779\""), "\"127.0.0.1:0\"",
			 text_of("\"%s\"", cat));
	table = replaced(table, "/var/log/superd-settings.log", log);
	table = replaced(table, "/run/superd-settings.control", control);
	table = replaced(table, "/run/superd-settings.pid", pid_file);
	superd = superd_run_with(&setup, "%s", table);
	WAIT_UNTIL(read_text(log) && strstr(read_text(log), "\"message\":\"listening on "));
	WAIT_UNTIL(read_text(pid_file) && atoi(read_text(pid_file)) == superd->pid);
	if (superctl && access(superctl, X_OK) == 0)
		cr_expect_not_null(strstr(SUPERCTL(control, "list").out, "cat"));
	superd_signal(superd, SIGTERM);
	WAIT_UNTIL(strstr(read_text(log), "(stop_delay)"));
	client = client_connect_unix(cat, SOCK_STREAM);
	client_send(client, "still served\n");
	cr_expect_str_eq(client_line(client), "still served");
	close(client);
	cr_expect_eq(superd_wait_exit(superd), 0, "%s", read_text(log));
}

static size_t check_tables(const char *document)
{
	const char *at = read_text(text_of("%s/%s", getenv("SRCDIR"), document));
	size_t found = 0;

	cr_assert_not_null(at);
	while ((at = strstr(at, "\n```superd\n"))) {
		const char *table = at + strlen("\n```superd\n"), *end = strstr(table, "\n```\n");
		struct outcome outcome;

		cr_assert_not_null(end, "a table of %s has no end", document);
		outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f",
					write_file("readme.conf", "%.*s\n", (int)(end - table), table));
		cr_expect_eq(outcome.status, 0, "%s", outcome.err);
		cr_expect_str_empty(outcome.err, "%s", outcome.err);
		found++;
		at = end;
	}
	return found;
}

/* What README and the tutorial show, each as somebody would copy it. */
Behaviour(example_tables, those_of_the_readme_and_the_tutorial_are_without_fault)
{
	cr_expect_geq(check_tables("README.md"), 1);
	cr_expect_geq(check_tables("contrib/doc/tutorial.md"), 6);
}

Behaviour(example_tables, are_without_fault)
{
	static const char *const names[] = {
		"behind.conf", "builtin.conf", "cat.conf", "datagram.conf", "demo.conf", "echo.conf", "gate.conf",
		"hello-world.conf", "http.conf", "inetd.conf", "lighttpd.conf", "redirect.conf", "settings.conf",
		"superd.conf", "uuidd.conf", "xinetd.conf", "haproxy.conf", "nginx.conf", "idle.conf",
		"php-fpm.conf",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *table = example_table(names[i]);
		struct outcome outcome;

		if (strstr(table, "@USER@"))
			table = replaced(table, "@USER@", own_user());
		else if (strstr(table, "\"nobody\"") && geteuid() != 0)
			table = replaced(table, "\"nobody\"", text_of("\"%s\"", own_user()));
		/* Where the sources lie, nobody may be kept from reading them: that is not the table's fault. */
		outcome = SUPERD_ANSWER("--check", "--no-preflight", "-f", write_file(names[i], "%s", table));
		cr_assert_eq(outcome.status, 0, "%s: %s", names[i], outcome.err);
		cr_assert_null(strstr(outcome.err, "error:"), "%s: %s", names[i], outcome.err);
		cr_assert(strncmp(names[i], "inetd", 5) != 0 || strstr(outcome.out, "inetd.conf, 4 services"), "%s",
			  outcome.out);
		cr_assert(strncmp(names[i], "xinetd", 6) != 0 || strstr(outcome.out, "xinetd.conf, 2 services"), "%s",
			  outcome.out);
	}
}

/* What superd --print makes of a table, without the settings of superd itself. */
static const char *printed_services(const char *source)
{
	struct outcome outcome = SUPERD_ANSWER("--print", "--no-preflight", "-f", source);
	const char *block = strstr(outcome.out, "superd {\n"), *end = block ? strstr(block, "\n}\n\n") : NULL;

	cr_assert_eq(outcome.status, 0, "%s: %s", source, outcome.err);
	return end ? end + strlen("\n}\n\n") : outcome.out;
}

/* The running table can be had back: what superctl show prints, superd reads as the same services. */
Behaviour(example_tables, show_prints_what_superd_reads)
{
	static const char *const tables[][2] = {
		{ "superd", "behind.conf" },  { "superd", "builtin.conf" }, { "superd", "cat.conf" },
		{ "superd", "datagram.conf" },
		{ "superd", "demo.conf" },    { "superd", "gate.conf" },   { "superd", "health.conf" },
		{ "superd", "idle.conf" },    { "superd", "metrics.conf" }, { "superd", "redirect.conf" },
		{ "superd", "settings.conf" }, { "superd", "status.conf" },
		{ "inetd", "inetd.conf" },    { "xinetd", "xinetd.conf" },
	};
	const char *control = path_in("control"), *const arguments[] = { "--no-preflight", "--control", control, NULL };

	enter();
	for (size_t n = 0; n < sizeof(tables) / sizeof(*tables); n++) {
		const struct setup setup = { .format = tables[n][0], .arguments = arguments };
		const char *table = example_table(tables[n][1]), *shown;
		struct superd *superd;
		struct outcome outcome;

		if (strstr(table, "@USER@"))
			table = replaced(table, "@USER@", own_user());
		superd = superd_run_with(&setup, "%s", table);
		wait_node(control);
		outcome = SUPERCTL(control, "show");
		cr_assert_eq(outcome.status, 0, "%s: %s", tables[n][1], outcome.err);
		shown = write_file("shown.conf", "%s", outcome.out);
		cr_expect_str_eq(printed_services(shown),
				 printed_services(text_of("%s:%s", tables[n][0], superd->table)), "%s:\n%s",
				 tables[n][1], outcome.out);
		superd_stop(superd);
	}
}
