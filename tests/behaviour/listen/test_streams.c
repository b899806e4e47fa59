/* Standard streams from all the places they can come from and go to. */
#include "harness.h"
#include "unit_files.h"

static struct superd *start(const char *lines)
{
	struct superd *superd =
		superd_run("service a { type = oneshot listen = \"%s\"\n%s }", path_in("a.sock"), lines);

	wait_node(path_in("a.sock"));
	return superd;
}

/* A service that takes its client from the queue after this line of a shell. */
static const char *shell(const char *line)
{
	return text_of("exec = { \"/bin/sh\", \"-c\", \"%s; exec %s/backend take 1\" }\n", line,
		       getenv("SUPERD_TESTDIR"));
}

static void wake(void)
{
	client_ask_unix(path_in("a.sock"), "x\n");
}

static void expect_file(const char *name, const char *text)
{
	const char *path = path_in("%s", name);

	WAIT_UNTIL(read_text(path) && !strcmp(read_text(path), text));
}

/* systemd.exec(5): the input is each process's that the unit starts. */
static void expect_input_of_each(const char *input)
{
	struct superd *superd;

	write_file("a.service",
		   "[Service]\nType=oneshot\n%s\nExecStartPre=/bin/sh -c 'cat >%s'\nExecStart=/bin/sh -c 'cat >%s'\n"
		   "ExecStart=/bin/sh -c 'cat >%s'\nExecStartPost=/bin/sh -c 'cat >%s'\n",
		   input, path_in("pre"), path_in("first"), path_in("second"), path_in("post"));
	superd = units_run("a.service", NULL);
	for (const char *const *name = (const char *const[]){ "pre", "first", "second", "post", NULL }; *name; name++)
		expect_file(*name, "hello\n");
	superd_stop(superd);
}

Behaviour(streams, a_file_that_is_input_is_read_by_each_command_from_its_start)
{
	expect_input_of_each(text_of("StandardInput=file:%s", write_file("in", "hello\n")));
}

Behaviour(streams, a_file_that_is_truncated_holds_the_last_start_alone)
{
	struct superd *superd;

	write_file("out", "something old and long\n");
	superd = start(text_of("output = \"truncate:%s\"\nerror = log\n%s", path_in("out"), shell("echo new")));
	wake();
	expect_file("out", "new\n");
	wake();
	expect_file("out", "new\n");
	superd_stop(superd);
}

/* One position: what is written stands behind what was read. */
Behaviour(streams, a_path_that_is_input_and_output_is_one_open_file)
{
	struct superd *superd;

	write_file("both", "first\nsecond\n");
	superd = start(text_of("input = \"file:%s\"\noutput = \"file:%s\"\nerror = log\n%s", path_in("both"),
			       path_in("both"), shell("read line; echo 2: $line")));
	wake();
	expect_file("both", "first\n2: first\n");
	superd_stop(superd);
}

Behaviour(streams, output_and_error_of_one_path_do_not_overwrite_each_other)
{
	struct superd *superd = start(text_of("output = \"truncate:%s\"\nerror = \"truncate:%s\"\n%s", path_in("out"),
					      path_in("out"), shell("echo one; echo two >&2; echo three")));

	wake();
	expect_file("out", "one\ntwo\nthree\n");
	superd_stop(superd);
}

Behaviour(streams, a_path_that_is_a_unix_socket_is_connected_to)
{
	int listener = listen_unix(path_in("log.sock")), client;
	struct superd *superd =
		start(text_of("output = \"file:%s\"\nerror = log\n%s", path_in("log.sock"), shell("echo over")));

	wake();
	client = accept(listener, NULL, NULL);
	cr_assert(client >= 0);
	cr_expect_str_eq(client_line(client), "over");
	close(client);
	close(listener);
	superd_stop(superd);
}

Behaviour(streams, a_stream_may_be_a_socket_by_its_name)
{
	struct superd *superd =
		superd_run("service a { input = fd:second\nerror = log\nsocket first { listen = \"%s\" }\n"
			   "socket second { listen = \"unix-dgram:%s\" }\nexec = { \"%s/report\", \"%s\" } }",
			   path_in("a.sock"), path_in("b.sock"), getenv("SUPERD_TESTDIR"), path_in("report"));

	wait_node(path_in("b.sock"));
	wait_node(path_in("a.sock"));
	wake();
	WAIT_UNTIL(read_text(path_in("report")));
	cr_expect(strstr(read_text(path_in("report")), text_of("fd.0.address=%s\n", path_in("b.sock"))), "%s",
		  read_text(path_in("report")));
	cr_expect(strstr(read_text(path_in("report")), text_of("fd.4.address=%s\n", path_in("b.sock"))));
	superd_stop(superd);
}

/* A connection as input alone. */
Behaviour(streams, the_output_of_an_inetd_service_may_go_elsewhere)
{
	struct superd *superd;
	int client;

	write_pair("a", text_of("Accept=yes\nListenStream=%s", path_in("a.sock")),
		   text_of("StandardInput=socket\nStandardOutput=append:%s\nExecStart=/bin/cat", path_in("out")));
	superd = units_run("a.socket", NULL);
	wait_node(path_in("a.sock"));
	client = client_connect_unix(path_in("a.sock"), SOCK_STREAM);
	client_send(client, "for the file\n");
	shutdown(client, SHUT_WR);
	cr_expect_str_eq(client_rest(client), "");
	close(client);
	expect_file("out", "for the file\n");
	superd_stop(superd);
}

#define NICE "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" error = inherit nice = %d }"

/* The pipe in between has the service's name in the log, and goes on with that of the new table. */
Behaviour(streams, superds_own_stream_goes_on_over_a_reload)
{
	int port = free_port();
	struct superd *superd = superd_run(NICE, port, backend("serve"), 1);

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	for (int n = 2; n < 5; n++)
		cr_assert(superd_reload(superd, NICE, port, backend("serve"), n));
	client_ask_pid(port);
}

Behaviour(streams, a_line_may_say_its_level_and_the_service_another_name)
{
	static const char *const arguments[] = { "--log-format", "json", "--log-level", "info", NULL };
	const struct setup setup = { .arguments = arguments };
	const char *lines = "echo '<3>bad'; echo '<13>as syslog has it'; echo '<x>none'; echo plain; echo '<5>'";
	struct superd *superd = superd_run_with(&setup,
						"service a { listen = \"%s\" syslog_identifier = shown "
						"syslog_level = debug syslog_level_prefix = yes\n%s }",
						path_in("a.sock"), shell(lines));

	wait_node(path_in("a.sock"));
	wake();
	WAIT_UNTIL(superd_logged(superd, "plain"));
	cr_expect(strstr(read_text(superd->log), "\"level\":\"error\",\"service\":\"shown\""), "%s",
		  read_text(superd->log));
	cr_expect(strstr(read_text(superd->log), "\"message\":\"bad\""));
	cr_expect(strstr(read_text(superd->log), "\"message\":\"as syslog has it\""));
	cr_expect(strstr(read_text(superd->log), "\"message\":\"<x>none\""));
}

Behaviour(streams, a_service_of_superd_conf_prints_what_it_likes)
{
	struct superd *superd = start(shell("echo '<3>bad'"));

	wake();
	superd_wait_log(superd, "]: <3>bad");
}
