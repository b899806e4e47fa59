/* Commands around a service, run by real shells that leave a line in a file: which ran, in which order, told what. No
 * client is lost to one that fails, and nothing of a command outlives its step. */
#include "harness.h"

/* A command that adds a line to the diary; what stands behind it is the shell's. */
static const char *note(const char *line)
{
	return text_of("/bin/sh -c 'echo %s >>%s'", line, path_in("diary"));
}

static const char *diary(void)
{
	static const char *path;        /* each test has a process of its own */
	const char *text;

	if (!path)
		path = path_in("diary");
	text = read_text(path);
	return text ? text : "";
}

static void wait_lines(const char *path, size_t count)
{
	WAIT_UNTIL(count_lines(path) >= count);
}

/* A shell command that is true as soon as path_in("well") is there. */
static const char *when_well(void)
{
	return text_of("/bin/sh -c 'echo try >>%s; test -e %s'", path_in("tries"), path_in("well"));
}

static struct superd *run_web(const char *exec, const char *options)
{
	return superd_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n", exec, options);
}

static const char *around(void)
{
	return text_of(" exec_condition = \"%s\"\n exec_start_pre = {\"%s\", \"%s\"}\n exec_start_post = \"%s\"\n"
		       " exec_stop = \"%s\"\n exec_stop_post = \"%s\"\n",
		       note("condition"), note("pre one"), note("pre two $MAINPID."), note("post ${MAINPID:+main}"),
		       note("stop $SERVICE_RESULT"), note("after $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS"));
}

Behaviour(commands, whose_interpreter_is_missing_are_told_by_it)
{
	const char *path = write_file("dos", "#!/bin/sh\r\ntrue\r\n");
	struct superd *superd;

	cr_assert_eq(chmod(path, 0755), 0);
	superd = run_web(backend("take 1"), text_of(" exec_stop_post = \"-%s\"\n", path));
	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, text_of("web: exec_stop_post: -%s: exec: No such file or directory: its interpreter "
					"'/bin/sh\\r' (the file has DOS line ends) is not there\n", path));
	superd_stop(superd);
	superd = run_web(backend("take 1"), text_of(" exec_start_pre = \"%s\"\n start = boot\n", path));
	superd_wait_log(superd, text_of("web: cannot start: exec_start_pre: %s: exec: No such file or directory: its "
					"interpreter '/bin/sh\\r' (the file has DOS line ends) is not there (", path));
}

Behaviour(commands, that_cannot_be_prepared_say_why)
{
	const char *path = path_in("fifo");
	struct superd *superd;

	cr_assert_eq(mkfifo(path, 0600), 0);
	superd = run_web(backend("take 1"),
			 text_of(" exec_start_pre = \"/bin/true\"\n error = \"append:%s\"\n start = boot\n", path));
	superd_wait_log(superd, text_of("web: cannot start: exec_start_pre: /bin/true: error: %s: ", path));
}

Behaviour(commands, that_cannot_have_what_the_row_says_name_it)
{
	const char *folder = path_in("gone");
	struct superd *superd;

	cr_assert_eq(mkdir(folder, 0755), 0);
	superd = run_web(backend("take 1"),
			 text_of(" exec_start_pre = \"/bin/true\"\n working_directory = \"%s\"\n", folder));
	superd_port(superd, "web");
	cr_assert_eq(rmdir(folder), 0);
	close(client_connect(superd_port(superd, "web")));
	superd_wait_log(superd, text_of("web: cannot start: exec_start_pre: /bin/true: changing directory: %s: No such "
					"file or directory (", folder));
}

Behaviour(commands, run_around_a_backend_in_their_order)
{
	struct superd *superd = run_web(backend("take 1"), around());

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(strstr(diary(), "after"));
	cr_assert_str_eq(diary(), "condition\npre one\npre two .\npost main\nstop success\nafter success exited 0\n");
}

Behaviour(commands, are_run_again_for_the_next_client)
{
	struct superd *superd = run_web(backend("take 1"), text_of(" exec_start_pre = \"%s\"\n", note("pre")));
	int port = superd_port(superd, "web");

	for (int n = 0; n < 5; n++)
		client_ask_pid(port);
	cr_assert_str_eq(diary(), "pre\npre\npre\npre\npre\n");
}

Behaviour(commands, of_a_stop_come_before_its_signal)
{
	struct superd *superd = run_web(backend("serve"), around());

	client_ask_pid(superd_port(superd, "web"));
	/* Until it counts as started: a start that is cut short has nothing to stop. */
	WAIT_UNTIL(strstr(diary(), "post main") && superd_processes(superd) == 1);
	superd_stop(superd);
	cr_assert_not_null(strstr(diary(), "post main\nstop success\nafter success killed TERM\n"), "%s", diary());
}

Behaviour(commands, of_a_stop_may_end_the_backend_themselves)
{
	struct superd *superd = run_web(backend("serve"), " exec_stop = \"/bin/sh -c 'kill -KILL $MAINPID'\"\n");

	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	cr_assert(superd_logged(superd, "ended: signal KILL"), "%s", world_logs());
}

/* systemd has it so: what crashed has nothing left to be stopped. */
Behaviour(commands, of_a_stop_are_left_out_after_a_crash)
{
	struct superd *superd = run_web("/bin/sh -c 'exit 3'", around());
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(strstr(diary(), "after exit-code exited 3"));
	cr_assert_null(strstr(diary(), "stop success"), "%s", diary());
	close(client);
}

Behaviour(commands, that_fail_keep_the_client_until_they_do_not)
{
	struct superd *superd = clock_run_timed_web(
		backend("serve"),
		text_of(" exec_start_pre = \"%s\"\n exec_stop_post = \"%s\"\n backoff_min = 1min\n backoff_max = 1h\n",
			when_well(), note("after $SERVICE_RESULT $EXIT_CODE")));
	const char *tries = path_in("tries");
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "who\n");
	CLOCK_UNTIL(superd, MINUTE_MS, 20, count_lines(tries) >= 3);
	clock_settle(superd);
	cr_assert(client_is_quiet(client, 0));
	cr_assert_eq(strncmp(diary(), "after exit-code\n", 16), 0, "%s", diary());
	write_file("well", "%s", "");
	clock_advance(superd, HOUR_MS);
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
	superd_wait_log(superd, "web: cannot start: exec_start_pre: ");
}

Behaviour(commands, with_a_minus_may_fail)
{
	struct superd *superd =
		run_web(backend("take 1"), " exec_start_pre = {\"-/bin/false\", \"-/no/such/program\"}\n");

	client_ask_pid(superd_port(superd, "web"));
	cr_assert(superd_logged(superd, "web: exec_start_pre: -/bin/false: exit status 1"), "%s", world_logs());
	cr_assert_eq(superd_log_count(superd, "cannot start"), 0, "%s", world_logs());
}

Behaviour(commands, are_never_told_of_the_sockets)
{
	struct superd *superd =
		run_web(backend("take 1"),
			text_of(" exec_start_pre = \"%s\"\n", note("fds ${LISTEN_FDS}. $(ls /proc/self/fd | wc -l)")));

	client_ask_pid(superd_port(superd, "web"));
	/* 0, 1, 2 and the folder that ls reads. */
	cr_assert_str_eq(diary(), "fds . 4\n");
}

Behaviour(commands, log_as_the_service)
{
	const char *wait = text_of("until test -e %s; do sleep 0.02; done", path_in("well"));
	struct superd *superd = run_web(
		backend("take 1"), text_of(" exec_start_pre = \"/bin/sh -c 'echo ready to go; %s'\"\n", wait));
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "who\n");
	superd_wait_log(superd, "web[-]: ready to go");
	write_file("well", "%s", "");
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
}

Behaviour(commands, that_take_too_long_are_ended_with_all_they_started)
{
	struct superd *superd = clock_run_timed_web(
		backend("serve"),
		text_of(" exec_start_pre = \"/bin/sh -c 'echo >>%s; sleep 1000 & sleep 1000'\"\n timeout_start = "
			"10min\n"
			" timeout_stop = 5min\n exec_stop_post = \"%s\"\n backoff_min = 1h\n backoff_max = 1h\n",
			path_in("tries"), note("after $SERVICE_RESULT")));
	int client = client_connect(superd_port(superd, "web"));

	wait_lines(path_in("tries"), 1);
	clock_advance(superd, 9 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	clock_advance(superd, 62 * SECOND_MS);
	superd_wait_log(superd, "it was not done within timeout_start");
	WAIT_UNTIL(strstr(diary(), "after timeout\n"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	close(client);
}

Behaviour(commands, leave_nothing_running_behind)
{
	struct superd *superd = run_web(backend("serve"), " exec_start_pre = \"/bin/sh -c 'sleep 1000 &'\"\n");

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(superd_processes(superd) == 1);
}

Behaviour(commands, are_cut_short_by_a_stop)
{
	struct superd *superd = clock_run_timed_web(
		backend("serve"),
		text_of(" exec_start_pre = {\"/bin/sleep 1000\", \"%s\"}\n exec_stop_post = \"%s\"\n"
			" timeout_stop = 1h\n",
			note("never"), note("after")));
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(superd_processes(superd) == 1);
	superd_stop(superd);
	cr_assert_str_eq(diary(), "after\n");
	close(client);
}

/* Not even the end of superd waits for one that does not end. */
Behaviour(commands, that_hang_after_the_end_are_killed)
{
	const char *tries = path_in("tries");
	struct superd *superd = clock_run_timed_web(backend("serve"),
						    text_of(" exec_stop_post = \"/bin/sh -c 'trap : TERM; echo >>%s; "
							    "while :; do sleep 1; done'\"\n timeout_stop = 5min\n",
							    tries));

	client_ask_pid(superd_port(superd, "web"));
	superd_signal(superd, SIGTERM);
	wait_lines(tries, 1);
	clock_advance(superd, 4 * MINUTE_MS);
	cr_assert_not(superd_has_ended(superd), "%s", world_logs());
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_has_ended(superd));
	cr_assert_eq(superd_wait_exit(superd), 0);
}

Behaviour(commands, that_fail_behind_the_start_fail_it)
{
	struct superd *superd = run_web(
		backend("serve"), text_of(" exec_start_post = \"/bin/false\"\n exec_stop = \"%s\"\n", note("stop")));
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, " ms: its start failed: exec_start_post: /bin/false: exit status 1");
	cr_assert_str_eq(diary(), "", "a start that failed is not stopped: %s", diary());
	close(client);
}

Behaviour(commands, of_a_condition_leave_the_start_out)
{
	struct superd *superd = clock_run_timed_web(backend("serve"),
						    text_of(" exec_condition = \"/bin/sh -c 'exit 254'\"\n"
							    " exec_start_pre = \"%s\"\n exec_stop_post = \"%s\"\n",
							    note("never"), note("after $SERVICE_RESULT")));
	int client = client_connect(superd_port(superd, "web"));
	size_t looks;

	superd_wait_log(superd, "web: not started: exec_condition: ");
	superd_wait_log(superd, "next look in 5 s");
	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, "next look in 1 min 20 s"));
	clock_settle(superd);
	looks = superd_log_count(superd, "not started");
	clock_advance(superd, 40 * SECOND_MS);
	superd_expect_count(superd, "not started", looks);
	cr_assert_eq(count_lines(path_in("diary")), looks, "%s", diary());
	clock_advance(superd, 41 * SECOND_MS);
	superd_expect_count(superd, "not started", looks + 1);
	cr_assert_eq(strncmp(diary(), "after exec-condition\n", 21), 0, "%s", diary());
	cr_assert_null(strstr(diary(), "never"), "%s", diary());
	cr_assert_eq(superd_log_count(superd, "cannot start"), 0, "%s", world_logs());
	close(client);
}

Behaviour(commands, of_a_condition_fail_by_255_and_by_a_signal)
{
	static const char *const ways[] = { "exit 255", "kill -KILL $$" };

	for (int n = 0; n < 2; n++) {
		struct superd *superd =
			run_web(backend("serve"), text_of(" exec_condition = \"/bin/sh -c '%s'\"\n", ways[n]));
		int client = client_connect(superd_port(superd, "web"));

		superd_wait_log(superd, "web: cannot start: exec_condition: ");
		close(client);
		superd_stop(superd);
	}
}

Behaviour(commands, run_as_the_user_or_as_superd)
{
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	write_file("diary", "%s", "");
	chmod(path_in("diary"), 0666);
	superd = run_web(backend("take 1"), text_of(" user = nobody\n exec_start_pre = {\"%s\", \"+%s\", \"!%s\"}\n",
						    note("$(id -u)"), note("$(id -u)"), note("$(id -u)")));
	client_ask_pid(superd_port(superd, "web"));
	cr_assert_str_eq(diary(), "65534\n0\n0\n");
}

Behaviour(commands, expand_variables_but_behind_a_colon)
{
	struct superd *superd = run_web(backend("take 1"),
					text_of(" expand_environment = yes\n env = { \"WHAT=two words\" }\n"
						" exec_start_pre = {\"/bin/sh -c 'echo $0,$1 >>%s' ${WHAT} x\", "
						"\":/bin/sh -c 'echo $0 >>%s' \\${WHAT}\"}\n",
						path_in("diary"), path_in("diary")));

	client_ask_pid(superd_port(superd, "web"));
	cr_assert_str_eq(diary(), "two words,x\n${WHAT}\n");
}

/* accept = yes: the client stays superd's until its program runs. */
static struct superd *run_each(const char *exec, const char *options)
{
	return run_web(exec, text_of(" accept = yes\n%s", options));
}

Behaviour(commands, run_around_each_connection)
{
	struct superd *superd = run_each("/bin/cat", text_of(" exec_start_pre = \"%s\"\n exec_start_post = \"%s\"\n"
							     " exec_stop_post = \"%s\"\n",
							     note("pre $REMOTE_ADDR"), note("post ${MAINPID:+main}"),
							     note("after $SERVICE_RESULT")));

	cr_assert_str_eq(client_ask(superd_port(superd, "web"), "hello\n"), "hello");
	WAIT_UNTIL(strstr(diary(), "after success\n"));
	cr_assert_str_eq(diary(), "pre 127.0.0.1\npost main\nafter success\n");
}

Behaviour(commands, that_fail_lose_no_connection)
{
	enum { CLIENTS = 25 };
	struct superd *superd =
		run_each("/bin/cat", text_of(" exec_start_pre = \"%s\"\n backoff_max = 200ms\n", when_well()));
	int port = superd_port(superd, "web"), clients[CLIENTS];

	for (int n = 0; n < CLIENTS; n++) {
		clients[n] = client_connect(port);
		client_send(clients[n], text_of("%d\n", n));
	}
	wait_lines(path_in("tries"), 4);
	write_file("well", "%s", "");
	for (int n = 0; n < CLIENTS; n++) {
		cr_assert_str_eq(client_line(clients[n]), text_of("%d", n));
		close(clients[n]);
	}
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(commands, hold_no_other_connection_up)
{
	struct superd *superd = run_each(
		"/bin/cat",
		text_of(" exec_start_pre = \"/bin/sh -c 'test -e %s || exec sleep 1000'\"\n", path_in("well")));
	int port = superd_port(superd, "web"), first = client_connect(port);

	WAIT_UNTIL(superd_processes(superd) == 1);
	write_file("well", "%s", "");
	cr_assert_str_eq(client_ask(port, "hello\n"), "hello");
	close(first);
}

/* The client of a start under way goes with its listener, and is served by what the new table says. */
Behaviour(commands, that_hang_let_go_of_their_client_in_a_reload)
{
	int port = free_port(), client;
	struct superd *superd =
		superd_run("service web {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"/bin/cat\"\n"
			   " exec_start_pre = \"/bin/sleep 1000\"\n}\n",
			   port);

	client = client_connect(superd_port(superd, "web"));
	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd) == 1);
	cr_assert(superd_reload(superd,
				"service web {\n listen = { \"127.0.0.1:%d\", \"127.0.0.1:0\" }\n accept = yes\n"
				" exec = \"/bin/cat\"\n}\n",
				port));
	cr_assert_str_eq(client_line(client), "hello");
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(commands, of_many_services_leave_no_descriptor)
{
	struct superd *superd = run_each("/bin/cat",
					 " exec_start_pre = \"/bin/true\"\n exec_stop_post = \"/bin/true\"\n"
					 " condition = \"PathExists=/\"\n");
	int port = superd_port(superd, "web");
	size_t before;

	client_ask(port, "hello\n");
	WAIT_UNTIL(superd_processes(superd) == 0);
	before = superd_fd_count(superd);
	for (int n = 0; n < 30; n++)
		client_ask(port, "hello\n");
	WAIT_UNTIL(superd_processes(superd) == 0);
	WAIT_UNTIL(superd_fd_count(superd) <= before);
}

Behaviour(commands, of_a_oneshot_follow_its_end)
{
	struct superd *superd =
		superd_run("service once {\n start = boot\n type = oneshot\n exec = \"%s\"\n"
			   " exec_start_post = \"%s\"\n exec_stop = \"%s\"\n exec_stop_post = \"%s\"\n}\n",
			   note("main"), note("post $MAINPID."), note("stop"), note("after"));

	WAIT_UNTIL(strstr(diary(), "after"));
	cr_assert_str_eq(diary(), "main\npost .\nstop\nafter\n");
	superd_stop(superd);
}

static void expect_main_alone(struct superd *superd)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, 8 * HOUR_MS);
	cr_assert_str_eq(diary(), "main\n");
}

Behaviour(commands, of_a_oneshot_that_remains_wait_for_the_stop)
{
	struct superd *superd = clock_run("service once {\n start = boot\n type = oneshot\n remain_after_exit = yes\n"
					  " exec = \"%s\"\n exec_stop = \"%s\"\n exec_stop_post = \"%s\"\n}\n",
					  note("main"), note("stop"), note("after"));

	WAIT_UNTIL(strstr(diary(), "main"));
	expect_main_alone(superd);
	superd_stop(superd);
	cr_assert_str_eq(diary(), "main\nstop\nafter\n");
}

Behaviour(commands, of_the_stop_run_though_what_a_oneshot_left_has_ended)
{
	struct superd *superd = clock_run("service once {\n start = boot\n type = oneshot\n remain_after_exit = yes\n"
					  " kill_rest = yes\n exec = \"/bin/sh -c 'sleep 1000 & echo main >>%s'\"\n"
					  " exec_stop = \"%s\"\n exec_stop_post = \"%s\"\n}\n",
					  path_in("diary"), note("stop"), note("after"));

	WAIT_UNTIL(strstr(diary(), "main"));
	WAIT_UNTIL(superd_processes(superd) == 0);
	expect_main_alone(superd);
	superd_stop(superd);
	cr_assert_str_eq(diary(), "main\nstop\nafter\n");
}

/* The sockets' own. */
static const char *around_sockets(void)
{
	return text_of(" socket_exec_start_pre = \"%s\"\n socket_exec_start_post = \"%s\"\n"
		       " socket_exec_stop_pre = \"%s\"\n socket_exec_stop_post = \"%s\"\n",
		       note("$(test -e S && echo open || echo closed) before"), note("opened"), note("closing"),
		       note("closed"));
}

Behaviour(commands, run_around_the_sockets)
{
	struct superd *superd = run_web(backend("take 1"), around_sockets());

	client_ask_pid(superd_port(superd, "web"));
	cr_assert_str_eq(diary(), "closed before\nopened\n");
	superd_stop(superd);
	cr_assert_str_eq(diary(), "closed before\nopened\nclosing\nclosed\n");
}

Behaviour(commands, of_sockets_see_their_node_come_and_go)
{
	const char *look = text_of("/bin/sh -c 'test -S %s && echo there >>%s || echo gone >>%s'", path_in("node"),
				   path_in("diary"), path_in("diary"));
	struct superd *superd = superd_run("service web {\n listen = \"%s\"\n exec = \"%s\"\n remove_on_stop = yes\n"
					   " socket_exec_start_pre = \"%s\"\n socket_exec_start_post = \"%s\"\n"
					   " socket_exec_stop_pre = \"%s\"\n socket_exec_stop_post = \"%s\"\n}\n",
					   path_in("node"), backend("take 1"), look, look, look, look);

	wait_node(path_in("node"));
	client_ask_unix(path_in("node"), "who\n");   /* answered: the command behind the opening has ended, too */
	superd_stop(superd);
	cr_assert_str_eq(diary(), "gone\nthere\nthere\ngone\n");
}

Behaviour(commands, of_sockets_that_fail_are_tried_again)
{
	struct superd *superd = run_web(backend("take 1"), text_of(" socket_exec_start_pre = \"%s\"\n", when_well()));

	superd_wait_log(superd, "socket_exec_start_pre has failed");
	wait_lines(path_in("tries"), 2);
	write_file("well", "%s", "");
	client_ask_pid(superd_port(superd, "web"));
}

Behaviour(commands, of_sockets_run_when_a_reload_takes_them_away)
{
	struct superd *superd = run_web(backend("take 1"), around_sockets());

	client_ask_pid(superd_port(superd, "web"));
	cr_assert(superd_reload(superd, "service other { listen = \"127.0.0.1:0\" exec = \"/bin/true\" }\n"));
	WAIT_UNTIL(strstr(diary(), "closing\nclosed\n"));
}

/* The command behind the start is told of the daemon, not of the process that made it. */
Behaviour(commands, are_told_the_daemon_of_a_fork)
{
	struct superd *superd;
	long pid;

	SKIP_WITHOUT_GROUP_OF_DAEMON();
	superd = run_web(backend("fork plain"), text_of(" type = forking\n exec_start_pre = \"%s\"\n"
								       " exec_start_post = \"%s\"\n", note("pre"),
								       note("post $MAINPID")));
	pid = client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(strstr(diary(), "post"));
	cr_assert_str_eq(diary(), text_of("pre\npost %ld\n", pid));
}

Behaviour(commands, of_a_unit_are_run_as_systemd_has_them)
{
	struct superd *superd;
	int port = free_port();

	mkdir(path_in("units"), 0755);
	write_file("units/web.socket", "[Socket]\nListenStream=127.0.0.1:%d\nExecStartPost=%s\n", port, note("opened"));
	write_file("units/web.service", "[Service]\nEnvironment=WHO=me\nExecStartPre=-/bin/false\nExecStartPre=%s\n"
		   "ExecStart=%s\nExecStopPost=%s\n[Unit]\nConditionPathExists=|/none\nConditionPathExists=|/\n",
		   note("pre ${WHO}"), backend("take 1"), note("after $${SERVICE_RESULT}"));
	superd = superd_run_with(
		&(struct setup){ .without_table = true,
				 .arguments = (const char *const[]){ "-f", path_in("units/web.socket"), NULL } },
		"%s", "");
	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(strstr(diary(), "after"));
	cr_assert_str_eq(diary(), "opened\npre me\nafter success\n");
}

Behaviour(commands, run_around_each_burst_of_datagrams)
{
	struct superd *superd =
		superd_run("service dgram {\n listen = \"udp:127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n"
			   " exec_start_pre = \"%s\"\n exec_stop_post = \"%s\"\n}\n",
			   backend("datagrams 20"), note("pre"), note("after"));
	int client = datagram_client(superd_port(superd, "dgram"));

	for (int n = 0; n < 3; n++) {
		datagram_ask(client, "who");
		wait_lines(path_in("diary"), 2 * (size_t)n + 2);
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
	cr_assert_str_eq(diary(), "pre\nafter\npre\nafter\npre\nafter\n");
	close(client);
}
