/* What superd and its backends say, and where it goes: lines under the service's name to the log, to syslog, to
 * files; as text and as JSON; the state at SIGUSR1. And the one thing it must never do: wait for whoever reads the
 * log. */
#include "harness.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n"

static void expect_in(const char *text, const char *part)
{
	cr_assert(text && strstr(text, part), "'%s' is not in: %s\n%s", part, text ? text : "(no file)", world_logs());
}

Behaviour(log, what_a_backend_prints_is_logged_under_its_name)
{
	struct superd *superd = superd_run(WEB, backend("print 4"), "");

	client_ask_pid(superd_port(superd, "web"));
	superd_wait_log(superd, "]: line 1 of 4");
	superd_wait_log(superd, "]: line 2 of 4");       /* on standard error, a pipe of its own */
	superd_wait_log(superd, "]: line 3 of 4");
}

Behaviour(log, its_first_and_last_lines_tell_one_start_from_the_next)
{
	struct superd *superd = superd_run(WEB, backend("serve"), "");

	superd_wait_log(superd, text_of("superd: version %s", PACKAGE_VERSION));
	superd_wait_log(superd, text_of(": %s, 1 service\n", superd->table));
	superd_wait_log(superd, "web: listening on");
	superd_stop(superd);
	superd_wait_log(superd, "superd: ended with status 0\n");
}

Behaviour(log, the_last_words_of_a_backend_are_not_lost)
{
	struct superd *superd = superd_run(WEB, "/bin/sh -c 'printf unfinished; exit 3'", "");

	close(client_connect(superd_port(superd, "web")));
	superd_wait_log(superd, "]: unfinished\n");
}

Behaviour(log, an_instances_errors_stay_off_the_wire)
{
	struct superd *superd =
		superd_run(WEB, "/bin/sh -c 'echo for the client; echo for the log >&2'", "accept = yes");
	int client = client_connect(superd_port(superd, "web"));

	cr_assert_str_eq(client_rest(client), "for the client\n");
	superd_wait_log(superd, "web[-]: for the log");
	close(client);
}

Behaviour(log, errors_go_on_the_wire_where_asked_for)
{
	struct superd *superd = superd_run(WEB, "/bin/sh -c 'echo out; echo err >&2'", "accept = yes\nerror = socket");
	int client = client_connect(superd_port(superd, "web"));

	cr_assert_str_eq(client_rest(client), "out\nerr\n");
	close(client);
}

Behaviour(log, output_goes_to_files)
{
	const char *fresh = write_file("fresh", "old\n"), *appended = write_file("appended", "old\n");
	struct superd *superd = superd_run(WEB, backend("print 2"),
					   text_of("output = \"file:%s\"\nerror = \"append:%s\"", fresh, appended));

	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	expect_in(read_text(fresh), "line 1 of 2\n");
	cr_assert_str_eq(read_text(appended), "old\nline 2 of 2\n");
	cr_assert(!superd_logged(superd, "line 1 of 2"));
}

Behaviour(log, null_is_silence)
{
	struct superd *superd = superd_run(WEB, backend("print 2"), "output = null\nerror = null");

	client_ask_pid(superd_port(superd, "web"));
	superd_stop(superd);
	cr_assert(!superd_logged(superd, "line 1 of 2") && !superd_logged(superd, "line 2 of 2"));
}

static const char *wait_syslog(int fd, const char *text)
{
	static char line[8192];
	ssize_t got = -1;

	do
		WAIT_UNTIL((got = recv(fd, line, sizeof(line) - 1, MSG_DONTWAIT)) > 0 && (line[got] = '\0', true));
	while (!strstr(line, text));
	return line;
}

/* Whoever starts superd by hand, with its log in a file, has to see what does not start. */
Behaviour(log, a_start_at_boot_that_fails_is_told_on_standard_error_too)
{
	const char *const arguments[] = { "--log", text_of("file:%s", path_in("its.log")), NULL };
	const struct setup setup = { .arguments = arguments };
	const char *program = write_file("program", "\177ELF, and nothing that runs: %0100d\n", 0);
	struct superd *superd;

	cr_assert_eq(chmod(program, 0755), 0);
	superd = superd_run_with(&setup, "service boots {\n exec = \"%s\"\n start = \"boot\"\n}\n", program);
	superd_wait_log(superd, "boots: cannot start: exec: ");
}

Behaviour(log, superds_own_lines_go_to_syslog)
{
	static const char *const arguments[] = { "--log", "syslog:local3", NULL };
	const struct setup setup = { .own_dev = true, .arguments = arguments };
	struct superd *superd;
	const char *line;
	int receiver;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	receiver = bind_dev_log();
	superd = superd_run_with(&setup, WEB, backend("take 1"), "");
	line = wait_syslog(receiver, "web: listening on ");
	/* local3 is 19, info is 6. */
	expect_in(line, "<158>");
	expect_in(line, "superd[");
	close(receiver);
	superd_stop(superd);
}

Behaviour(log, a_syslog_that_nobody_reads_blocks_nobody)
{
	static const char *const arguments[] = { "--log", "syslog", NULL };
	const struct setup setup = { .clock = true, .own_dev = true, .arguments = arguments };
	int receiver, port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	receiver = bind_dev_log();
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }", port,
				 backend("print 2000"));
	wait_syslog(receiver, "web: listening on ");
	client_ask(port, "hello\n");
	client_ask(port, "hello\n");
	clock_stop(superd, SECOND_MS);  /* which is how long it waits for its reader at its end */
	close(receiver);
}

Behaviour(log, the_log_goes_to_a_file_and_follows_its_rotation)
{
	const char *file = path_in("own.log");
	const char *const arguments[] = { "--log", text_of("file:%s", file), NULL };
	const struct setup setup = { .arguments = arguments };
	int port = free_port();
	struct superd *superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }", port,
						backend("take 1"));

	WAIT_UNTIL(read_text(file) && strstr(read_text(file), "web: listening on "));
	cr_assert_eq(rename(file, path_in("own.log.1")), 0);
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(read_text(file) != NULL);
	client_ask_pid(port);
	superd_stop(superd);
	expect_in(read_text(file), "web: started, pid ");
}

Behaviour(log, json_is_one_object_a_line_with_stable_names)
{
	static const char *const arguments[] = { "--log-format", "json", NULL };
	const struct setup setup = { .arguments = arguments };
	static const char check[] = "import json, sys\n"
		"lines = [json.loads(line) for line in open(sys.argv[1])]\n"
		"assert all('time' in l and 'level' in l and 'event' in l and 'message' in l for l in lines), lines\n"
		"assert any(l['event'] == 'message' and l['message'] == 'stopping' for l in lines), lines\n"
		"web = [l for l in lines if l.get('service') == 'web']\n"
		"events = {l.get('event') for l in web}\n"
		"assert {'listening', 'started', 'output'} <= events, events\n"
		"assert any(isinstance(l.get('pid'), int) for l in web)\n"
		"started = [l['pid'] for l in web if l['event'] == 'started']\n"
		"printed = [l for l in web if l['event'] == 'output']\n"
		"assert any(l['message'] == 'line 1 of 1' and l['pid'] in started for l in printed), printed\n"
		"assert not any(l.get('peer') == '' for l in lines), lines\n"
		"assert any(l.get('service') == 'local' and l['event'] == 'started' for l in lines), lines\n";
	struct superd *superd =
		superd_run_with(&setup, WEB "service local { listen = \"%s\" accept = yes exec = \"/bin/cat\" }\n",
				backend("print 1"), text_of("user = \"%s\"", own_user()), path_in("local"));
	struct outcome python;
	const char *port = NULL;

	WAIT_UNTIL((port = strstr(read_text(superd->log), "listening on tcp:127.0.0.1:")) != NULL &&
		   strchr(port, '\n'));
	client_ask((int)strtol(port + strlen("listening on tcp:127.0.0.1:"), NULL, 10), "hello\n");
	wait_node(path_in("local"));
	cr_assert_str_eq(client_ask_unix(path_in("local"), "meow\n"), "meow");
	superd_stop(superd);
	write_file("check.py", "%s", check);
	python = program_answer((const char *const[]){ "/usr/bin/python3", path_in("check.py"), superd->log, NULL });
	cr_assert_eq(python.status, 0, "%s\n%s", python.err, world_logs());
}

Behaviour(log, usr1_tells_the_state)
{
	struct superd *superd = superd_run(WEB "service idle { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					   backend("serve"), "", backend("serve"));
	long pid = client_ask_pid(superd_port(superd, "web"));

	superd_wait_log(superd, "idle: listening on ");
	superd->mark = strlen(read_text(superd->log));
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "web: {\"service\":\"web\",\"state\":\"running\"");
	WAIT_UNTIL(strstr(read_text(superd->log) + superd->mark, text_of("\"pid\":%ld", pid)) != NULL);
	superd_wait_log(superd, "idle: {\"service\":\"idle\",\"state\":\"listening\"");
}

/* A pipe takes 4000 bytes of a line, also where the row is a string in JSON. */
Behaviour(log, usr1_tells_of_many_clients_and_sockets_in_a_short_line)
{
	enum { CLIENTS = 30, SOCKETS = 20 };
	static const char *const arguments[] = { "--log-format", "json", NULL };
	const struct setup setup = { .arguments = arguments };
	static const char check[] = "import json, sys\n"
		"lines = [line for line in open(sys.argv[1]) if json.loads(line)['event'] == 'state']\n"
		"assert max(map(len, lines)) < 4000, lines\n"
		"rows = [json.loads(json.loads(line)['message']) for line in lines]\n"
		"web, many = [[r for r in rows if r.get('service') == name][0] for name in ('web', 'many')]\n"
		"assert web['accepted'] == 30 and web['instances'] == 30, web\n"
		"assert many['instances'] == 0 and 'listeners' not in many, many\n";
	static const char quotes[] = "\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"";   /* in a table */
	const char *sockets = "", *port = NULL;
	struct outcome python;
	struct superd *superd;
	int clients[CLIENTS];

	for (int n = 0; n < SOCKETS; n++)
		sockets = text_of("%s%s\"%s\"", sockets, n ? ", " : "", path_in("%s%s%d", quotes, quotes, n));
	superd = superd_run_with(&setup, WEB "service many { listen = { %s } exec = \"/bin/cat\" user = \"%s\" }\n",
				 "/bin/cat", "accept = yes", sockets, own_user());
	WAIT_UNTIL((port = strstr(read_text(superd->log), "listening on tcp:127.0.0.1:")) != NULL &&
		   strchr(port, '\n'));
	for (int n = 0; n < CLIENTS; n++) {
		clients[n] = client_connect((int)strtol(port + strlen("listening on tcp:127.0.0.1:"), NULL, 10));
		client_send(clients[n], "hello\n");
		client_line(clients[n]);
	}
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "\\\"services\\\":2");
	for (int n = 0; n < CLIENTS; n++)
		close(clients[n]);
	superd_stop(superd);
	for (int n = 0; n < SOCKETS; n++)
		cr_assert_eq(unlink(path_in("\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"%d", n)), 0);
	write_file("check.py", "%s", check);
	python = program_answer((const char *const[]){ "/usr/bin/python3", path_in("check.py"), superd->log, NULL });
	cr_assert_eq(python.status, 0, "%s\n%s", python.err, world_logs());
}

Behaviour(log, an_end_is_told_with_its_status_or_signal)
{
	struct superd *superd = superd_run("service three { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
					   "service nine { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					   backend("exit 3"), backend("crash 9"));

	close(client_connect(superd_port(superd, "three")));
	superd_wait_log(superd, "ended: exit status 3");
	superd->mark = 0;
	close(client_connect(superd_port(superd, "nine")));
	superd_wait_log(superd, "ended: signal KILL");
}

Behaviour(log, what_a_backend_prints_cannot_forge_lines)
{
	const char *script = write_file("script", "printf '\\033[31mred\\rsuperd: forged\\n'\n");
	struct superd *superd = superd_run(WEB, text_of("/bin/sh %s", script), "");

	close(client_connect(superd_port(superd, "web")));
	superd_wait_log(superd, "superd: forged");
	cr_assert(!superd_logged(superd, "\033"), "an escape sequence came through");
	cr_assert(!superd_logged(superd, "\rsuperd: forged"), "a carriage return came through");
}

Behaviour(log, a_stuck_reader_of_the_log_blocks_nobody)
{
	static const char *const arguments[] = { "--log-level", "debug", NULL };
	struct setup setup = { .clock = true, .arguments = arguments };
	int log[2], port = free_port();
	struct superd *superd;

	cr_assert_eq(pipe2(log, O_CLOEXEC), 0);
	setup.err = log[1];
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
				 backend("print 5000"));
	close(log[1]);
	WAIT_UNTIL(client_can_connect(port));
	/* Each run prints far more than the pipe holds, and nobody reads it. */
	for (int i = 0; i < 3; i++)
		client_ask_pid(port);
	clock_stop(superd, SECOND_MS);
	close(log[0]);
}

Behaviour(log, a_closed_log_ends_nobody)
{
	struct setup setup = { 0 };
	int log[2], port = free_port();
	struct superd *superd;

	cr_assert_eq(pipe2(log, O_CLOEXEC), 0);
	setup.err = log[1];
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
				 backend("print 10"));
	close(log[1]);
	close(log[0]);
	WAIT_UNTIL(client_can_connect(port));
	client_ask_pid(port);
	client_ask_pid(port);
	superd_stop(superd);
}
