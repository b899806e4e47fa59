/* The command line: what --print says, one service without a file, the table beside a main command, and superd as a
 * daemon. What --check and --explain say is in cli.tcl. */
#include "guarding.h"
#include "harness.h"
#include "reading.h"

/* What a table of another system says, superd.conf can say. */
Behaviour(cli, print_of_another_systems_table_is_the_same_table)
{
	const char *inetd = write_file("inetd.conf",
				       "127.0.0.1:81 stream tcp nowait.40 %s /bin/sh sh -c \"echo 'a b'\"\n"
				       "echo dgram udp wait nobody internal\n"
				       "/run/x.sock stream unix nowait/3/60/1 %s /bin/cat cat -n\n"
				       "tcpmux/+date stream tcp nowait nobody /bin/date date\n"
				       "tcpmux stream tcp nowait root internal\n", own_user(), own_user());
	const char *printed = path_in("superd.conf");
	struct outcome first = SUPERD_ANSWER("--print", "--compat", "freebsd", "-f", inetd), second;

	cr_assert_eq(first.status, 0, "%s", first.err);
	write_file("superd.conf", "%s", first.out);
	second = SUPERD_ANSWER("--print", "-f", printed);
	cr_assert_eq(second.status, 0, "%s%s", first.out, second.err);
	cr_expect_str_eq(second.out, first.out);
	first = SUPERD_ANSWER("--print=json", "--compat=freebsd", "-f", inetd);
	second = SUPERD_ANSWER("--print=json", "-f", printed);
	cr_expect_str_eq(second.out, first.out);
	cr_expect_not_null(strstr(first.out, "tcpmux:+date"), "%s", first.out);
}

static int lines_of(const char *text)
{
	int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* What all rows have in common stands in the defaults, once. */
Behaviour(cli, print_of_an_xinetd_conf_shares_what_is_equal)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	const char *printed = path_in("superd.conf"), *text, *table;
	struct outcome first, second;

	text = "defaults\n{\n\tinstances = 60\n\tlog_type = SYSLOG authpriv\n\tcps = 25 30\n}\n";
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
		text = text_of("%sservice %s\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n"
			       "\tport = %zu\n\twait = no\n\tuser = %s\n\tserver = /bin/cat\n}\n",
			       text, names[n], 8100 + n, own_user());
	table = text_of("xinetd:%s", write_file("xinetd.conf", "%s", text));
	first = SUPERD_ANSWER("--print", "-f", table);
	cr_assert_eq(first.status, 0, "%s", first.err);
	cr_expect(strncmp(first.out, "defaults {\n", 11) == 0 && strstr(first.out, "\tcps = { 25, 30 }\n"), "%s",
		  first.out);
	cr_expect_null(strstr(strstr(first.out, "service a"), "cps"), "%s", first.out);
	cr_expect_leq(lines_of(first.out), 90, "%s", first.out);
	write_file("superd.conf", "%s", first.out);
	second = SUPERD_ANSWER("--print", "-f", printed);
	cr_expect_str_eq(second.out, first.out, "%s", second.err);
	first = SUPERD_ANSWER("--print=json", "-f", table);
	second = SUPERD_ANSWER("--print=json", "-f", printed);
	cr_expect_str_eq(second.out, first.out);
}

static const char *rich_table(void)
{
	return write_file("rich.conf",
			  "defaults { nice = 3 env = { \"A=1\" } }\n"
			  "service web {\n socket http { listen = \"127.0.0.1:8881\" backlog = 17 }\n"
			  " socket admin { listen = \"%s\" socket_mode = 0660 }\n"
			  " exec = \"/bin/cat 'two words' \\\"and \\\\\\\\ more\\\"\"\n user = \"%s\"\n env += { \"B=2 "
			  "%%{fd:admin}\" }\n"
			  " timeout_stop = 90s\n output = \"append:/var/log/web\"\n rlimit_nofile = \"64:128\"\n}\n"
			  "service each {\n listen = { \"udp:127.0.0.1:8882\", \"127.0.0.1:8883\" }\n accept = yes\n"
			  " exec = \"/bin/cat\"\n user = \"%s\"\n instances = 5\n per_source = unlimited\n backoff_max "
			  "= 1min\n}\n",
			  path_in("web.sock"), own_user(), own_user());
}

Behaviour(cli, a_printed_table_reads_back_as_itself)
{
	const char *table = rich_table();
	struct outcome first = SUPERD_ANSWER("--print", "-f", table), second, json, json_again;
	const char *printed;

	cr_assert_eq(first.status, 0, "%s", first.err);
	printed = write_file("printed.conf", "%s", first.out);
	second = SUPERD_ANSWER("--print", "-f", printed);
	cr_assert_eq(second.status, 0, "%s in %s", second.err, first.out);
	cr_assert_str_eq(second.out, first.out);
	json = SUPERD_ANSWER("--print=json", "-f", table);
	json_again = SUPERD_ANSWER("--print=json", "-f", printed);
	cr_assert_str_not_empty(json.out);
	cr_assert_str_eq(json.out, json_again.out);
}

Behaviour(cli, json_is_what_programs_expect)
{
	static const char check[] = "import json, sys\n"
		"table = json.load(open(sys.argv[1]))\n"
		"web, each = table['services']\n"
		"assert web['name'] == 'web' and each['name'] == 'each'\n"
		"assert [s['endpoint'] for s in web['listen']][0] == 'tcp:127.0.0.1:8881'\n"
		"assert [s['name'] for s in web['listen']] == ['http', 'admin']\n"
		"assert web['exec'] == ['/bin/cat', 'two words', 'and \\\\ more'], web['exec']\n"
		"assert web['timeout_stop'] == 90 and each['backoff_max'] == 60\n"
		"assert web['accept'] is False and each['accept'] is True\n"
		"assert web['pass'] == 'systemd' and each['pass'] == 'inetd'\n"
		"assert web['disable'] is False and 'user' in web and 'user' in each\n"
		"assert web['env'] == ['A=1', 'B=2 %{fd:admin}'], web['env']\n"
		"assert web['nice'] == 3 and each['instances'] == 5\n"
		"assert 'kill_signal' not in web and 'per_source' not in each\n";
	struct outcome json = SUPERD_ANSWER("--print=json", "-f", rich_table()), python;

	cr_assert_eq(json.status, 0, "%s", json.err);
	write_file("table.json", "%s", json.out);
	write_file("check.py", "%s", check);
	python = program_answer(
		(const char *const[]){ "/usr/bin/python3", path_in("check.py"), path_in("table.json"), NULL });
	cr_assert_eq(python.status, 0, "%s in %s", python.err, json.out);
}

Behaviour(cli, keep_going_leaves_only_the_broken_out)
{
	static const char *const arguments[] = { "--keep-going", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd =
		superd_run_with(&setup,
				"service broken { listen = \"tcp:nonsense:port\" exec = \"/bin/cat\" }\n"
				"service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
				backend("serve"));

	client_ask_pid(superd_port(superd, "web"));
	cr_assert_not_null(strstr(world_logs(), "broken"));
}

Behaviour(cli, one_service_without_a_file)
{
	const char *program = text_of("%s/backend", getenv("SUPERD_TESTDIR"));
	const char *const arguments[] = {
		"--log-level", "info", "-l", "127.0.0.1:0", "--", program, "take", "1", NULL
	};
	const struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "#\n");
	int port = superd_port(superd, "backend");

	client_ask_pid(port);
	client_ask_pid(port);
}

Behaviour(cli, one_inetd_service_without_a_file)
{
	const char *const arguments[] = { "--log-level", "info", "-l",	     "127.0.0.1:0", "-a",
					  "--inetd",	 "--",	 "/bin/cat", NULL };
	const struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "#\n");

	cr_assert_str_eq(client_ask(superd_port(superd, "cat"), "meow\n"), "meow");
}

Behaviour(cli, names_and_variables_for_a_service_without_a_file)
{
	const char *report = path_in("report"), *program = text_of("%s/report", getenv("SUPERD_TESTDIR"));
	const char *const arguments[] = { "--log-level", "info",	"-l", "127.0.0.1:0", "--fdname", "mine",
					  "-E",		 "COLOUR=blue", "--", program,	     report,	 NULL };
	const struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "#\n");

	cr_assert_str_eq(client_ask(superd_port(superd, "report"), "hello\n"), "reported");
	reading_expect(reading_wait(report), "env.LISTEN_FDNAMES", "mine");
	reading_expect(reading_wait(report), "env.COLOUR", "blue");
}

Behaviour(cli, a_program_without_a_file_is_looked_for_in_path)
{
	struct outcome outcome = SUPERD_ANSWER("-l", "127.0.0.1:0", "--", "no-such-program");

	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "there is no program no-such-program in PATH"), "%s", outcome.err);
	cr_assert_null(strstr(outcome.err, "does not search PATH"), "%s", outcome.err);
	outcome = SUPERD_ANSWER("-l", "tpc:80", "--", "no-such-program");
	cr_assert(outcome.status == 1 && strstr(outcome.err, "tpc"), "only one of two mistakes: %s", outcome.err);
}

/* superd -f TABLE -- COMMAND: ends with the command's status, and the services with it. */
static int status_of_main_command(const char *const *command)
{
	const char *arguments[16] = { "--" };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd;

	for (size_t i = 0; command[i] && i < 14; i++)
		arguments[i + 1] = command[i];
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" start = boot exec = \"%s\" }",
				 backend("serve"));
	return superd_wait_exit(superd);
}

#define MAIN_COMMAND(...) status_of_main_command((const char *const[]){ __VA_ARGS__, NULL })

Behaviour(cli, a_main_commands_status_is_superds)
{
	const char *not_executable = write_file("data", "no program\n");

	cr_assert_eq(MAIN_COMMAND("/bin/true"), 0);
	cr_assert_eq(MAIN_COMMAND("/bin/sh", "-c", "exit 7"), 7);
	cr_assert_eq(MAIN_COMMAND("/bin/sh", "-c", "kill -9 $$"), 128 + SIGKILL);
	cr_assert_eq(MAIN_COMMAND("/bin/sh", "-c", "kill -TERM $$"), 128 + SIGTERM);
	cr_assert_eq(MAIN_COMMAND("/no/such/program"), 127);
	cr_assert_eq(MAIN_COMMAND(not_executable), 126);
}

Behaviour(cli, a_main_command_keeps_superds_streams_and_environment)
{
	static const char *const environment[] = { "OWN=kept", NULL };
	const char *const arguments[] = { "--", "/bin/sh", "-c", "read -r line; echo \"got $line and $OWN\"", NULL };
	const char *in = write_file("in", "a line\n"), *out = path_in("out");
	struct setup setup = { .arguments = arguments, .environment = environment };
	struct superd *superd;

	setup.in = open(in, O_RDONLY | O_CLOEXEC);
	setup.out = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }", backend("serve"));
	cr_assert_eq(superd_wait_exit(superd), 0);
	cr_assert_str_eq(read_text(out), "got a line and kept\n");
}

Behaviour(cli, services_run_beside_a_main_command_and_term_reaches_it)
{
	const char *const arguments[] = { "--", "/bin/sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.05; done",
					  NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd =
		superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }", backend("serve"));

	client_ask_pid(superd_port(superd, "web"));
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 5, "%s", world_logs());
}

Behaviour(cli, a_daemon_leaves_its_pid_and_takes_it_away)
{
	const char *pid_file = path_in("superd.pid"), *log = path_in("daemon.log");
	const char *table;
	struct outcome outcome;
	int port = free_port();
	pid_t pid;

	table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
			   backend("take 1"));
	outcome = SUPERD_ANSWER("-f", table, "--daemon", "--pid-file", pid_file, "--log", text_of("file:%s", log));
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	/* Once the command has come back the sockets are there. */
	cr_assert_not_null(read_text(pid_file));
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	cr_assert(pid > 1 && process_lives(pid));
	cr_assert_eq(getsid(pid) == getsid(0), 0, "the daemon is still in this session");
	client_ask_pid(port);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
	cr_assert_neq(access(pid_file, F_OK), 0, "the pid file was left");
	cr_assert_not_null(read_text(log));
}

/* As update-inetd(8) looks for an inetd: the pid file's process, and its name as the kernel knows it. */
static const char *name_of(pid_t pid)
{
	return read_text(text_of("/proc/%ld/comm", (long)pid));
}

Behaviour(cli, has_the_process_name_it_is_told)
{
	const struct setup setup = { .arguments = (const char *const[]){ "--process-name", "inetd", NULL } };
	struct superd *superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
						backend("take 1"));

	superd_port(superd, "web");
	cr_expect_str_eq(name_of(superd->pid), "inetd\n");
}

/* Whoever searches for the name finds the process of the pid file alone. */
Behaviour(cli, gives_the_process_name_to_the_guard_alone)
{
	const struct setup setup = {
		.arguments = (const char *const[]){ "--guard", "--process-name", "inetd", NULL },
	};
	struct superd *superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
						backend("take 1"));

	superd_port(superd, "web");
	for (int n = 0; n < 2; n++) {
		cr_expect_str_eq(name_of(superd->pid), "inetd\n");
		cr_expect_str_eq(name_of(guarded_wait(superd)), "superd\n");
		superd_upgrade(superd);
	}
}

Behaviour(cli, refuses_a_process_name_that_does_not_fit)
{
	struct outcome outcome = SUPERD_ANSWER("--check", "--process-name", "sixteen-letters-");

	cr_expect_eq(outcome.status, 1);
	cr_expect(strstr(outcome.err, "--process-name: 'sixteen-letters-': it has 1 to 15 bytes"), "%s", outcome.err);
}

/* A lock that a script holds by it would never be free again. The table itself may come by one. */
Behaviour(cli, a_daemon_keeps_no_descriptor_of_who_started_it)
{
	const char *pid_file = path_in("superd.pid"), *log = text_of("file:%s", path_in("daemon.log"));
	const char *table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n");
	const char *lock = write_file("lock", "%s", ""), *self = getenv("SUPERD_BIN");
	const char *command = text_of("exec 9<%s 11<%s; exec %s -f superd:/dev/fd/11 --daemon --pid-file %s --log %s",
				      lock, table, self, pid_file, log);
	struct outcome outcome = program_answer((const char *const[]){ "/bin/bash", "-c", command, NULL });
	const char *held;
	pid_t pid;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	held = program_answer((const char *const[]){ "/bin/ls", "-l", text_of("/proc/%ld/fd", (long)pid), NULL }).out;
	cr_expect_null(strstr(held, lock), "%s", held);
	cr_expect_null(strstr(held, table), "%s", held);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
}

/* A daemon that holds the standard error of ssh keeps that waiting. */
Behaviour(cli, a_daemon_without_a_log_says_where_that_stays)
{
	const char *pid_file = path_in("superd.pid");
	const char *table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n");
	struct outcome outcome = SUPERD_ANSWER("-f", table, "--daemon", "--pid-file", pid_file);
	pid_t pid;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_expect_not_null(strstr(outcome.err, "the log stays at this shell's standard error: --log takes it to syslog "
					       "or file:PATH\n"), "%s", outcome.err);
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	cr_assert(pid > 1 && kill(pid, SIGTERM) == 0);
	WAIT_UNTIL(!process_lives(pid));
}

Behaviour(cli, a_second_superd_leaves_the_pid_file_of_the_first)
{
	const char *pid_file = path_in("superd.pid"), *log = text_of("file:%s", path_in("daemon.log"));
	int port = free_port();
	const char *table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
				       backend("take 1"));
	struct outcome outcome;
	pid_t pid;

	write_file("superd.pid", "1\n");        /* left over: init lives, but has no lock on it */
	outcome = SUPERD_ANSWER("-f", table, "--daemon", "--pid-file", pid_file, "--log", log);
	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	cr_assert(pid > 1 && process_lives(pid));
	outcome = SUPERD_ANSWER("-f", table, "--daemon", "--pid-file", pid_file, "--log", log);
	cr_assert_eq(outcome.status, 2, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, text_of("superd is running with it already, pid %ld", (long)pid)), "%s",
			   outcome.err);
	outcome = SUPERD_ANSWER("-f", table, "--pid-file", pid_file);
	cr_assert_eq(outcome.status, 2, "%s", outcome.err);
	cr_assert_str_eq(read_text(pid_file), text_of("%ld\n", (long)pid));
	client_ask_pid(port);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
	cr_assert_neq(access(pid_file, F_OK), 0, "the pid file was left");
}

Behaviour(cli, a_pid_file_that_cannot_be_written_keeps_superd_from_starting)
{
	const char *table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n");
	const char *pid_file = path_in("none/superd.pid");
	struct outcome outcome = SUPERD_ANSWER("-f", table, "--daemon", "--pid-file", pid_file);

	cr_assert_eq(outcome.status, 2, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, text_of("pid file %s: No such file or directory", pid_file)), "%s",
			   outcome.err);
	outcome = SUPERD_ANSWER("-f", table, "--pid-file", pid_file);
	cr_assert_eq(outcome.status, 2, "%s", outcome.err);
}

Behaviour(cli, a_failed_start_is_told_with_the_line_of_its_option)
{
	static const char *const arguments[] = { "--no-preflight", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup,
						"service folder {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
						" backoff_min = 1h backoff_max = 1h\n"
						" working_directory = \"/nonex/d\"\n}\n"
						"service out {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
						" backoff_min = 1h backoff_max = 1h\n output = \"file:/nonex/x\"\n}\n"
						"service env {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
						" backoff_min = 1h backoff_max = 1h\n"
						" environment_file = \"/nonex/e\"\n}\n",
						backend("serve"), backend("serve"), backend("serve"));
	int folder = client_connect(superd_port(superd, "folder")), out = client_connect(superd_port(superd, "out")),
	    env = client_connect(superd_port(superd, "env"));

	superd->mark = 0;
	superd_wait_log(superd, text_of("changing directory: /nonex/d: No such file or directory (%s:5); next start "
					"in ", superd->table));
	superd->mark = 0;
	superd_wait_log(superd, text_of("output: /nonex/x: No such file or directory (%s:11); next start in ",
					superd->table));
	superd->mark = 0;
	superd_wait_log(superd, text_of("environment_file: /nonex/e: No such file or directory (%s:17); next start in ",
					superd->table));
	close(folder);
	close(out);
	close(env);
}

Behaviour(cli, a_daemon_that_cannot_start_says_so_before_it_leaves)
{
	struct outcome outcome = SUPERD_ANSWER("-f", write_file("bad.conf", "service web { }\n"), "--daemon");

	cr_assert_eq(outcome.status, 1, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, "error"));
}

/* Nobody reads stderr at a boot. */
Behaviour(cli, what_keeps_superd_from_starting_is_in_the_log_as_well)
{
	const char *path = path_in("superd.log"), *log = text_of("file:%s", path);
	const char *table =
		write_file("bad.conf", "service web {\n listen = \"127.0.0.1:0\"\n exce = \"/bin/cat\"\n}\n");
	struct outcome outcome = SUPERD_ANSWER("--daemon", "--log", log, "-f", table);

	cr_assert_eq(outcome.status, 1, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, ":3:2: error: unknown option 'exce'"), "%s", outcome.err);
	cr_assert_not_null(read_text(path));
	cr_assert_not_null(strstr(read_text(path), ":3:2: error: unknown option 'exce'"), "%s", read_text(path));
	outcome = SUPERD_ANSWER("--daemon", "--log", log, "-f", write_file("good.conf", "# nothing\n"), "--pid-file",
				path_in("none/superd.pid"));
	cr_assert_eq(outcome.status, 2, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, "none/superd.pid"), "%s", outcome.err);
	cr_assert_not_null(strstr(read_text(path), "none/superd.pid"), "%s", read_text(path));
}

Behaviour(cli, a_port_taken_at_the_start_is_told_on_stderr_and_in_the_log)
{
	const char *pid_file = path_in("superd.pid"), *path = path_in("superd.log"), *at;
	int port = free_port(), taken = listen_on(port);
	const char *table = write_file("taken.conf",
				       "service web { listen = \"127.0.0.1:%d\" accept = yes exec = \"%s\" }\n",
				       port, backend("lines"));
	struct outcome outcome = SUPERD_ANSWER("--daemon", "--log", text_of("file:%s", path), "-f", table,
					       "--pid-file", pid_file);
	pid_t pid;

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	pid = (pid_t)strtol(read_text(pid_file), NULL, 10);
	at = strstr(outcome.err, "web: cannot listen on ");
	cr_assert_not_null(at, "%s", outcome.err);
	cr_assert_null(strstr(at + 1, "web: cannot listen on "), "it is told twice: %s", outcome.err);
	cr_assert_not_null(strstr(read_text(path), "web: cannot listen on "), "%s", read_text(path));
	close(taken);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	WAIT_UNTIL(!process_lives(pid));
}

Behaviour(cli, int_stops_like_term_and_quit_lets_instances_run_on)
{
	struct superd *superd =
		superd_run("service web { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }", backend("lines"));
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "hello\n");
	client_line(client);
	superd_signal(superd, SIGQUIT);
	cr_assert_eq(superd_wait_exit(superd), 0);
	client_send(client, "still there\n");
	cr_assert_not_null(strstr(client_line(client), " still there"));
	close(client);
	WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) < 0);

	superd = superd_run("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }", backend("serve"));
	client_ask_pid(superd_port(superd, "web"));
	superd_signal(superd, SIGINT);
	cr_assert_eq(superd_wait_exit(superd), 0);
}
