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
	expect_in(SUPERCTL(control_path(), "--json", "top", "-n1").out, "\"state\":\"leaving\"");
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
	long old = client_ask_pid(port);

	reload("# nothing any more\n");
	expect_in(reload(text_of(SERVICE, "web", port, backend("talk"), own_user(), "nice = 1")),
		  text_of("web: added: pid %ld runs on by the old configuration (nice): superctl restart web", old));
	superd_stop(superd);
}

Behaviour(leaving, another_service_may_have_its_address)
{
	int port = free_port();
	struct superd *superd = run(finishing("web", port));
	long old = client_ask_pid(port);

	reload("# nothing any more\n");
	reload(finishing("renamed", port));
	cr_expect_not(superd_logged(superd, "cannot listen"));
	expect_shown("list", "web", "leaving");
	cr_expect_eq(SUPERCTL(control_path(), "stop", "web").status, 0);
	cr_expect_not(process_lives((pid_t)old));
	cr_expect_neq(client_ask_pid(port), old);
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
	struct superd *superd = clock_run_there(plain("web", at("127.0.0.1", port), ""));
	long old = client_ask_pid(port);

	client = stay(port);
	expect_in(reload("# nothing any more\n"),
		  text_of("pid %ld runs on until its clients have left (on_remove = drain): superctl stop web", old));
	expect_served_by(client, old);
	expect_to_stay(superd, old);
	close(client);
	WAIT_UNTIL(!process_lives((pid_t)old) && is_gone("web"));
}

/* The sockets go with the row, and what waited for the end with them. */
Behaviour(leaving, a_daemon_that_was_to_restart_serves_the_clients_it_has)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_there(plain("web", at("127.0.0.1", port), ""));
	long old = client_ask_pid(port);

	client = stay(port);
	cr_assert_eq(SUPERCTL(control_path(), "--no-wait", "restart", "web").status, 0);
	expect_in(reload("# nothing any more\n"), text_of("pid %ld runs on until its clients have left", old));
	expect_to_stay(superd, old);
	expect_served_by(client, old);
	superd_upgrade(superd);
	expect_to_stay(superd, old);
	close(client);
	CLOCK_UNTIL(superd, MINUTE_MS, 20, !process_lives((pid_t)old) && is_gone("web"));
}

/* Who comes after the reload is served, but not waited for. */
Behaviour(leaving, a_daemon_does_not_wait_for_clients_who_come_later)
{
	int port = free_port(), client, late;
	struct superd *superd = run(plain("web", at("127.0.0.1", port), ""));
	long old = client_ask_pid(port);

	client = stay(port);
	reload("# nothing any more\n");
	superd_wait_log(superd, "serves the 1 client it has to the end");
	late = stay(port);
	expect_served_by(late, old);
	close(client);
	WAIT_UNTIL(!process_lives((pid_t)old) && is_gone("web"));
	client_wait_refused(port);
	close(late);
}

/* The way to remove a service of which nobody is cut off: it has no clients then, and those who came are not served. */
Behaviour(leaving, nobody_is_cut_off_where_it_is_held_and_drained_before)
{
	int port = free_port(), client, late;
	struct superd *superd = clock_run_there(plain("web", at("127.0.0.1", port), ""));
	long old = client_ask_pid(port);
	char byte;

	client = stay(port);
	cr_assert_eq(SUPERCTL(control_path(), "hold", "web").status, 0);
	cr_assert_eq(SUPERCTL(control_path(), "--no-wait", "drain", "web").status, 0);
	late = client_connect(port);
	client_send(late, "here\n");
	expect_to_stay(superd, old);
	cr_assert(client_is_quiet(late, 0));
	expect_served_by(client, old);
	close(client);
	WAIT_UNTIL(!process_lives((pid_t)old));
	expect_in(reload("# nothing any more\n"), "web: removed\n");
	WAIT_UNTIL(is_gone("web"));
	client_wait_refused(port);
	cr_expect_leq(recv(late, &byte, 1, 0), 0, "somebody has answered");
	close(late);
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

/* Its endpoint is of the table of before the last one, which nothing else needs. */
Behaviour(leaving, a_row_that_comes_back_may_have_another_address)
{
	int port = free_port(), client;
	struct superd *superd = run(finishing("web", port));
	long old = client_ask_pid(port);

	client = stay(port);
	for (int n = 0; n < 3; n++) {
		port = free_port();
		reload(finishing("other", free_port()));
		reload(finishing("web", port));
		cr_expect_neq(client_ask_pid(port), old);
	}
	expect_served_by(client, old);
	close(client);
	superd_stop(superd);
}

/* What is known of its clients is then known by superd's copy of that socket alone. */
Behaviour(leaving, one_whose_socket_another_has_keeps_its_clients_when_it_is_back)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_there(finishing("web", port));
	long old = client_ask_pid(port);

	client = stay(port);
	reload(finishing("other", port));
	reload(plain("web", at("127.0.0.1", free_port()), ""));
	superd_wait_log(superd, "serves the ");
	cr_expect(superd_logged(superd, "serves the 1 client it has"), "%s", world_logs());
	expect_to_stay(superd, old);
	expect_served_by(client, old);
	close(client);
	WAIT_UNTIL(!process_lives((pid_t)old));
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

Behaviour(leaving, who_comes_by_a_new_name_of_the_service_is_not_the_old_ones)
{
	int port = free_port(), client;
	struct superd *superd = run(plain("web", at("127.0.0.1", port), ""));
	long old = client_ask_pid(port);

	client = stay(port);
	reload(plain("renamed", at("127.0.0.1", port), ""));
	for (int n = 0; n < 20; n++)
		cr_expect_neq(client_ask_pid(port), old);
	expect_served_by(client, old);
	expect_shown("list", "web", "leaving");
	close(client);
	WAIT_UNTIL(!process_lives((pid_t)old) && is_gone("web"));
	client_ask_pid(port);
	superd_stop(superd);
}

static void narrows(const char *before, const char *after, const char *options)
{
	int port = free_port(), client;
	struct superd *superd = run(plain("web", at(before, port), options));
	long old = client_ask_pid(port);

	client = stay(port);
	reload(plain("web", at(after, port), options));
	cr_expect_not(superd_logged(superd, "cannot listen"));
	expect_shown("list", "web", "awake");
	expect_served_by(client, old);
	client_ask_pid(port);
	close(client);
	if (!*options)
		WAIT_UNTIL(!process_lives((pid_t)old));
	cr_expect_eq(SUPERCTL(control_path(), "restart", "web").status, 0);
	WAIT_UNTIL(!process_lives((pid_t)old));
	for (int n = 0; n < 20; n++)
		cr_expect_neq(client_ask_pid(port), old);
	superd_stop(superd);
}

Behaviour(leaving, an_address_may_be_narrowed_while_its_daemon_runs)
{
	narrows("tcp4:0.0.0.0", "127.0.0.1", "");
}

Behaviour(leaving, an_address_may_be_widened_while_its_daemon_runs)
{
	narrows("127.0.0.1", "tcp4:0.0.0.0", "");
}

Behaviour(leaving, an_address_may_change_its_family_while_its_daemon_runs)
{
	narrows("127.0.0.1", "tcp", "");
}

Behaviour(leaving, an_address_may_be_narrowed_beside_a_daemon_that_is_to_finish)
{
	narrows("tcp4:0.0.0.0", "127.0.0.1", "on_remove = finish");
}

Behaviour(leaving, another_service_may_have_a_part_of_its_address)
{
	int port = free_port(), client;
	struct superd *superd = run(plain("web", at("tcp4:0.0.0.0", port), "on_remove = finish"));
	long old = client_ask_pid(port);

	client = stay(port);
	reload(plain("other", at("127.0.0.1", port), ""));
	cr_expect_not(superd_logged(superd, "cannot listen"));
	for (int n = 0; n < 20; n++)
		cr_expect_neq(client_ask_pid(port), old);
	expect_served_by(client, old);
	close(client);
}

Behaviour(leaving, an_address_may_come_back_while_its_daemon_runs)
{
	int port = free_port(), other = free_port(), client;
	const char *table = plain("web", at("127.0.0.1", port), "on_remove = finish");
	struct superd *superd = run(table);
	long old = client_ask_pid(port);

	client = stay(port);
	reload(plain("web", at("127.0.0.1", other), "on_remove = finish"));
	client_ask_pid(other);
	reload(table);
	cr_expect_not(superd_logged(superd, "cannot listen"));
	for (int n = 0; n < 20; n++)
		cr_expect_neq(client_ask_pid(port), old);
	expect_served_by(client, old);
	close(client);
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
	cr_expect_not(superd_logged(superd, "cannot listen"));
	datagram_ask(client, "hello\n");
	close(client);
}

Behaviour(leaving, one_whose_clients_nobody_can_tell_runs_on)
{
	int port = free_port();
	struct superd *superd = clock_run_there(by_datagrams("127.0.0.1", port, "/bin/sleep 1000"));

	cr_assert_eq(SUPERCTL(control_path(), "start", "web").status, 0);
	expect_in(reload("# nothing any more\n"),
		  "keeps running, because its clients are unknown (on_remove = drain)");
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_assert_gt(superd_processes(superd), 0);
	cr_expect_eq(SUPERCTL(control_path(), "stop", "web").status, 0);
}

/* The kernel lists the clients of one socket alone. */
static const char *with_unlisted(int port, const char *path)
{
	return text_of("service web { listen = { \"127.0.0.1:%d\", \"unix-dgram:%s\" } exec = \"%s\" user = \"%s\" }\n",
		       port, path, backend("talk"), own_user());
}

Behaviour(leaving, one_whose_clients_nobody_can_tell_is_stopped_with_its_service)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_there(with_unlisted(port, path_in("before.sock")));
	long old = client_ask_pid(port);

	client = stay(port);
	reload(with_unlisted(free_port(), path_in("after.sock")));
	clock_hold();
	cr_expect_eq(SUPERCTL(control_path(), "stop", "web", "--no-wait").status, 0);
	for (int n = 0; n < 5; n++)
		clock_advance(superd, SECOND_MS / 10);
	expect_served_by(client, old);
	close(client);
	CLOCK_UNTIL(superd, SECOND_MS / 10, 10, !process_lives((pid_t)old));
}
