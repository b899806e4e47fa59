/* superd, its guard, superd-output and superd-bind are killed, each alone and in pairs, while clients wait: the table
 * in superd(8). What programs print is in test_output.c. */
#include <dirent.h>

#include "binding.h"
#include "controlling.h"
#include "guarding.h"

enum { CLIENTS = 5 };

static const char *waits_for_go(void)
{
	return text_of("/bin/sh -c 'echo begun >>%s; while ! test -e %s; do sleep 0.02; done'", path_in("diary"),
		       path_in("go"));
}

/* Clients wait in the queue, as a command of the start has not ended. */
static struct superd *run_with_clients(int clients[CLIENTS])
{
	struct superd *superd = guarded_clock_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
						  " exec_start_pre = \"%s\"\n timeout_start = infinity\n}\n",
						  backend("talk"), waits_for_go());
	int port = superd_port(superd, "web");

	for (int n = 0; n < CLIENTS; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], "hello\n");
	}
	WAIT_UNTIL(count_lines(path_in("diary")) == 1);
	return superd;
}

static void expect_served_by_one(int clients[CLIENTS])
{
	long first = 0;

	for (int n = 0; n < CLIENTS; n++) {
		const char *line = client_line(clients[n]);

		cr_assert(line && strstr(line, " hello"), "client %d\n%s", n, world_logs());
		first = first ? first : strtol(line, NULL, 10);
		cr_expect_eq(strtol(line, NULL, 10), first);
		close(clients[n]);
	}
}

Behaviour(deaths, of_superd_lose_nobody_who_waits_and_start_nothing_twice)
{
	int clients[CLIENTS];
	struct superd *superd = run_with_clients(clients);

	for (int n = 0; n < 3; n++)
		guarded_clock_kill(superd);
	write_file("go", "now");
	expect_served_by_one(clients);
	cr_expect_eq(count_lines(path_in("diary")), 1, "the command has run again\n%s", world_logs());
	superd_stop(superd);
}

/* The command ends while there is nobody who could wait for it. */
Behaviour(deaths, of_superd_hide_no_end_that_comes_meanwhile)
{
	int clients[CLIENTS];
	struct superd *superd = run_with_clients(clients);
	pid_t below = guarded_wait(superd);

	cr_assert_eq(kill(below, SIGSTOP), 0);
	write_file("go", "now");
	WAIT_UNTIL(process_descendants(below, NULL, 0) == 0 || process_is_stopped(below));
	cr_assert_eq(kill(below, SIGKILL), 0);
	expect_served_by_one(clients);
	cr_expect_eq(count_lines(path_in("diary")), 1, "%s", world_logs());
	superd_stop(superd);
}

Behaviour(deaths, of_the_guard_end_superd_as_sigterm_does)
{
	struct superd *superd;
	pid_t below, guard;
	long pid;

	superd = guarded_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("talk"));
	pid = client_ask_pid(superd_port(superd, "web"));
	guard = superd->pid;
	below = guarded_wait(superd);
	cr_assert_eq(kill(guard, SIGKILL), 0);
	WAIT_UNTIL(superd_logged(superd, "superd: ended with status 0"));
	cr_expect(superd_logged(superd, text_of("the guard, pid %ld, has ended: superd ends, too", (long)guard)));
	cr_expect(superd_logged(superd, text_of("web: pid %ld ended: signal TERM", pid)), "%s", world_logs());
	WAIT_UNTIL(!process_lives(below));
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGKILL);
}

/* The guard first, and superd before it can hear of that; and the other way round. */
Behaviour(deaths, of_both_leave_the_program_with_its_clients)
{
	for (int n = 0; n < 2; n++) {
		struct superd *superd = guarded_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
						    backend("talk"));
		int port = superd_port(superd, "web"), client = client_connect(port);
		pid_t below = guarded_wait(superd);
		long pid = client_ask_pid(port);

		client_send(client, "one\n");
		cr_assert_not_null(strstr(client_line(client), " one"));
		cr_assert_eq(kill(below, SIGSTOP), 0);
		WAIT_UNTIL(process_is_stopped(below));
		cr_assert_eq(kill(n ? below : superd->pid, SIGKILL), 0);
		cr_assert_eq(kill(n ? superd->pid : below, SIGKILL), 0);
		cr_assert_eq(superd_wait_exit(superd), 128 + SIGKILL);
		WAIT_UNTIL(!process_lives(below) || guarded_pid(superd) == 0);
		client_send(client, "two\n");
		cr_expect_not_null(strstr(client_line(client), " two"), "%d\n%s", n, world_logs());
		cr_expect_eq(client_ask_pid(port), pid);
		close(client);
		kill((pid_t)pid, SIGKILL);
		WAIT_UNTIL(waitpid((pid_t)pid, NULL, 0) == (pid_t)pid || errno == ECHILD);
		superd_forget(superd);
	}
}

/* It is asked as the guard that it would be. */
Behaviour(deaths, come_of_no_program_that_would_fail_as_the_guard)
{
	const char *place = path_in("superd"), *newer = path_in("newer");
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	const struct setup setup = { .program = place, .arguments = arguments };
	struct superd *superd;
	pid_t below;
	long pid;
	int port;

	cr_assert_eq(symlink(superd_path(), place), 0);
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("talk"));
	port = superd_port(superd, "web");
	pid = client_ask_pid(port);
	below = guarded_wait(superd);
	write_file("newer", "#!/bin/sh\ncase $1 in --guard-again=*) exit 3;; esac\nexec %s \"$@\"\n", superd_path());
	cr_assert_eq(chmod(newer, 0755), 0);
	cr_assert_eq(rename(newer, place), 0);
	cr_assert_eq(kill(superd->pid, SIGUSR2), 0);
	superd_wait_log(superd, text_of("not upgraded: %s cannot take over: exit status 3", place));
	cr_expect_eq(guarded_pid(superd), below);
	cr_expect_eq(client_ask_pid(port), pid);
	cr_assert_eq(unlink(place), 0);
	cr_assert_eq(symlink(superd_path(), place), 0);
	superd_upgrade(superd);
	cr_expect_eq(client_ask_pid(port), pid);
	superd_stop(superd);
}

/* A program that has not bound yet. superd-bind: it is killed; superd: it is. */
static void bind_after(bool binder, bool below)
{
	int port = free_port(), client;
	const char *go = path_in("go"), *begun = path_in("go.begun");
	struct superd *superd;
	pid_t answers;

	unlink(go);
	unlink(begun);
	superd = guarded_run("%s", bind_table(text_of("\"127.0.0.1:%d\"", port), "backoff_min = 1ms backoff_max = 1ms",
					      text_of("mark=%s await=%s tcp4 nonblock bind=127.0.0.1:%d listen=64 "
						      "watch=level serve=level", begun, go, port)));
	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	client_send(client, "who\n");
	WAIT_UNTIL(count_lines(begun) == 1);
	control_once("status web"); /* superd answers in a later turn than that of the start */
	answers = superd_aside(superd, "superd-bind");
	cr_assert_gt(answers, 0);
	if (binder)
		cr_assert_eq(kill(answers, SIGKILL), 0);
	if (below)
		guarded_kill(superd);
	write_file("go", "now");
	cr_expect_not_null(strstr(client_line(client), " who"), "%s", world_logs());
	close(client);
	if (!binder)
		cr_expect_eq(count_lines(begun), 1, "it was started again\n%s", world_logs());
	superd_stop(superd);
	superd_forget(superd);
}

BehaviourOfBind(deaths, of_superd_leave_a_program_that_binds)
{
	bind_after(false, true);
}

/* Its bind fails, and the next instance serves who waits. */
BehaviourOfBind(deaths, of_superd_bind_cost_the_program_and_no_client)
{
	bind_after(true, false);
	bind_after(true, true);
}

/* Two of superd's processes at once, of which none hears of the other's death, and the program that has bound. If
 * one is superd itself, the next superd starts the other anew. */
static void end_pair(const char *one, const char *other)
{
	int port = free_port(), client;
	struct superd *superd = guarded_run("%s", bind_table(text_of("\"127.0.0.1:%d\"", port), "timeout_stop = 1min",
		text_of("tcp4 nonblock bind=127.0.0.1:%d listen=64 watch=level serve=level", port)));
	pid_t below = guarded_wait(superd), pids[2];
	const char *const names[2] = { one, other };
	long pid = client_ask_pid(superd_port(superd, "web"));

	for (int n = 0; n < 2; n++) {
		if (!strcmp(names[n], "guard"))
			pids[n] = superd->pid;
		else if (!strcmp(names[n], "superd"))
			pids[n] = below;
		else
			WAIT_UNTIL((pids[n] = superd_aside(superd, names[n])) > 0);
	}
	cr_assert_eq(kill(below, SIGSTOP), 0);
	WAIT_UNTIL(process_is_stopped(below));
	for (int n = 0; n < 2; n++)
		cr_assert_eq(kill(pids[n], SIGKILL), 0);
	client = client_connect(port);
	client_send(client, "who\n");
	cr_expect_not_null(strstr(client_line(client), " who"), "%s and %s\n%s", one, other, world_logs());
	close(client);
	if (strcmp(one, "superd"))
		cr_assert_eq(kill(below, SIGCONT), 0);
	if (!strcmp(one, "guard")) {
		cr_assert_eq(superd_wait_exit(superd), 128 + SIGKILL);
		WAIT_UNTIL(superd_logged(superd, "superd: ended with status 0"));
		cr_expect(superd_logged(superd, text_of("web: pid %ld ended: exit status 0", pid)), "%s", world_logs());
		WAIT_UNTIL(!process_lives(below));
	} else {
		if (!strcmp(one, "superd"))
			WAIT_UNTIL(guarded_pid(superd) > 0 && guarded_pid(superd) != below);
		WAIT_UNTIL(superd_aside(superd, "superd-output") > 0);
		cr_expect_eq(client_ask_pid(port), pid);
		superd_stop(superd);
	}
	superd_forget(superd);
}

BehaviourOfBind(deaths, of_two_processes_are_those_of_each)
{
	end_pair("guard", "superd-output");
	end_pair("guard", "superd-bind");
	end_pair("superd-output", "superd-bind");
	end_pair("superd", "superd-output");
}

/* ---- what it costs ---- */

static off_t journal_size(struct superd *superd)
{
	const char *folder = text_of("/proc/%d/fd", guarded_wait(superd));
	DIR *directory = opendir(folder);
	struct dirent *entry;
	off_t size = -1;

	cr_assert(directory, "%s", folder);
	while ((entry = readdir(directory))) {
		char link[64] = "";
		struct stat status;

		if (readlink(text_of("%s/%s", folder, entry->d_name), link, sizeof(link) - 1) > 0 &&
		    strstr(link, "memfd:superd-journal") &&
		    stat(text_of("%s/%s", folder, entry->d_name), &status) == 0)
			size = status.st_size;
	}
	closedir(directory);
	return size;
}

/* Bytes that connections add, in a table of so many services. */
static off_t growth(int services)
{
	const char *table = "";
	struct superd *superd;
	off_t before;
	int port;

	for (int n = 0; n < services; n++)
		table = text_of("%sservice s%d { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n", table, n,
				backend("lines"));
	superd = guarded_run("%s", table);
	port = superd_port(superd, "s0");
	WAIT_UNTIL(superd_log_count(superd, ": listening on ") == (size_t)services);
	client_ask(port, "hello\n");
	WAIT_UNTIL(superd_processes(superd) == 0);
	before = journal_size(superd);
	for (int n = 0; n < 10; n++) {
		client_ask(port, "hello\n");
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
	before = before < 0 ? -1 : journal_size(superd) - before;
	superd_stop(superd);
	superd_forget(superd);
	return before;
}

Behaviour(journal, of_a_connection_is_as_long_in_a_large_table)
{
	off_t small, large;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	small = growth(1);
	large = growth(200);
	cr_expect_gt(small, 0);
	cr_expect_lt(small, 10 * 2000);
	cr_expect_lt(large, small + 10 * 100, "%lld, and %lld with 200 services", (long long)small, (long long)large);
}
