/* The command line: what --check and --print say, one service without a file, the table beside a main command, and every
 * kind of wrong input, each of which must end with status 1 and lines that name file, line and column, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "harness.h"
#include "process.h"
#include "reading.h"

#define GOOD "service web {\n listen = \"127.0.0.1:8888\"\n exec = \"/bin/cat\"\n user = \"%s\"\n}\n"

Behaviour(cli, check_of_a_good_table_is_silent_success)
{
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", write_file("good.conf", GOOD, own_user()));

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_null(strstr(outcome.err, "error"), "%s", outcome.err);
	cr_assert_null(strstr(outcome.err, "warning"), "%s", outcome.err);
}

Behaviour(cli, check_reports_every_mistake_in_one_pass)
{
	const char *table = write_file("bad.conf", "service web {\n listen = \"tcp:99999\"\n exec = \"/bin/cat\"\n usr = \"x\"\n"
				       " timeout_stop = soon\n}\nservice other {\n listen = \"127.0.0.1:0\"\n}\n");
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", table);

	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, text_of("%s:2:11: error: ", table)), "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, text_of("%s:4:2: error: unknown option 'usr'", table)), "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, "did you mean 'user'"), "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, text_of("%s:5:", table)), "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, text_of("%s:7:", table)), "%s", outcome.err);
}

/* Every line of the message must be about this file, and one an error with its place. */
static void expect_refused(const char *what, struct outcome outcome, const char *path)
{
	const char *line = outcome.err;
	bool placed = false;

	cr_assert_eq(outcome.status, 1, "%s: ended with %d: %s", what, outcome.status, outcome.err);
	cr_assert_str_empty(outcome.out, "%s: printed %s", what, outcome.out);
	cr_assert_str_not_empty(outcome.err, "%s: said nothing", what);
	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		unsigned row, column;

		cr_assert_eq(strncmp(line, path, strlen(path)), 0, "%s: says something else: %s", what, line);
		if (sscanf(line + strlen(path), ":%u:%u: error: %*c", &row, &column) == 2 && strstr(line, ": error: "))
			placed = true;
		cr_assert_lt(strcspn(line, "\n"), 2000, "%s: an endless line", what);
	}
	cr_assert(placed, "%s: no FILE:LINE:COL: error: %s", what, outcome.err);
}

#define IN_SERVICE(text) "service web {\n listen = \"127.0.0.1:0\"\n exec = \"/bin/cat\"\n " text "\n}\n"

Behaviour(cli, wrong_input_is_refused_with_its_place)
{
	static const struct {
		const char *what, *table;
	} cases[] = {
		{ "an unknown option", IN_SERVICE("usre = \"root\"") },
		{ "an unknown section", "sevrice web { }\n" },
		{ "a bad port", "service web { listen = \"tcp:65536\" exec = \"/bin/cat\" }\n" },
		{ "an unknown name of services(5)", "service web { listen = \"tcp:no-such-service\" exec = \"/bin/cat\" }\n" },
		{ "a bad address", "service web { listen = \"300.0.0.1:80\" exec = \"/bin/cat\" }\n" },
		{ "an unknown kind of endpoint", "service web { listen = \"tpc:80\" exec = \"/bin/cat\" }\n" },
		{ "a relative socket path", "service web { listen = \"unix:web.sock\" exec = \"/bin/cat\" }\n" },
		{ "a bad duration", IN_SERVICE("timeout_stop = \"5 parsecs\"") },
		{ "a negative duration", IN_SERVICE("timeout_stop = \"-5s\"") },
		{ "a bad mode", IN_SERVICE("umask = 0999") },
		{ "a bad number", IN_SERVICE("nice = twenty") },
		{ "a number out of bounds", IN_SERVICE("nice = 1000") },
		{ "a bad size", IN_SERVICE("receive_buffer = \"10 elephants\"") },
		{ "a bad boolean", IN_SERVICE("accept = perhaps") },
		{ "a bad word", IN_SERVICE("type = complicated") },
		{ "a bad signal", IN_SERVICE("kill_signal = SIGNOTHING") },
		{ "an unknown user", IN_SERVICE("user = \"no-such-user-here\"") },
		{ "an unknown group", IN_SERVICE("group = \"no-such-group-here\"") },
		{ "a missing program", "service web { listen = \"127.0.0.1:0\" exec = \"/no/such/program\" }\n" },
		{ "a program without its path", "service web { listen = \"127.0.0.1:0\" exec = \"cat\" }\n" },
		{ "a folder as program", "service web { listen = \"127.0.0.1:0\" exec = \"/bin\" }\n" },
		{ "no listen", "service web { exec = \"/bin/cat\" }\n" },
		{ "no exec", "service web { listen = \"127.0.0.1:0\" }\n" },
		{ "an empty service", "service web { }\n" },
		{ "a service without a name", "service { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n" },
		{ "two services of one name", IN_SERVICE("") "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n" },
		{ "two services on one endpoint", "service a { listen = \"8888\" exec = \"/bin/cat\" }\n"
						  "service b { listen = \"tcp:8888\" exec = \"/bin/cat\" }\n" },
		{ "an option set twice", IN_SERVICE("nice = 1\n nice = 2") },
		{ "connections of a fifo", "service web { listen = \"fifo:/run/f\" accept = yes exec = \"/bin/cat\" }\n" },
		{ "two sockets on one stdin", "service web { listen = { \"127.0.0.1:0\", \"[::1]:0\" } pass = inetd exec = \"/bin/cat\" }\n" },
		{ "forking for each connection", IN_SERVICE("accept = yes\n type = forking") },
		{ "a pid file without forking", IN_SERVICE("pid_file = \"/run/web.pid\"") },
		{ "pauses the wrong way round", IN_SERVICE("backoff_min = 10s\n backoff_max = 1s") },
		{ "an option that is still to come", IN_SERVICE("only_from = { \"192.0.2.0/24\" }") },
		{ "a socket's name that can't be", "service web { socket \"a:b\" { listen = \"127.0.0.1:0\" } exec = \"/bin/cat\" }\n" },
		{ "a service's option in a socket", "service web { socket s { listen = \"127.0.0.1:0\" user = \"root\" } exec = \"/bin/cat\" }\n" },
		{ "listen in defaults", "defaults { listen = \"8888\" }\n" IN_SERVICE("") },
		{ "an unknown template", "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat %{nonsense}\" }\n" },
		{ "an open brace", "service web {\n listen = \"127.0.0.1:0\"\n" },
		{ "an open quote", "service web { listen = \"127.0.0.1:0\n exec = \"/bin/cat\" }\n" },
		{ "a lone brace", "}\n" },
		{ "a word too many", "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" } trailing\n" },
		{ "a missing value", IN_SERVICE("nice =") },
		{ "an include that is not there", "include(\"/no/such/file.conf\")\n" IN_SERVICE("") },
		{ "another system's table, so far", "import(\"inetd:/etc/inetd.conf\")\n" IN_SERVICE("") },
		{ "an unknown language", "import(\"cobol:/etc/inetd.conf\")\n" IN_SERVICE("") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *path = write_file("case.conf", "%s", cases[i].table);

		expect_refused(cases[i].what, SUPERD_ANSWER("--check", "-f", path), path);
		expect_refused(cases[i].what, SUPERD_ANSWER("-f", path), path);
	}
}

Behaviour(cli, a_file_that_includes_itself_is_refused)
{
	const char *path = path_in("self.conf");

	write_file("self.conf", "include(\"%s\")\n" GOOD, path, own_user());
	expect_refused("a file that includes itself", SUPERD_ANSWER("--check", "-f", path), path);
}

Behaviour(cli, files_that_include_each_other_are_refused)
{
	const char *path = write_file("one.conf", "include(\"two.conf\")\n" GOOD, own_user());
	struct outcome outcome;

	write_file("two.conf", "include(\"one.conf\")\n");
	outcome = SUPERD_ANSWER("--check", "-f", path);
	cr_assert_eq(outcome.status, 1, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, text_of("%s:1:", path_in("two.conf"))), "%s", outcome.err);
}

static void write_raw(const char *path, const char *bytes, size_t length, size_t times)
{
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file);
	while (times-- > 0)
		cr_assert_eq(fwrite(bytes, 1, length, file), length);
	cr_assert_eq(fclose(file), 0);
}

Behaviour(cli, binary_rubbish_is_refused)
{
	const char *path = path_in("rubbish.conf");
	char bytes[256];

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)(i * 37);
	write_raw(path, bytes, sizeof(bytes), 64);
	expect_refused("binary rubbish", SUPERD_ANSWER("--check", "-f", path), path);
	expect_refused("binary rubbish", SUPERD_ANSWER("-f", path), path);
}

Behaviour(cli, a_line_of_a_megabyte_is_refused)
{
	const char *path = path_in("long.conf");

	write_raw(path, "x", 1, 1 << 20);
	expect_refused("a line of a megabyte", SUPERD_ANSWER("--check", "-f", path), path);
	expect_refused("a line of a megabyte", SUPERD_ANSWER("-f", path), path);
}

Behaviour(cli, deep_nesting_is_refused)
{
	const char *path = path_in("deep.conf");
	struct outcome outcome;

	write_raw(path, "service a {\n", 12, 20000);
	outcome = SUPERD_ANSWER("--check", "-f", path);
	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "error: "));
	cr_assert_lt(strlen(outcome.err), 200000, "a file of rubbish makes more rubbish");
}

Behaviour(cli, what_is_no_file_is_refused)
{
	struct outcome outcome = SUPERD_ANSWER("-f", path_in("missing.conf"));

	cr_assert_eq(outcome.status, 1);
	cr_assert_not_null(strstr(outcome.err, "No such file or directory"), "%s", outcome.err);
	cr_assert_eq(mkfifo(path_in("fifo.conf"), 0600), 0);
	outcome = SUPERD_ANSWER("--check", "-f", path_in("fifo.conf"));
	cr_assert_eq(outcome.status, 1);
	outcome = SUPERD_ANSWER("--check", "-f", "/dev/zero");
	cr_assert_eq(outcome.status, 1);
}

Behaviour(cli, wrong_usage_is_refused)
{
	static const char *const words[][4] = {
		{ "--no-such-option" }, { "-f" }, { "--log-level", "loud", "--check" }, { "--print=poetry" }, { "--explain" },
		{ "--explain", "no_such_option" }, { "-l", "127.0.0.1:0" }, { "-l", "tpc:80", "--", "/bin/cat" },
		{ "--log", "pigeon", "--check" }, { "stray" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *arguments[5] = { words[i][0], words[i][1], words[i][2], words[i][3], NULL };
		struct outcome outcome = superd_answer(arguments);

		cr_assert_eq(outcome.status, 1, "%s: ended with %d: %s", words[i][0], outcome.status, outcome.err);
		cr_assert_str_not_empty(outcome.err, "%s: said nothing", words[i][0]);
	}
}

Behaviour(cli, version_and_help_go_to_stdout)
{
	struct outcome version = SUPERD_ANSWER("--version"), help = SUPERD_ANSWER("--help");

	cr_assert(version.status == 0 && strncmp(version.out, "superd ", 7) == 0, "%s%s", version.out, version.err);
	cr_assert(help.status == 0 && strstr(help.out, "--check") && strstr(help.out, "--print"), "%s%s", help.out, help.err);
	cr_assert_str_empty(help.err);
}

Behaviour(cli, explain_tells_of_an_option)
{
	struct outcome outcome = SUPERD_ANSWER("--explain", "timeout_stop");

	cr_assert_eq(outcome.status, 0, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.out, "timeout_stop"));
	cr_assert_not_null(strstr(outcome.out, "10s"));
}

static const char *rich_table(void)
{
	return write_file("rich.conf", "defaults { nice = 3 env = { \"A=1\" } }\n"
			  "service web {\n socket http { listen = \"127.0.0.1:8881\" backlog = 17 }\n"
			  " socket admin { listen = \"%s\" socket_mode = 0660 }\n"
			  " exec = \"/bin/cat 'two words' \\\"and \\\\\\\\ more\\\"\"\n user = \"%s\"\n env += { \"B=2 %%{fd:admin}\" }\n"
			  " timeout_stop = 90s\n output = \"append:/var/log/web\"\n rlimit_nofile = \"64:128\"\n}\n"
			  "service each {\n listen = { \"udp:127.0.0.1:8882\", \"127.0.0.1:8883\" }\n accept = yes\n"
			  " exec = \"/bin/cat\"\n user = \"%s\"\n instances = 5\n per_source = unlimited\n backoff_max = 1min\n}\n",
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
	python = program_answer((const char *const[]){ "/usr/bin/python3", path_in("check.py"), path_in("table.json"), NULL });
	cr_assert_eq(python.status, 0, "%s in %s", python.err, json.out);
}

Behaviour(cli, keep_going_leaves_only_the_broken_out)
{
	static const char *const arguments[] = { "--keep-going", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "service broken { listen = \"tcp:nonsense:port\" exec = \"/bin/cat\" }\n"
						"service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("serve"));

	client_ask_pid(superd_port(superd, "web"));
	cr_assert_not_null(strstr(world_logs(), "broken"));
	superd_stop(superd);
}

Behaviour(cli, one_service_without_a_file)
{
	const char *program = text_of("%s/backend", getenv("SUPERD_TESTDIR"));
	const char *const arguments[] = { "--log-level", "info", "-l", "127.0.0.1:0", "--", program, "take", "1", NULL };
	const struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "#\n");
	int port = superd_port(superd, "backend");

	client_ask_pid(port);
	client_ask_pid(port);
	superd_stop(superd);
}

Behaviour(cli, one_inetd_service_without_a_file)
{
	const char *const arguments[] = { "--log-level", "info", "-l", "127.0.0.1:0", "-a", "--inetd", "--", "/bin/cat", NULL };
	const struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "#\n");

	cr_assert_str_eq(client_ask(superd_port(superd, "cat"), "meow\n"), "meow");
	superd_stop(superd);
}

Behaviour(cli, names_and_variables_for_a_service_without_a_file)
{
	const char *report = path_in("report"), *program = text_of("%s/report", getenv("SUPERD_TESTDIR"));
	const char *const arguments[] = { "--log-level", "info", "-l", "127.0.0.1:0", "--fdname", "mine", "-E", "COLOUR=blue", "--",
					  program, report, NULL };
	const struct setup setup = { .without_table = true, .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "#\n");

	cr_assert_str_eq(client_ask(superd_port(superd, "report"), "hello\n"), "reported");
	reading_expect(reading_wait(report), "env.LISTEN_FDNAMES", "mine");
	reading_expect(reading_wait(report), "env.COLOUR", "blue");
	superd_stop(superd);
}

/* superd -f TABLE -- COMMAND: ends with the command's status, and the services with it. */
static int status_of_main_command(const char *const *command)
{
	const char *arguments[16] = { "--" };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd;

	for (size_t i = 0; command[i] && i < 14; i++)
		arguments[i + 1] = command[i];
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" start = boot exec = \"%s\" }", backend("serve"));
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
	const char *const arguments[] = { "--", "/bin/sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.05; done", NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }", backend("serve"));

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

	table = write_file("daemon.conf", "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port, backend("take 1"));
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

Behaviour(cli, a_daemon_that_cannot_start_says_so_before_it_leaves)
{
	struct outcome outcome = SUPERD_ANSWER("-f", write_file("bad.conf", "service web { }\n"), "--daemon");

	cr_assert_eq(outcome.status, 1, "%s", outcome.err);
	cr_assert_not_null(strstr(outcome.err, "error"));
}

Behaviour(cli, int_stops_like_term_and_quit_lets_instances_run_on)
{
	struct superd *superd = superd_run("service web { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }", backend("lines"));
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
