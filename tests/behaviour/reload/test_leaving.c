/* Services that a reload has removed, while what they run goes on: they are seen, can be stopped, and come back. */
#include "controlling.h"
#include "superctl.h"

#define SERVICE "service %s { listen = \"127.0.0.1:%d\" exec = \"%s\" user = \"%s\" %s }\n"

static const char *finishing(const char *name, int port)
{
	return text_of(SERVICE, name, port, backend("talk"), own_user(), "on_remove = finish");
}

static struct superd *run(const char *table)
{
	struct superd *superd = controlled_run("%s", table);

	superd_wait_log(superd, "listening on ");
	wait_node(control_path());
	return superd;
}

static struct superd *clock_run_there(const char *table)
{
	struct superd *superd = controlled_clock_run("%s", table);

	superd_wait_log(superd, "listening on ");
	wait_node(control_path());
	return superd;
}

static const char *reload(const char *table)
{
	struct outcome outcome;

	write_file("superd.conf", "%s", table);
	outcome = SUPERCTL(control_path(), "reload");
	cr_assert_eq(outcome.status, 0, "%s%s\n%s", outcome.out, outcome.err, world_logs());
	return outcome.out;
}

static void expect_in(const char *answer, const char *text)
{
	cr_expect_not_null(strstr(answer, text), "no '%s' in: %s\n%s", text, answer, world_logs());
}

static void expect_shown(const char *verb, const char *name, const char *text)
{
	expect_in(SUPERCTL(control_path(), verb, name).out, text);
}

static bool is_gone(const char *name)
{
	return strstr(SUPERCTL(control_path(), "status", name).err, "there is no such service");
}

Behaviour(leaving, a_daemon_that_runs_on_is_told_of_wherever_anybody_looks)
{
	int port = free_port();
	struct superd *superd = run(finishing("web", port));
	long old = client_ask_pid(port);
	const char *text = text_of("pid %ld runs on (on_remove = finish): superctl stop web", old);

	expect_in(reload("# nothing any more\n"), text_of("web: removed: %s", text));
	superd_wait_log(superd, text_of("web: removed; %s", text));
	expect_shown("list", "web", "leaving");
	expect_in(SUPERCTL(control_path(), "list").out, "leaving");
	expect_shown("--json", "list", "\"state\":\"leaving\"");
	expect_shown("status", "web", text_of("%ld", old));
	expect_shown("why", "web", text_of("a reload has removed it; %s", text));
	expect_shown("metrics", "web", "superd_service_state{service=\"web\",superd_service_state=\"leaving\"} 1");
	cr_expect_eq(client_ask_pid(port), old);
	for (int n = 0; n < 3; n++) {
		static const char *const verbs[] = { "status", "list", "why" };

		(void)schema_holds(verbs[n], SUPERCTL(control_path(), "--json", verbs[n]).out);
	}
}

Behaviour(leaving, it_can_be_stopped_and_nothing_else)
{
	int port = free_port();
	struct superd *superd = run(finishing("web", port));
	long old = client_ask_pid(port);
	struct outcome outcome;

	reload("# nothing any more\n");
	outcome = SUPERCTL(control_path(), "restart", "web");
	cr_expect_eq(outcome.status, 1);
	expect_in(outcome.err, "a reload has removed it");
	cr_expect(process_lives((pid_t)old));
	outcome = SUPERCTL(control_path(), "stop", "web");
	cr_expect_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_not(process_lives((pid_t)old));
	WAIT_UNTIL(is_gone("web"));
	client_wait_refused(port);
	superd_stop(superd);
}

Behaviour(leaving, a_row_that_comes_back_has_its_process_and_its_socket)
{
	int port = free_port(), client;
	struct superd *superd = run(finishing("web", port));
	long old = client_ask_pid(port);

	client = client_connect(port);
	for (int n = 0; n < 3; n++) {
		reload("# nothing any more\n");
		expect_in(reload(finishing("web", port)), "web: added\n");
		expect_shown("list", "web", "awake");
		cr_expect_eq(client_ask_pid(port), old);
	}
	client_send(client, "still here\n");
	cr_expect_str_eq(client_line(client), text_of("%ld still here", old));
	close(client);
	cr_expect_not(superd_logged(superd, "cannot listen"));
	cr_expect_eq(superd_log_count(superd, "web: listening on "), 1);
	cr_expect_eq(SUPERCTL(control_path(), "restart", "web").status, 0);
	cr_expect_neq(client_ask_pid(port), old);
}

Behaviour(leaving, what_is_another_in_the_row_that_comes_back_is_told)
{
	int port = free_port();
	struct superd *superd = run(finishing("web", port));

	client_ask_pid(port);
	reload("# nothing any more\n");
	expect_in(reload(text_of(SERVICE, "web", port, backend("talk"), own_user(), "nice = 1")),
		  "1 instance runs on by the old configuration: superctl restart web");
	superd_stop(superd);
}

Behaviour(leaving, its_end_is_the_end_of_it)
{
	int port = free_port();
	struct superd *superd = run(text_of(SERVICE, "web", port, backend("talk"), own_user(),
					    "on_remove = finish restart = always on_failure = exit"));
	long old = client_ask_pid(port);

	reload("# nothing any more\n");
	cr_assert_eq(kill((pid_t)old, SIGKILL), 0);
	WAIT_UNTIL(is_gone("web"));
	client_wait_refused(port);
	superd_expect_count(superd, "web: started, pid ", 1);
}

Behaviour(leaving, clients_of_an_instance_each_are_counted)
{
	int port = free_port(), client;
	const char *table = text_of(SERVICE, "web", port, backend("lines"), own_user(), "accept = yes");
	struct superd *superd = run(table);

	client = client_connect(port);
	client_send(client, "hello\n");
	cr_assert_not_null(strstr(client_line(client), " hello"));
	expect_in(reload("# nothing any more\n"), "runs on (on_remove = finish): superctl stop web");
	expect_shown("list", "web", "leaving");
	client_wait_refused(port);
	reload(table);
	expect_shown("list", "web", "awake");
	client_ask_pid(port);
	client_send(client, "hello\n");
	cr_assert_not_null(strstr(client_line(client), " hello"));
	reload("# nothing any more\n");
	close(client);
	WAIT_UNTIL(is_gone("web"));
	superd_stop(superd);
}

Behaviour(leaving, it_ends_with_superd_and_goes_over_an_upgrade)
{
	int port = free_port();
	struct superd *superd = run(finishing("web", port));
	long old = client_ask_pid(port);

	reload("# nothing any more\n");
	superd_upgrade(superd);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", "web").out, "leaving"));
	expect_shown("status", "web", text_of("%ld", old));
	cr_expect_eq(client_ask_pid(port), old);
	superd_stop(superd);
	cr_expect_not(process_lives((pid_t)old));
}

static void expect_to_stay(struct superd *superd, long pid)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert(process_lives((pid_t)pid), "%s", world_logs());
}

static const char *plain(const char *name, const char *listen, const char *options)
{
	return text_of("service %s { listen = \"%s\" exec = \"%s\" user = \"%s\" %s }\n", name, listen, backend("talk"),
		       own_user(), options);
}

static const char *at(const char *address, int port)
{
	return text_of("%s:%d", address, port);
}

/* A client who stays, as the old instance has it. */
static int stay(int port)
{
	int client = client_connect(port);

	client_send(client, "here\n");
	cr_assert_not_null(strstr(client_line(client), " here"));
	return client;
}

static void expect_served_by(int client, long pid)
{
	client_send(client, "still\n");
	cr_expect_str_eq(client_line(client), text_of("%ld still", pid), "%s", world_logs());
}

Behaviour(leaving, a_daemon_ends_with_the_clients_it_has)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_there(plain("web", at("127.0.0.1", port), "timeout_stop = 10h"));
	long old = client_ask_pid(port);

	client = stay(port);
	expect_in(reload("# nothing any more\n"),
		  text_of("pid %ld runs on until its clients have left (on_remove = drain): superctl stop web", old));
	expect_served_by(client, old);
	expect_to_stay(superd, old);
	close(client);
	CLOCK_UNTIL(superd, SECOND_MS, 20, !process_lives((pid_t)old));
	WAIT_UNTIL(is_gone("web"));
}

/* They have the time that a stop of it takes at most. */
Behaviour(leaving, a_daemon_ends_under_clients_who_stay_for_too_long)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_there(plain("web", at("127.0.0.1", port), "timeout_stop = 10min"));
	long old = client_ask_pid(port);

	client = stay(port);
	reload("# nothing any more\n");
	clock_advance(superd, 9 * MINUTE_MS);
	expect_served_by(client, old);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, !process_lives((pid_t)old));
	cr_expect(client_sees_end(client));
	WAIT_UNTIL(is_gone("web"));
	close(client);
}

Behaviour(leaving, one_that_is_back_does_not_end)
{
	int port = free_port(), client;
	const char *table = plain("web", at("127.0.0.1", port), "");
	struct superd *superd = clock_run_there(table);
	long old = client_ask_pid(port);

	client = stay(port);
	reload("# nothing any more\n");
	reload(table);
	close(client);
	expect_to_stay(superd, old);
	cr_expect_eq(client_ask_pid(port), old);
}

Behaviour(leaving, a_daemon_without_a_socket_is_stopped)
{
	static const char job[] = "service %s { start = boot exec = \"%s\" user = \"%s\" %s }\n";
	const char *sleeper = backend("sleep 60000");
	struct superd *superd = controlled_run("%s%s", text_of(job, "job", sleeper, own_user(), ""),
					       text_of(job, "once", sleeper, own_user(), "type = oneshot"));

	superd_wait_log(superd, "once: started, pid ");
	wait_node(control_path());
	expect_in(reload("# nothing any more\n"), "runs on (on_remove = finish): superctl stop once");
	WAIT_UNTIL(is_gone("job"));
	expect_shown("list", "once", "leaving");
	cr_expect_eq(SUPERCTL(control_path(), "stop", "once").status, 0);
}


static const char *by_datagrams(const char *address, int port, const char *exec)
{
	return text_of("service web { listen = \"udp4:%s:%d\" exec = \"%s\" user = \"%s\" }\n", address, port, exec,
		       own_user());
}

Behaviour(leaving, an_address_of_datagrams_may_be_narrowed_while_its_daemon_runs)
{
	int port = free_port();
	struct superd *superd = run(by_datagrams("0.0.0.0", port, "/bin/sleep 60"));
	int client = datagram_client(port);

	cr_assert_eq(SUPERCTL(control_path(), "start", "web").status, 0);
	reload(by_datagrams("127.0.0.1", port, backend("datagrams")));
	superd_wait_log(superd, "web: listening on udp:127.0.0.1:"); /* what comes before goes with the old socket */
	cr_expect_not(superd_logged(superd, "cannot listen"));
	datagram_ask(client, "hello\n");
	close(client);
}
