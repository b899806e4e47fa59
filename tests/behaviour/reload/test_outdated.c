/* Processes that go on by the row of before a reload: whoever asks hears of it, and what ends it. */
#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define WEB "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" user = \"%s\" %s }\n"

static const char *table_of(int port, const char *options)
{
	return text_of(WEB, port, backend("talk"), own_user(), options);
}

static struct superd *run(const char *table)
{
	struct superd *superd = controlled_run("%s", table);

	superd_wait_log(superd, "listening on ");
	wait_node(control_path());
	return superd;
}

static const char *reload(const char *table)
{
	struct outcome outcome;

	write_file("superd.conf", "%s", table);
	outcome = SUPERCTL(control_path(), "reload");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	return outcome.out;
}

static void expect_in(const char *answer, const char *text)
{
	cr_expect_not_null(strstr(answer, text), "no '%s' in: %s\n%s", text, answer, world_logs());
}

static void expect_shown(const char *verb, const char *text)
{
	expect_in(SUPERCTL(control_path(), verb, "web").out, text);
}

static void expect_current(void)
{
	cr_expect_null(strstr(SUPERCTL(control_path(), "list").out, "outdated"));
	cr_expect_null(strstr(SUPERCTL(control_path(), "why", "web").out, "previous configuration"));
	cr_expect_str_eq(control_value(control_once("list web"), "outdated"), "0");
}

Behaviour(outdated, who_runs_by_the_old_entry_is_told_of_wherever_anybody_looks)
{
	int port = free_port();
	struct superd *superd = run(table_of(port, "env = {\"A=1\"}"));
	long old = client_ask_pid(port);
	const char *text = "1 instance runs on by the old configuration: superctl restart web", *answer;

	answer = reload(table_of(port, "env = {\"A=2\"} nice = 1"));
	expect_in(answer, text_of("web: changed (env, nice): %s", text));
	superd_wait_log(superd, text_of("web: changed: env, nice; %s", text));
	expect_shown("list", "awake, outdated");
	expect_shown("status", "awake, outdated");
	expect_shown("status", "1 instance runs with the previous configuration: superctl restart web");
	expect_shown("why", "1 instance runs with the previous configuration: superctl restart web\n");
	expect_shown("metrics", "superd_service_outdated{service=\"web\"} 1");
	(void)schema_holds("status", SUPERCTL(control_path(), "--json", "status", "web").out);
	cr_expect_eq(SUPERCTL(control_path(), "restart", "web").status, 0);
	cr_expect_neq(client_ask_pid(port), old);
	expect_current();
}

Behaviour(outdated, an_entry_that_is_as_it_was_ends_it)
{
	int port = free_port();
	struct superd *superd = run(table_of(port, "env = {\"A=1\"}"));
	long old = client_ask_pid(port);

	reload(table_of(port, "env = {\"A=2\"}"));
	expect_shown("list", "awake, outdated");
	reload(table_of(port, "env = {\"A=1\"} nice = 1"));
	expect_shown("list", "awake, outdated");
	reload(table_of(port, "env = {\"A=1\"} timeout_stop = 5s"));      /* which counts for who runs, too */
	expect_current();
	cr_expect_eq(client_ask_pid(port), old);
	superd_stop(superd);
}

Behaviour(outdated, who_has_a_socket_that_the_entry_has_no_more_is_told_of)
{
	int before = free_port(), after = free_port();
	struct superd *superd = run(table_of(before, "on_remove = finish"));
	long old = client_ask_pid(before);
	const char *text = "1 instance runs on by the old configuration: superctl restart web";

	expect_in(reload(table_of(after, "on_remove = finish")), text_of("web: changed (listen): %s", text));
	superd_wait_log(superd, text);
	expect_shown("list", "awake, outdated");
	cr_expect_eq(client_ask_pid(before), old);
	cr_expect_eq(SUPERCTL(control_path(), "restart", "web").status, 0);
	WAIT_UNTIL(!client_can_connect(before));
	expect_current();
	client_ask_pid(after);
}

Behaviour(outdated, clients_at_a_socket_that_the_entry_has_no_more_are_served_to_the_end)
{
	int before = free_port(), after = free_port();
	struct superd *superd = run(table_of(before, "timeout_stop = 1h"));
	int client = client_settle(client_connect(before)), next;

	expect_in(reload(table_of(after, "timeout_stop = 1h")), "1 instance runs on by the old configuration");
	client_settle(client);
	next = client_connect(after);
	cr_expect(client_is_quiet(next, 0));
	close(client);
	client_settle(next);
	expect_current();
	close(next);
	superd_stop(superd);
}

Behaviour(outdated, an_instance_for_each_client_is_counted)
{
	static const char options[] = "accept = yes env = {\"A=%d\"}";
	int port = free_port(), clients[3];
	const char *exec = backend("lines");
	struct superd *superd = run(text_of(WEB, port, exec, own_user(), text_of(options, 1)));

	for (int n = 0; n < 3; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "hello\n");
		cr_assert_not_null(strstr(client_line(clients[n]), " hello"));
	}
	expect_in(reload(text_of(WEB, port, exec, own_user(), text_of(options, 2))),
		  "web: changed (env): 3 instances run on by the old configuration: superctl restart web\n");
	expect_shown("list", "awake, outdated");
	expect_shown("status", "3 instances run with the previous configuration");
	expect_shown("metrics", "superd_service_outdated{service=\"web\"} 3");
	for (int n = 0; n < 3; n++)
		close(clients[n]);
	WAIT_UNTIL(!strcmp(control_value(control_once("list web"), "outdated"), "0"));
	superd_stop(superd);
}

Behaviour(outdated, the_log_names_what_a_reload_adds_and_removes)
{
	int port = free_port(), other = free_port();
	struct superd *superd = run(table_of(port, ""));
	const char *more = text_of("service more { listen = \"127.0.0.1:%d\" exec = \"%s\" user = \"%s\" }\n", other,
				   backend("talk"), own_user());

	reload(text_of("%s%s", table_of(port, ""), more));
	superd_wait_log(superd, "more: added");
	reload(table_of(port, ""));
	superd_wait_log(superd, "more: removed");
	cr_expect_not(superd_logged(superd, "web: changed"));
}
