/* Reload: everything is read and checked first, then each service is kept, changed, added or removed, and nobody
 * who is connected notices but those the table sends away. */
#include <sys/ioctl.h>

#include "guarding.h"
#include "harness.h"
#include "namespace.h"

#define WEB "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"

Behaviour(reload, the_unchanged_keep_sockets_and_instances)
{
	int port = free_port(), client;
	const char *exec = backend("talk");
	struct superd *superd = superd_run(WEB, port, exec, "");
	size_t before;

	superd_wait_log(superd, "web: listening on ");
	client = client_served(port);
	before = superd_log_count(superd, "web: listening on ");
	cr_assert(superd_reload(superd, WEB, port, exec, ""));
	superd_wait_log(superd, "superd: reloaded: 1 unchanged, 0 changed, 0 added, 0 removed");
	client_settle(client);
	cr_assert_eq(superd_log_count(superd, "web: listening on "), before);
	superd_expect_count(superd, "web: started, pid ", 1);
	close(client);
}

Behaviour(reload, queued_clients_of_a_service_survive_its_change)
{
	int port = free_port(), client;
	struct superd *superd = superd_run(WEB, port, backend("exit 1"), "");

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	client_send(client, "who\n");
	superd_wait_log(superd, "web: next ");
	cr_assert(superd_reload(superd, WEB, port, backend("serve"), ""));
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
}

Behaviour(reload, the_next_activation_runs_what_the_new_table_says)
{
	int port = free_port(), client;
	struct superd *superd = superd_run(WEB, port, backend("serve"), "");
	long old;

	superd_wait_log(superd, "web: listening on ");
	old = client_ask_pid(port);
	cr_assert(superd_reload(superd, WEB, port, text_of("/bin/sh -c 'exec %s'", backend("talk")), ""));
	superd_wait_log(superd, "superd: reloaded: 0 unchanged, 1 changed, 0 added, 0 removed");
	/* Who runs goes on; the change shows with the next start. */
	cr_assert_eq(client_ask_pid(port), old);
	cr_assert_eq(kill((pid_t)old, SIGKILL), 0);
	client = client_settle(client_served(port));
	close(client);
}

Behaviour(reload, a_changed_endpoint_is_bound_before_the_old_one_is_closed)
{
	int before = free_port(), after = free_port(), client;
	struct superd *superd = superd_run(WEB, before, backend("lines"), "accept = yes");

	superd_wait_log(superd, "web: listening on ");
	client = client_settle(client_connect(before));
	cr_assert(superd_reload(superd, WEB, after, backend("lines"), "accept = yes"));
	close(client_settle(client_connect(after)));
	WAIT_UNTIL(!client_can_connect(before));
	client_settle(client);
	close(client);
}

Behaviour(reload, a_backend_with_the_old_sockets_gives_way_when_they_change)
{
	int before = free_port(), after = free_port();
	struct superd *superd = superd_run(WEB, before, backend("take 1"), "");

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(before);
	cr_assert(superd_reload(superd, WEB, after, backend("take 1"), ""));
	client_ask_pid(after);
	WAIT_UNTIL(!client_can_connect(before));
	client_ask_pid(after);
}

Behaviour(reload, services_come_and_go)
{
	int web = free_port(), more = free_port();
	const char *exec = backend("serve");
	struct superd *superd = superd_run(WEB, web, exec, "");

	superd_wait_log(superd, "web: listening on ");
	cr_assert(superd_reload(superd, WEB "service more { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", web, exec, "",
				more, exec));
	superd_wait_log(superd, "superd: reloaded: 1 unchanged, 0 changed, 1 added, 0 removed");
	client_ask_pid(more);
	client_ask_pid(web);
	cr_assert(superd_reload(superd, "service more { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", more, exec));
	superd_wait_log(superd, "superd: reloaded: 1 unchanged, 0 changed, 0 added, 1 removed");
	client_ask_pid(more);
}

/* The program of a client of before has no listener, so it serves nobody else, and it ends with its client. */
Behaviour(reload, from_a_program_for_each_client_to_one_for_all)
{
	int port = free_port(), client;
	struct superd *superd = guarded_run(WEB, port, backend("lines"), "accept = yes");

	superd_wait_log(superd, "web: listening on ");
	client = client_settle(client_connect(port));
	cr_assert(superd_reload(superd, WEB, port, backend("serve"), ""));
	superd_wait_log(superd, "web: changed: ");
	client_ask_pid(port);
	guarded_kill(superd);
	client_ask_pid(port);
	client_settle(client);
	close(client);
}

Behaviour(reload, a_removed_service_lets_its_connections_finish)
{
	int port = free_port(), client;
	struct superd *superd = superd_run(WEB, port, backend("lines"), "accept = yes\non_remove = finish");

	superd_wait_log(superd, "web: listening on ");
	client = client_served(port);
	cr_assert(superd_reload(superd, "# nothing any more\n"));
	WAIT_UNTIL(!client_can_connect(port));
	client_settle(client);
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

/* As a process has for a moment that superd has just forked. */
Behaviour(reload, a_removed_service_is_stopped_where_the_table_said_so)
{
	int port = free_port(), client;
	struct superd *superd = superd_run(WEB, port, backend("lines"), "accept = yes\non_remove = stop");

	superd_wait_log(superd, "web: listening on ");
	client = client_served(port);
	cr_assert(superd_reload(superd, "# nothing any more\n"));
	cr_assert(client_sees_end(client));
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(client);
}

Behaviour(reload, a_removed_service_that_comes_back_serves_again)
{
	int port = free_port();
	struct superd *superd = superd_run(WEB, port, backend("serve"), "on_remove = finish");
	long old;

	superd_wait_log(superd, "web: listening on ");
	old = client_ask_pid(port);
	cr_assert(superd_reload(superd, "# nothing any more\n"));
	cr_assert(superd_reload(superd, WEB, port, backend("take 1"), ""));
	/* The old backend holds the port as long as it lives. */
	cr_assert_eq(kill((pid_t)old, SIGKILL), 0);
	WAIT_UNTIL(!process_lives((pid_t)old) && client_can_connect(port));
	cr_assert_neq(client_ask_pid(port), old);
}

Behaviour(reload, a_bad_table_changes_nothing_and_says_why)
{
	int port = free_port(), client;
	struct superd *superd = superd_run(WEB, port, backend("talk"), "");

	superd_wait_log(superd, "web: listening on ");
	client = client_served(port);
	cr_assert(!superd_reload(superd,
				 "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n usr = \"root\"\n}\n",
				 port, backend("talk")));
	superd_wait_log(superd, text_of("%s:4:2: ", superd->table));
	client_settle(client);
	cr_assert(!superd_reload(superd, "%s", "\x01\x02\x7f rubbish {{{"));
	client_settle(client);
	cr_assert_eq(unlink(superd->table), 0);
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(superd_log_count(superd, "superd: not reloaded: ") == 3);
	client_settle(client);
	close(client);
}

Behaviour(reload, signals_in_a_row_end_as_a_fresh_start_would)
{
	int ports[2] = { free_port(), free_port() }, last = free_port();
	struct superd *superd = superd_run(WEB, ports[0], backend("take 1"), "");

	superd_wait_log(superd, "web: listening on ");
	for (int i = 0; i < 20; i++) {
		write_file("superd.conf", WEB, i < 19 ? ports[i % 2] : last, backend("take 1"), "");
		superd_signal(superd, SIGHUP);
		superd_signal(superd, SIGHUP);
	}
	WAIT_UNTIL(client_can_connect(last) && !client_can_connect(ports[0]) && !client_can_connect(ports[1]));
	client_ask_pid(last);
}

Behaviour(reload, disabling_closes_and_enabling_opens_again)
{
	int port = free_port();
	struct superd *superd = superd_run(WEB, port, backend("take 1"), "");

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	cr_assert(superd_reload(superd, WEB, port, backend("take 1"), "disable = yes"));
	superd_wait_log(superd, "web: removed: disable");
	WAIT_UNTIL(!client_can_connect(port));
	cr_assert(superd_reload(superd, WEB, port, backend("take 1"), "disable = no"));
	WAIT_UNTIL(client_can_connect(port));
	client_ask_pid(port);
}

Behaviour(reload, a_new_limit_counts_the_instances_there_are)
{
	int port = free_port(), first, second;
	struct superd *superd =
		superd_run(WEB, port, backend("lines"), "accept = yes\ninstances = 1\noverload = refuse");

	superd_wait_log(superd, "web: listening on ");
	first = client_served(port);
	cr_assert(superd_reload(superd, WEB, port, backend("lines"), "accept = yes\ninstances = 2\noverload = refuse"));
	second = client_served(port);
	cr_assert(superd_reload(superd, WEB, port, backend("lines"), "accept = yes\ninstances = 1\noverload = refuse"));
	cr_assert(client_sees_end(client_connect(port)));
	client_settle(first);
	close(first);
	close(second);
}

/* Clients that superd has accepted and can give no instance, as their program is not there yet. */
static struct superd *run_with_waiting(const char *program, int port, int *clients, int count)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, WEB, port, program, "accept = yes\nbackoff_max = 200ms");

	superd_wait_log(superd, "web: listening on ");
	for (int i = 0; i < count; i++) {
		clients[i] = client_connect(port);
		client_send(clients[i], "who\n");
	}
	superd_wait_log(superd, "web: cannot start: ");
	return superd;
}

Behaviour(reload, those_accepted_and_not_yet_served_go_along_with_their_socket)
{
	const char *program = path_in("program");
	int port = free_port(), clients[20];
	struct superd *superd = run_with_waiting(program, port, clients, 20);

	write_file("program", "#!/bin/sh\nexec %s\n", backend("stdio"));
	cr_assert_eq(chmod(program, 0755), 0);
	cr_assert(superd_reload(superd, "service renamed { listen = \"127.0.0.1:%d\" exec = \"%s\" accept = yes }\n",
				port, program));
	for (int i = 0; i < 20; i++) {
		cr_assert_not_null(strstr(client_line(clients[i]), " who"), "client %d was lost", i);
		close(clients[i]);
	}
}

Behaviour(reload, a_service_may_change_who_accepts_while_clients_wait)
{
	int port = free_port(), clients[20];
	struct superd *superd = run_with_waiting(path_in("program"), port, clients, 20);

	cr_assert(superd_reload(superd, WEB, port, backend("serve"), ""));
	for (int i = 0; i < 20; i++)
		close(clients[i]);
	client_ask_pid(port);
}

/* Below a process 1 of their own, the numbers of processes tell how many there were. */
Behaviour(reload, a_client_costs_one_process_once_no_program_has_the_listener)
{
	const struct setup process_1 = { .pid1 = true };
	int port = free_port();
	struct superd *superd;
	long first;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	SKIP_WITHOUT(superd_has_groups(), "superd can make no control groups here, to know by who has a listener");
	superd = superd_run_with(&process_1, WEB, port, backend("serve"), "");
	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	cr_assert(superd_reload(superd, WEB, port, backend("stdio"), "accept = yes"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	first = client_ask_pid(port);
	for (long n = 1; n < 6; n++)
		cr_expect_eq(client_ask_pid(port), first + n, "%s", world_logs());
}

Behaviour(reload, an_endpoint_may_be_narrowed)
{
	int port = free_port();
	struct superd *superd =
		superd_run("service web { listen = \"tcp4:%d\" exec = \"%s\" }\n", port, backend("take 1"));

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	WAIT_UNTIL(superd_processes(superd) == 0);      /* a backend would hold the old address */
	cr_assert(superd_reload(superd, WEB, port, backend("take 1"), ""));
	client_ask_pid(port);
	cr_assert_not(superd_logged(superd, "cannot listen"));
}

Behaviour(reload, the_order_of_services_does_not_matter)
{
	const char *exec = backend("talk");
	int a = free_port(), b = free_port(), client;
	struct superd *superd = superd_run("service a { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
					   "service b { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", a, exec, b, exec);

	superd_wait_log(superd, "b: listening on ");
	client = client_settle(client_connect(a));
	cr_assert(superd_reload(superd, "service b { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
				"service a { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", b, exec, a, exec));
	superd_wait_log(superd, "superd: reloaded: 2 unchanged, 0 changed, 0 added, 0 removed");
	client_settle(client);
	close(client);
}

Behaviour(reload, two_services_may_swap_their_endpoints)
{
	int a = free_port(), b = free_port();
	struct superd *superd = superd_run("service a { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
					   "service b { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n",
					   a, backend("take 1"), b, backend("take 1"));

	superd_wait_log(superd, "b: listening on ");
	cr_assert(superd_reload(superd, "service a { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
				"service b { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n",
				b, backend("take 1"), a, backend("take 1")));
	WAIT_UNTIL(client_can_connect(a) && client_can_connect(b));
	client_ask_pid(a);
	client_ask_pid(b);
}

Behaviour(reload, costs_no_descriptor)
{
	int port = free_port();
	struct superd *superd = superd_run(WEB, port, backend("take 1"), "");
	size_t before;

	superd_wait_log(superd, "web: listening on ");
	cr_assert(superd_reload(superd, WEB, port, backend("take 1"), "nice = 1"));
	before = superd_fd_count(superd);
	for (int i = 0; i < 20; i++)
		cr_assert(superd_reload(superd, WEB, port, backend("take 1"), i % 2 ? "nice = 1" : "nice = 2"));
	superd_expect_fds(superd, before);
}

#define LINKED "service web { listen = \"%s\" exec = \"%s\" symlinks = { \"%s\" } }\n"

/* What changes on an open socket costs neither the backend that has it nor who waits in its queue. */
Behaviour(reload, options_change_on_the_open_socket)
{
	int port = free_port();
	const char *exec = backend("serve");
	struct superd *superd = superd_run(WEB, port, exec, "");
	long old;

	superd_wait_log(superd, "web: listening on ");
	old = client_ask_pid(port);
	cr_assert(superd_reload(superd, WEB, port, exec, "free_bind = yes\nbacklog = 7\nkeep_alive = yes"));
	superd_wait_log(superd, "superd: reloaded: 0 unchanged, 1 changed, 0 added, 0 removed");
	cr_assert_eq(client_ask_pid(port), old);
	cr_assert(superd_reload(superd, WEB, port, exec, ""));
	cr_assert_eq(client_ask_pid(port), old);
	cr_assert_eq(kill((pid_t)old, SIGKILL), 0);
	for (int i = 0; i < 20; i++)
		cr_assert_neq(client_ask_pid(port), old);
	cr_assert_eq(superd_log_count(superd, "web: listening on "), 1, "%s", world_logs());
}

Behaviour(reload, symlinks_come_and_go_with_the_queue_untouched)
{
	const char *path = path_in("web.sock"), *first = path_in("first.sock"), *then = path_in("then.sock");
	struct superd *superd = superd_run(LINKED, path, backend("exit 1"), first);
	int client;

	wait_node(first);
	client = client_connect_unix(path, SOCK_STREAM);
	client_send(client, "who\n");
	superd_wait_log(superd, "web: next ");
	cr_assert(superd_reload(superd, LINKED, path, backend("serve"), then));
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
	wait_node(then);
	client_ask_unix(then, "who\n");
	WAIT_UNTIL(access(first, F_OK) < 0);
}

Behaviour(reload, a_socket_does_not_go_on_without_the_interface_it_is_tied_to)
{
	int port = free_port();
	struct superd *superd = superd_run(WEB, port, backend("take 1"), "");

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	cr_assert(superd_reload(superd, WEB, port, backend("take 1"), "bind_to_device = \"nosuchif1\""));
	superd_wait_log(superd, ": bind_to_device: ");
	WAIT_UNTIL(!client_can_connect(port));          /* its backend, which is about to end, had it, too */
	cr_assert(superd_reload(superd, WEB, port, backend("take 1"), ""));
	WAIT_UNTIL(client_can_connect(port));
	client_ask_pid(port);
}

static bool is_drained(int pipe)
{
	int waiting;

	return ioctl(pipe, FIONREAD, &waiting) == 0 && waiting == 0;
}

Behaviour(reload, an_order_that_comes_while_the_first_table_is_read_ends_nobody)
{
	static const char *const arguments[] = { "-f", "superd:-", NULL };
	struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd;
	int pipe[2], client;

	cr_assert_eq(pipe2(pipe, O_CLOEXEC), 0);
	dprintf(pipe[1], "service cat { listen = \"127.0.0.1:0\" accept = yes\n");
	setup.in = pipe[0];
	superd = superd_run_with(&setup, "%s", "");
	WAIT_UNTIL(is_drained(pipe[0]));
	superd_signal(superd, SIGHUP);
	dprintf(pipe[1], "exec = \"/bin/cat\" user = \"%s\" }\n", own_user());
	close(pipe[1]);
	client = client_connect(superd_port(superd, "cat"));
	client_send(client, "hello\n");
	cr_assert_str_eq(client_line(client), "hello");
	superd_wait_log(superd, "cannot read it again");
	close(client);
	close(pipe[0]);
}
