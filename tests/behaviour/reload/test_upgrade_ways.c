/* Upgrades of what is not plain: starts that take their time, daemons, sessions of superd's own programs, a main
 * command, superd under another name, in the background, or with its table from standard input. */
#include <sys/resource.h>
#include <sys/wait.h>

#include "guarding.h"
#include "load.h"
#include "superctl.h"

#define WEB "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"

static const char *note(const char *line)
{
	return text_of("/bin/sh -c 'echo %s >>%s'", line, path_in("diary"));
}

Behaviour(upgrade_ways, commands_of_the_end_come_all_the_same)
{
	const char *options =
		text_of("exec_start_pre = { \"%s\" }\n exec_stop = { \"%s\" }\n exec_stop_post = { \"%s\" }",
			note("pre"), note("stop"), note("post"));
	struct superd *superd = superd_run(WEB, 0, backend("talk"), options);
	int client = client_settle(client_connect(superd_port(superd, "web")));

	superd_upgrade(superd);
	client_settle(client);
	close(client);
	superd_stop(superd);
	cr_assert_str_eq(read_text(path_in("diary")), "pre\nstop\npost\n");
}

Behaviour(upgrade_ways, a_command_before_a_start_goes_on_and_the_start_comes_behind_it)
{
	const char *options =
		text_of("exec_start_pre = { \"%s\",\n \"/bin/sh -c 'while ! test -e %s; do sleep 0.02; done'\",\n"
			" \"%s\" }\n exec_start_post = { \"%s\" }\n timeout_start = infinity",
			note("first"), path_in("go"), note("last"), note("post"));
	struct superd *superd = clock_run(WEB, 0, backend("talk"), options);
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd) > 0);
	superd_upgrade(superd);
	superd_upgrade(superd);
	cr_assert(clock_is_quiet(superd, client));
	write_file("go", "%s", "");
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
	WAIT_UNTIL(!strcmp(read_text(path_in("diary")), "first\nlast\npost\n"));
}

Behaviour(upgrade_ways, a_command_keeps_its_limit_of_time)
{
	const char *options = "exec_start_pre = { \"/bin/sleep 1000\" }\n timeout_start = 10min\n "
			      "timeout_stop = 10min\n backoff_min = 1h\n backoff_max = 1h";
	struct superd *superd = clock_run(WEB, 0, backend("talk"), options);
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(superd_processes(superd) > 0);
	superd_upgrade(superd);
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "web: cannot start: "), "%s", world_logs());
	clock_advance(superd, 2 * MINUTE_MS);
	superd_wait_log(superd, "web: cannot start: exec_start_pre: /bin/sleep 1000: it was not done within ");
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(client);
}

Behaviour(upgrade_ways, a_client_on_its_way_arrives_or_goes_back_to_the_queue)
{
	const char *options = text_of("accept = yes\n backoff_min = 10min\n backoff_max = 10min\n "
				      "exec_start_pre = { \"/bin/sh -c 'while ! test -e %s; do sleep 0.02; done;"
				      " test -e %s || { touch %s; exit 1; }'\" }",
				      path_in("go"), path_in("again"), path_in("again"));
	struct superd *superd = clock_run(WEB, 0, backend("lines"), options);
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd) > 0);
	superd_upgrade(superd);
	write_file("go", "%s", "");
	superd_wait_log(superd, "next start in ");
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 5, !client_is_quiet(client, 0));
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
}

Behaviour(upgrade_ways, a_service_that_fails_for_ever_does_not_put_it_off)
{
	const char *options = "exec_start_pre = { \"/bin/sleep 0.05\" }\n restart = always\n start = boot\n"
			      " backoff_min = 1ms\n backoff_max = 10ms";
	struct superd *superd = superd_run(WEB, 0, "/bin/false", options);

	superd_port(superd, "web");
	for (int n = 0; n < 5; n++)
		superd_upgrade(superd);
}

Behaviour(upgrade_ways, a_daemon_is_still_followed)
{
	struct superd *superd;
	long pid;

	SKIP_WITHOUT_GROUP_OF_DAEMON();
	superd = superd_run(WEB, 0, backend("fork double"), "type = forking");
	pid = client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, text_of("web: daemon is pid %ld\n", pid));
	superd_upgrade(superd);
	cr_assert_eq(client_ask_pid(superd_port(superd, "web")), pid);
	superd_stop(superd);
	cr_assert(superd_logged(superd, text_of("web: pid %ld ended: signal TERM", pid)), "%s", world_logs());
}

Behaviour(upgrade_ways, a_redirect_under_way_goes_on)
{
	int target = free_port(), listener = listen_on(target), client, served;
	struct superd *superd = superd_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
					   " redirect = \"127.0.0.1 %d\"\n}\n",
					   own_user(), target);

	client = client_connect(superd_port(superd, "pass"));
	served = accept(listener, NULL, NULL);
	cr_assert_geq(served, 0);
	superd_upgrade(superd);
	client_send(client, "there\n");
	cr_assert_str_eq(client_line(served), "there");
	client_send(served, "back\n");
	cr_assert_str_eq(client_line(client), "back");
	close(client);
	cr_assert(client_sees_end(served));
	close(served);
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(listener);
}

Behaviour(upgrade_ways, nodes_of_unix_sockets_stay_and_a_reload_makes_one_again)
{
	const char *path = path_in("web.sock");
	struct superd *superd =
		superd_run("service web { listen = \"%s\" exec = \"%s\" accept = yes }\n", path, backend("stdio"));

	wait_node(path);
	superd_upgrade(superd);
	cr_assert_not_null(strstr(client_ask_unix(path, "one\n"), " one"));
	cr_assert_eq(unlink(path), 0);
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(access(path, F_OK) == 0 && client_can_connect_unix(path));
}

Behaviour(upgrade_ways, ends_and_orders_of_the_very_moment_are_not_lost)
{
	struct superd *superd = superd_run(WEB, 0, backend("talk"), "");
	pid_t pid = (pid_t)client_ask_pid(superd_port(superd, "web"));

	for (int n = 0; n < 5; n++) {
		superd_signal(superd, SIGSTOP);
		cr_assert_eq(kill(pid, SIGKILL), 0);
		superd_signal(superd, SIGUSR2);
		superd_signal(superd, SIGCONT);
		WAIT_UNTIL(superd_log_count(superd, " ended: signal KILL") == (size_t)n + 1);
		WAIT_UNTIL(superd_log_count(superd, "superd: upgraded from ") == (size_t)n + 1);
		pid = (pid_t)client_ask_pid(superd_port(superd, "web"));
	}
	superd_signal(superd, SIGUSR2);
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
}

Behaviour(upgrade_ways, in_the_background_with_its_pid_file)
{
	const char *pid_file = path_in("superd.pid"), *log = path_in("daemon.log");
	int port = free_port();
	const char *table = write_file("daemon.conf", WEB, port, backend("talk"), "");
	const char *to = text_of("file:%s", log);
	struct outcome outcome = SUPERD_ANSWER("-f", table, "--daemon", "--pid-file", pid_file, "--log", to);
	pid_t pid;
	int client;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	client = client_served(port);
	cr_assert_eq(kill(pid, SIGUSR2), 0);
	WAIT_UNTIL(strstr(read_text(log), ": upgraded from "));
	client_settle(client);
	cr_assert_str_eq(read_text(pid_file), text_of("%ld\n", (long)pid));
	outcome = SUPERD_ANSWER("-f", table, "--daemon", "--pid-file", pid_file, "--log", to);
	cr_assert_eq(outcome.status, 2, "%s", outcome.err);
	close(client);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
	cr_assert_neq(access(pid_file, F_OK), 0, "the pid file was left");
}

Behaviour(upgrade_ways, called_as_inetd)
{
	int port = free_port();
	const char *table = write_file("inetd.conf", "127.0.0.1:%d stream tcp nowait %s %sbackend lines\n", port,
				       own_user(), backend("%s", ""));
	const struct setup setup = {
		.program = superd_called("inetd"),
		.without_table = true,
		.arguments = (const char *const[]){ "-i", "-e", "--resolve", "-p", path_in("inetd.pid"), table, NULL },
	};
	struct superd *superd = superd_run_with(&setup, "%s", "");
	int client;

	WAIT_UNTIL(client_can_connect(port));
	client = client_served(port);
	superd_upgrade(superd);
	cr_assert(superd_logged(superd, "inetd: upgraded from "), "%s", world_logs());
	client_settle(client);
	close(client);
}

Behaviour(upgrade_ways, with_its_table_from_standard_input)
{
	const char *table = write_file("stdin.conf", WEB, 0, backend("talk"), "");
	int ends[2], length = (int)strlen(read_text(table)), client;
	struct superd *superd;

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], read_text(table), (size_t)length), length);
	close(ends[1]);
	superd = superd_run_with(&(struct setup){ .without_table = true,
						  .in = ends[0],
						  .arguments = (const char *const[]){ "-f", "-", NULL } },
				 "%s", "");
	close(ends[0]);
	client = client_settle(client_connect(superd_port(superd, "web")));
	superd_upgrade(superd);
	superd_upgrade(superd);
	client_settle(client);
	close(client);
}

Behaviour(upgrade_ways, a_held_service_stays_held_and_superctl_asks_for_it)
{
	const char *control = path_in("control");
	const char *const arguments[] = { "--control", control, NULL };
	const struct setup setup = { .clock = true, .arguments = arguments };
	struct superd *superd;
	struct outcome outcome;
	int client;

	superd = superd_run_with(&setup, WEB, 0, backend("talk"), "");
	wait_node(control);
	cr_assert_eq(SUPERCTL(control, "hold", "web").status, 0);
	outcome = SUPERCTL(control, "upgrade", "--check");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	cr_assert(!superd_logged(superd, "upgraded from"), "%s", world_logs());
	outcome = SUPERCTL(control, "upgrade");
	cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
	superd_wait_log(superd, "superd: upgraded from ");
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "hello\n");
	cr_assert(clock_is_quiet(superd, client), "%s", world_logs());
	cr_assert_eq(SUPERCTL(control, "release", "web").status, 0);
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
}

Behaviour(upgrade_ways, as_pid_1_the_main_command_goes_on)
{
	const char *control = path_in("control");
	const char *const arguments[] = {
		"--control", control,
		"--",	     "/bin/sh",
		"-c",	     "trap 'exit 5' TERM; trap 'echo two' USR2; echo ready; while :; do sleep 0.05; done",
		NULL
	};
	const struct setup setup = { .pid1 = true, .arguments = arguments };
	struct superd *superd;
	struct outcome outcome;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	superd = superd_run_with(&setup, WEB, 0, backend("talk"), "");
	superd_wait_log(superd, "ready");
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "two");
	for (int n = 0; n < 3; n++) {
		outcome = SUPERCTL(control, "upgrade");
		cr_assert_eq(outcome.status, 0, "%s%s\n%s", outcome.out, outcome.err, world_logs());
		superd_wait_log(superd, "superd: upgraded from ");
	}
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "two");
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 5, "%s", world_logs());
}

Behaviour(upgrade_ways, what_is_frozen_is_frozen_again_and_woken_by_a_client)
{
	const char *control = path_in("control");
	const struct setup setup = { .arguments = (const char *const[]){ "--control", control, NULL } };
	int port = free_port(); /* another test may still ask for a port that the kernel had given it */
	struct superd *superd = superd_run_with(&setup, WEB, port, backend("serve"), "");
	long pid;

	superd_port(superd, "web");
	pid = client_ask_to_the_end(port); /* that it had not read would wake it */
	WAIT_UNTIL(client_can_connect_unix(control));
	cr_assert_eq(SUPERCTL(control, "freeze", "web").status, 0, "%s", world_logs());
	superd_upgrade(superd);
	WAIT_UNTIL(superd_log_count(superd, text_of("web: pid %ld is frozen\n", pid)) == 2);
	cr_assert_eq(client_ask_pid(port), pid);
}

/* A container may leave root without CAP_SYS_RESOURCE. A child tries it, as it stays. */
static bool may_raise_limits(void)
{
	struct rlimit limit;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = --limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			limit.rlim_max++;
		_exit(setrlimit(RLIMIT_NOFILE, &limit) < 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* What the next superd has at first is what its loader needs to open one library after the other. The old superd is
 * gone by then, so there is nothing to go back to. */
Behaviour(upgrade_ways, without_descriptors_for_a_moment)
{
	static const char waits[] = "not started yet: cannot open /dev/null: Too many open files";
	const struct rlimit few = { STDERR_FILENO + 2, STDERR_FILENO + 2 };
	struct rlimit before;
	struct superd *superd;
	int port;

	SKIP_WITHOUT(may_raise_limits(), "needs root with CAP_SYS_RESOURCE, to give descriptors back");
	superd = superd_run(WEB, 0, backend("talk"), "");
	port = superd_port(superd, "web");
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, NULL, &before), 0);
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &few, NULL), 0);
	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(superd_logged(superd, waits));
	cr_expect_eq(superd_log_count(superd, ": upgraded from "), 0);
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &before, NULL), 0);
	cr_assert_eq(prlimit(guarded_pid(superd), RLIMIT_NOFILE, &before, NULL), 0);
	WAIT_UNTIL(superd_log_count(superd, ": upgraded from ") == 1);
	cr_expect_eq(superd_log_count(superd, waits), 1);
	close(client_served(port));
}

/* Told to end, it serves whom it has accepted. */
Behaviour(upgrade_ways, nobody_is_lost_between_restarts_and_upgrades)
{
	const char *control = path_in("control");
	const struct setup setup = { .arguments = (const char *const[]){ "--control", control, NULL } };
	struct superd *superd = superd_run_with(&setup, WEB, 0, backend("few 1000000"), "");
	const struct load_plan plan = { .port = superd_port(superd, "web"), .threads = 8 };
	struct load *load = load_start(&plan);
	struct tally tally;

	wait_node(control);
	for (int n = 0; n < 8; n++) {
		size_t before = load_progress(load);
		struct outcome outcome = SUPERCTL(control, "restart", "--no-wait", "web");

		cr_assert_eq(outcome.status, 0, "%s%s", outcome.out, outcome.err);
		superd_upgrade(superd);
		WAIT_UNTIL(load_progress(load) > before + 20);
	}
	tally = load_stop(load);
	tally_expect_all_served(&tally);
}
