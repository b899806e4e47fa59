/* What operators can see and do through the control socket. */
#include <arpa/inet.h>

#include "controlling.h"
#include "load.h"
#include "notifying.h"
#include "superctl.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n"

#define BOTH "service web { listen = { %s } exec = \"%s\" }\n"
#define BOTH_FINISH "service web { listen = { %s } exec = \"%s\" on_remove = finish }\n"

#define expect_in(text, what) \
	do { \
		const char *in_ = (text); \
		cr_expect_not_null(strstr(in_, (what)), "no %s in %s", (what), in_); \
	} while (0)

static struct superd *run_web(const char *exec, const char *options)
{
	struct superd *superd = controlled_run(WEB, exec, options);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static struct superd *clock_run_web(const char *exec, const char *options)
{
	struct superd *superd = controlled_clock_run(WEB, exec, options);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

Behaviour(control, shows_a_service_that_never_ran)
{
	struct superd *superd = run_web(backend("serve"), "");
	const char *status = control_once("status web");

	cr_expect_str_eq(control_value(status, "state"), "listening");
	cr_expect_str_eq(control_value(status, "queue"), "0");
	cr_expect_str_eq(control_value(status, "activations"), "0");
	cr_expect_str_eq(control_value(status, "last_exit"), "null");
	expect_in(status, "\"instances\":[]");
	expect_in(status, "\"text\":\"listening on tcp:127.0.0.1:");
	cr_expect(control_is_done(status));
	superd_stop(superd);
}

Behaviour(control, shows_whose_connection_woke_it)
{
	struct superd *superd = run_web(backend("serve"), "idle_timeout = 1h");

	close(client_connect_from("127.0.0.5", superd_port(superd, "web")));
	WAIT_UNTIL(strstr(control_once("status web"), "\"by\":\"127.0.0.5\""));
	expect_in(why_of("web"), " by 127.0.0.5");
}

Behaviour(control, shows_what_runs_and_what_ran)
{
	struct superd *superd = run_web(backend("take 2"), "");
	const char *status;
	long pid = client_ask_pid(superd_port(superd, "web"));

	WAIT_UNTIL(strstr(control_once("status web"), "\"latency\":{\"count\":1,"));
	cr_expect_eq(client_ask_pid(superd_port(superd, "web")), pid);
	WAIT_UNTIL(strstr(control_once("status web"), "\"status\":0"));
	status = control_once("status web");
	cr_expect_str_eq(control_value(status, "activations"), "1");
	cr_expect_str_eq(control_value(status, "result"), "success");
	expect_in(status, text_of("started, pid %ld", pid));
	expect_in(status, "\"latency\":{\"count\":1,");
	expect_in(why_of("web"), ") with exit status 0, after ");
}

Behaviour(control, tells_how_long_a_client_waited_until_it_was_taken)
{
	struct superd *superd = run_web(text_of("/bin/sh -c 'sleep 0.4; exec %s'", backend("serve")), "");
	const char *status;

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(strstr(control_once("status web"), "\"latency\":{\"count\":1,"));
	status = strstr(control_once("status web"), "\"last_activation\"");
	cr_assert_not_null(status);
	cr_expect_geq(strtod(control_value(status, "latency"), NULL), 0.4, "%s", status);
}

Behaviour(control, counts_no_wait_that_had_no_end)
{
	struct superd *superd = run_web(backend("crash"), "backoff_min = 1h backoff_max = 1h");
	int client = client_connect(superd_port(superd, "web"));

	WAIT_UNTIL(strstr(control_once("status web"), "\"failures\":1"));
	cr_expect_not_null(strstr(control_once("status web"), "\"latency\":null"), "%s", control_once("status web"));
	close(client);
}

Behaviour(control, is_not_healthy_when_nobody_reaches_what_runs)
{
	const char *path = path_in("gone.sock");
	struct superd *superd = controlled_run("service web {\n listen = \"%s\"\n exec = \"%s\"\n}\n", path,
					       backend("serve"));

	superd_wait_log(superd, "web: listening on ");
	cr_assert(control_is_done(control_once("start web")));
	cr_expect_str_eq(control_value(control_once("health"), "healthy"), "true");
	unlink(path);
	WAIT_UNTIL(strstr(control_once("health"), "closed until its instance ends"));
	cr_assert(control_is_done(control_once("stop web")));
	WAIT_UNTIL(!strcmp(control_value(control_once("health"), "healthy"), "true"));
}

Behaviour(control, shows_each_client_of_an_accepting_service)
{
	struct superd *superd = run_web(backend("lines"), "accept = yes");
	int client = client_connect(superd_port(superd, "web"));
	const char *status;

	client_send(client, "hello\n");
	client_line(client);
	status = control_once("status web");
	cr_expect_str_eq(control_value(status, "peer"), "127.0.0.1");
	cr_expect_str_eq(control_value(status, "by"), "127.0.0.1");
	cr_expect_str_eq(control_value(status, "accepted"), "1");
	cr_expect(strtol(control_value(status, "memory"), NULL, 10) > 0, "%s", status);
	expect_in(control_once("list"), "\"instances\":1");
	close(client);
	WAIT_UNTIL(strstr(control_once("list"), "\"instances\":0"));
}

Behaviour(control, tells_names_by_pattern_and_what_was_meant)
{
	struct superd *superd = controlled_run("service web-a { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
					       "service web-b { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
					       "service mail { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					       backend("serve"), backend("serve"), backend("serve"));
	const char *answer = control_once("list 'web-*'");

	expect_in(answer, "web-a");
	expect_in(answer, "web-b");
	cr_expect_null(strstr(answer, "mail"));
	answer = control_once("list mail web-a mail");
	cr_expect_lt(strstr(answer, "\"mail\""), strstr(answer, "\"web-a\""));
	answer = control_once("stop mial");
	cr_expect_str_eq(control_value(answer, "code"), "unknown");
	expect_in(answer, "did you mean mail?");
	expect_in(control_once("status mail.socket"), "did you mean mail?");
	expect_in(control_once("restart mial.service"), "did you mean mail?");
	expect_in(control_once("start web"), "did you mean web-a?");
	cr_expect_null(strstr(control_once("start we"), "did you mean web-a?"));
	cr_expect_str_eq(control_value(control_once("status 'x*'"), "code"), "unknown");
	cr_expect_str_eq(control_value(control_once("stop"), "code"), "usage");
	answer = control_once("statsu");
	cr_expect_str_eq(control_value(answer, "code"), "usage");
	expect_in(answer, "did you mean status?");
	cr_expect_str_eq(control_value(control_once("list --check"), "code"), "usage");
	superd_stop(superd);
}

Behaviour(control, tells_a_row_and_where_it_was_written)
{
	struct superd *superd = run_web(backend("serve"), "umask = 027");
	const char *answer = control_once("show web");

	expect_in(answer, "\"umask\":");
	expect_in(answer, text_of("\"umask\":\"%s:4\"", superd->table));
}

Behaviour(control, starts_without_a_client_and_stops)
{
	struct superd *superd = run_web(backend("serve"), "");
	int port = superd_port(superd, "web");
	long pid;

	cr_expect(control_is_done(control_once("start web")));
	pid = client_ask_pid(port);
	expect_in(superctl_order("start web"), text_of("it runs already, pid %ld", pid));
	expect_in(superctl_order("stop web"), "the next client starts it again");
	cr_expect_not(process_lives((pid_t)pid));
	cr_expect_str_eq(control_value(control_once("status web"), "signal"), "TERM");
	cr_expect_neq(client_ask_pid(port), pid);
}

Behaviour(control, tells_why_a_start_has_failed)
{
	struct superd *superd = controlled_run("service web { listen = \"127.0.0.1:0\" type = notify exec = \"%s\" "
					       "backoff_min = 1h backoff_max = 1h }\n", backend("exit 3"));
	const char *answer = control_once("start web");

	cr_expect_str_eq(control_value(answer, "ok"), "false");
	cr_expect_str_eq(control_value(strstr(answer, "{\"error\""), "code"), "failed");
	expect_in(why_of("web"), "it tries again in ");
	cr_expect_str_eq(control_value(control_once("health"), "healthy"), "false");
	superd_stop(superd);
}

Behaviour(control, a_stopped_service_without_a_socket_stays_stopped)
{
	struct superd *superd = controlled_run("service job { start = boot exec = \"%s\" }\n", backend("sleep 1000"));

	superd_wait_log(superd, "job: started, pid ");
	expect_in(superctl_order("stop job"), "stopped, until it is started again");
	cr_assert(superd_reload(superd, "service job { start = boot exec = \"%s\" umask = 077 }\n",
				backend("sleep 1000")));
	cr_expect_str_eq(control_value(control_once("status job"), "state"), "listening");
	expect_in(superctl_order("start job"), "started, pid ");
}

/* Nor is it started again, as none of its ends brings that about. */
Behaviour(control, what_is_started_by_order_alone_waits_for_it)
{
	const char *beats = path_in("beats");
	struct superd *superd = controlled_run("service job { start = manual exec = \"%s\" }\n"
					       "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					       backend("-m %s exit 0", beats), backend("serve"));

	client_ask_pid(superd_port(superd, "other"));
	cr_assert_neq(access(beats, F_OK), 0, "it was started at boot");
	for (size_t n = 1; n < 3; n++) {
		expect_in(superctl_order("start job"), "it was started, and has ended: exit status 0");
		WAIT_UNTIL(superd_log_count(superd, "job: pid ") == n);
	}
	client_ask_pid(superd_port(superd, "other"));
	superd_expect_count(superd, "job: started", 2);
}

Behaviour(control, an_ended_wait_leaves_what_was_begun_under_way)
{
	struct superd *superd = clock_run_web(backend("hang"), "timeout_stop = 2h\nkill_signal = SIGWINCH");
	int operator = control_connect();
	const char *answer;

	cr_assert(control_is_done(control_once("start web")));
	client_send(operator, "stop --timeout=10min web\n");
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect(client_is_quiet(operator, 0));
	clock_advance(superd, 2 * MINUTE_MS);
	answer = client_line(operator);
	cr_expect_str_eq(control_value(answer, "code"), "failed");
	expect_in(answer, "under way: web");
	cr_expect_str_eq(control_value(control_once("status web"), "state"), "stopping");
	cr_expect(control_is_done(control_once("stop --no-wait web")));
	close(operator);
	clock_stop(superd, 2 * HOUR_MS);
}

Behaviour(control, holds_clients_and_releases_them)
{
	struct superd *superd = clock_run_web(backend("serve"), "");
	int port = superd_port(superd, "web"), client;

	cr_assert(control_is_done(control_once("hold web")));
	client = client_connect(port);
	client_send(client, "who\n");
	cr_expect(clock_is_quiet(superd, client));
	cr_expect_str_eq(control_value(control_once("status web"), "state"), "held");
	cr_expect_str_eq(control_value(control_once("status web"), "queue"), "1");
	expect_in(why_of("web"), "1 client waits in its queue");
	cr_assert(superd_reload(superd, WEB, backend("serve"), "umask = 077"));
	cr_expect(clock_is_quiet(superd, client), "a reload has released it");
	expect_in(superctl_order("start web"), "it is held");
	cr_assert(control_is_done(control_once("release web")));
	expect_in(client_line(client), " who");
	close(client);
}

Behaviour(control, disables_until_it_is_enabled)
{
	struct superd *superd = run_web(backend("serve"), "");
	int port = free_port();

	cr_assert(superd_reload(superd, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
				backend("serve")));
	client_ask_pid(port);
	cr_assert(control_is_done(control_once("disable web")));
	client_wait_refused(port);
	cr_expect_str_eq(control_value(control_once("status web"), "enabled"), "false");
	cr_assert(superd_reload(superd, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" umask = 077 }\n", port,
				backend("serve")));
	cr_expect_not(client_can_connect(port), "a reload has enabled it");
	expect_in(superctl_order("restart web"), "it is disabled");
	cr_assert(control_is_done(control_once("enable web")));
	client_ask_pid(port);
}

Behaviour(control, releases_what_is_disabled)
{
	struct superd *superd = controlled_run(WEB, backend("serve"), "");

	cr_assert(control_is_done(control_once("hold web")));
	cr_assert(control_is_done(control_once("disable web")));
	expect_in(superctl_order("release web"), "released");
	cr_assert(control_is_done(control_once("enable web")));
	cr_expect_str_eq(control_value(control_once("status web"), "state"), "listening");
	superd_stop(superd);
}

Behaviour(control, lets_a_disabled_service_with_other_sockets_be_enabled)
{
	struct superd *superd = run_web(backend("serve"), "on_remove = stop");
	int port = free_port();

	client_ask_pid(superd_port(superd, "web"));
	cr_assert(control_is_done(control_once("disable --no-wait web")));
	cr_assert(superd_reload(superd, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", port,
				backend("serve")));
	cr_assert(control_is_done(control_once("enable web")));
	client_ask_pid(port);
	cr_expect_not(superd_logged(superd, "this is a bug"));
}

Behaviour(control, refuses_what_its_table_disables)
{
	struct superd *superd = controlled_run(WEB, backend("serve"), "disable = yes");
	const char *answer = control_once("start web");

	cr_expect_str_eq(control_value(answer, "ok"), "false");
	expect_in(superctl_order("start web"),
		  text_of("web: the configuration has disable = yes (%s:4): change it there", superd->table));
	expect_in(why_of("web"), "the configuration has disable = yes");
	cr_expect_str_eq(control_value(control_once("list"), "state"), "off");
}

Behaviour(control, tells_of_the_commands_before_a_program)
{
	struct superd *superd = run_web(backend("serve"), "exec_start_pre = { \"/bin/sleep 1000\" }");

	cr_assert(control_is_done(control_once("start --no-wait web")));
	expect_in(why_of("web"), "the commands before its program run");
	expect_in(control_once("status web"), "\"pid\":null");
	cr_assert(control_is_done(control_once("stop web")));
	superd_stop(superd);
}

Behaviour(control, tells_of_no_clients_where_there_is_no_socket)
{
	struct superd *superd = controlled_run("service job { start = boot exec = \"/bin/sleep 1000\" }\n");

	superd_wait_log(superd, "job: started, pid ");
	expect_in(why_of("job"), " runs, and has no socket to serve");
}

Behaviour(control, waits_for_the_commands_before_a_start_when_it_restarts)
{
	struct superd *superd = run_web(backend("serve"), "exec_start_pre = { \"/bin/sleep 0.1\" }");

	cr_assert(control_is_done(control_once("start web")));
	expect_in(superctl_order("restart web"), "web: started, pid ");
	cr_expect_str_eq(control_value(control_once("list"), "state"), "running");
	superd_stop(superd);
}

Behaviour(control, drains_before_it_goes_on)
{
	struct superd *superd = clock_run_web(backend("lines"), "accept = yes");
	int port = superd_port(superd, "web"), first = client_connect(port), second, operator;

	client_send(first, "one\n");
	client_line(first);
	operator = control_connect();
	client_send(operator, "drain web\n");
	WAIT_UNTIL(strstr(why_of("web"), "it drains"));
	second = client_connect(port);
	client_send(second, "two\n");
	cr_expect(clock_is_quiet(superd, second));
	close(first);
	expect_in(client_line(second), " two");
	expect_in(client_line(operator), "\"result\":\"drained\"");
	close(second);
	close(operator);
}

/* Its program has the socket until its signal, so it serves who comes meanwhile, too. */
Behaviour(control, drains_a_backend_that_has_the_socket)
{
	struct superd *superd = clock_run_web(backend("talk"), "timeout_stop = 10h");
	int port = superd_port(superd, "web"), first = client_connect(port), second;
	pid_t pid;

	client_send(first, "one\n");
	pid = (pid_t)strtol(client_line(first), NULL, 10);
	cr_expect(control_is_done(control_once("drain --no-wait web")));
	second = client_connect(port);
	client_send(second, "two\n");
	expect_in(client_line(second), text_of("%ld two", (long)pid));
	close(first);
	clock_advance(superd, HOUR_MS);
	cr_expect_not(superd_logged(superd, "it is drained"), "it has a client still");
	client_send(second, "three\n");
	expect_in(client_line(second), text_of("%ld three", (long)pid));
	close(second);
	CLOCK_UNTIL(superd, SECOND_MS, 20, superd_logged(superd, "it is drained"));
	WAIT_UNTIL(!strcmp(control_value(control_once("status web"), "held"), "false"));
	cr_expect_neq(client_ask_pid(port), pid);
}

Behaviour(control, sends_the_lines_of_the_last_time)
{
	struct superd *superd = clock_run_web(backend("talk"), "");
	const char *answer;

	superd_port(superd, "web");
	cr_assert(control_is_done(control_once("hold web")));
	clock_advance(superd, HOUR_MS);
	cr_assert(control_is_done(control_once("release web")));
	answer = SUPERCTL(control_path(), "log", "--since=10min").out;
	expect_in(answer, "requested: release");
	cr_expect_null(strstr(answer, "requested: hold"), "%s", answer);
	expect_in(SUPERCTL(control_path(), "log", "--since=2h").out, "requested: hold");
}

Behaviour(control, drains_what_is_held_and_holds_it_further)
{
	struct superd *superd = clock_run_web(backend("talk"), "timeout_stop = 10h");
	int port = superd_port(superd, "web"), first = client_connect(port), second, operator;
	const char *answer;

	client_send(first, "one\n");
	client_line(first);
	cr_assert(control_is_done(control_once("hold web")));
	operator = control_connect();
	client_send(operator, "drain web\n");
	WAIT_UNTIL(strstr(why_of("web"), "it drains"));
	cr_expect(clock_is_quiet(superd, operator), "it has a client still");
	client_send(first, "three\n");
	expect_in(client_line(first), " three");
	close(first);
	CLOCK_UNTIL(superd, SECOND_MS, 20, superd_logged(superd, "it is drained"));
	answer = client_line(operator);
	cr_expect_str_eq(control_value(answer, "result"), "drained");
	cr_expect_str_eq(control_value(answer, "held"), "true");
	second = client_connect(port);
	client_send(second, "two\n");
	cr_expect(clock_is_quiet(superd, second), "it is held further");
	cr_assert(control_is_done(control_once("release web")));
	expect_in(client_line(second), " two");
	close(second);
	close(operator);
}

Behaviour(control, goes_on_draining_when_nobody_waits_for_it)
{
	struct superd *superd = clock_run_web(backend("lines"), "accept = yes");
	int port = superd_port(superd, "web"), first = client_connect(port), operator;

	client_send(first, "one\n");
	client_line(first);
	operator = control_connect();
	client_send(operator, "drain web\n");
	WAIT_UNTIL(strstr(why_of("web"), "it drains"));
	close(operator);
	clock_advance(superd, HOUR_MS);
	cr_expect_not_null(strstr(why_of("web"), "it drains"));
	close(first);
	WAIT_UNTIL(!strcmp(control_value(control_once("status web"), "held"), "false"));
}

Behaviour(control, reloads_and_tells_what_became_of_each)
{
	int taken = free_port(), holder = listen_on(taken);
	struct superd *superd = run_web(backend("serve"), "");
	const char *answer;

	write_file("superd.conf", "service web { listen = \"127.0.0.1:0\" exec = \"%s\" umask = 077 }\n"
				  "service more { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
				  "service late { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n",
		   backend("serve"), backend("serve"), taken, backend("serve"));
	answer = control_once("reload");
	expect_in(answer, "\"service\":\"web\",\"result\":\"changed\"");
	expect_in(answer, "\"service\":\"more\",\"result\":\"added\"");
	expect_in(answer, "\"service\":\"late\",\"result\":\"failed\"");
	expect_in(answer, "Address already in use");
	cr_expect_str_eq(control_value(answer, "unchanged"), "0");
	cr_expect_not(control_is_done(answer));
	expect_in(control_once("health"), "late: cannot listen on ");
	close(holder);
	WAIT_UNTIL(strstr(control_once("health"), "\"healthy\":true"));
	write_file("superd.conf", "service more { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("serve"));
	answer = control_once("reload");
	expect_in(answer, "\"service\":\"web\",\"result\":\"removed\"");
	expect_in(answer, "\"unchanged\":1,\"changed\":0,\"added\":0,\"removed\":2,\"failed\":0");
	cr_expect(control_is_done(answer));
	superd_stop(superd);
}

Behaviour(control, a_reload_with_an_error_tells_where_and_changes_nothing)
{
	struct superd *superd = run_web(backend("serve"), "");
	const char *answer;

	write_file("superd.conf", "service web {\n listen = \"127.0.0.1:0\"\n exce = \"/bin/cat\"\n}\n");
	answer = control_once("reload");
	cr_expect_str_eq(control_value(answer, "line"), "3");
	cr_expect_str_eq(control_value(answer, "severity"), "error");
	expect_in(answer, "\"hint\":\"did you mean");
	expect_in(answer, "\"error\":\"not reloaded: ");
	client_ask_pid(superd_port(superd, "web"));
}

/* Unless the table is read before superd comes to stop. */
Behaviour(control, a_reload_that_comes_to_nothing_since_superd_stops_says_so)
{
	enum { ROWS = 20000 };
	static char table[ROWS * 80];
	struct superd *superd = run_web(backend("hang"), "timeout_stop = 1h");
	int client = client_connect(superd_port(superd, "web")), fd = control_connect();
	size_t length = 0;
	const char *end;

	superd_wait_log(superd, "web: started, pid ");
	for (int n = 0; n < ROWS; n++)
		length += (size_t)snprintf(table + length, sizeof(table) - length,
					   "service s%d { disable = yes listen = \"80\" exec = /bin/true }\n", n);
	write_file("superd.conf", "%s", table);
	client_send(fd, "reload\n");
	superd_wait_log(superd, " requested: ");
	superd_signal(superd, SIGTERM);
	do
		end = client_line(fd);
	while (!strstr(end, "\"done\":") && !strstr(end, "\"error\":"));
	cr_expect(strstr(end, "not reloaded: superd is stopping") || strstr(end, "\"done\":"), "%s", end);
	close(fd);
	close(client);
	superd_wait_log(superd, ": stopping\n");        /* two signals before superd looks are one */
	superd_signal(superd, SIGTERM);
	superd_wait_exit(superd);
}

Behaviour(control, has_a_backend_read_its_configuration_again)
{
	const char *note = path_in("note");
	struct superd *superd = run_web(backend("serve"),
					text_of("exec_reload = { \"/bin/sh -c 'echo $MAINPID > %s'\" }", note));
	const char *answer = control_once("reload web");
	long pid;

	expect_in(superctl_order("reload web"), "web: it does not run: its next start reads its configuration ");
	cr_expect(control_is_done(answer), "%s", answer);
	pid = client_ask_pid(superd_port(superd, "web"));
	answer = control_once("reload web");
	cr_expect(control_is_done(answer), "%s", answer);
	expect_in(answer, text_of("the reload command ended well (pid %ld)", pid));
	cr_expect_eq(strtol(read_text(note), NULL, 10), pid);
	cr_expect_eq(client_ask_pid(superd_port(superd, "web")), pid);
}

Behaviour(control, tells_of_a_configuration_that_could_not_be_read_again)
{
	controlled_run("service a { listen = \"127.0.0.1:0\" exec = \"%s\" "
		       "exec_reload = { \"/bin/sh -c 'echo first; echo no such page >&2; exit 3'\" } }\n"
		       "service b { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
		       backend("serve"), backend("serve"));
	cr_assert(control_is_done(control_once("start a b")));
	/* What it said last comes by way of superd-output, on a busy machine too late for the first answer. */
	WAIT_UNTIL(strstr(control_once("reload a"),
			  "exec_reload has failed: exit-code (exit status 3): no such page\""));
	expect_in(superctl_order("reload b"), "it has no exec_reload");
}

/* As a job of cron does it every night. */
Behaviour(control, reloads_all_where_nothing_runs)
{
	struct superd *superd = controlled_run("service off { listen = \"127.0.0.1:0\" exec = \"%s\" disable = yes }\n"
					       "service asleep { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"
					       "service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" }\n",
					       backend("serve"), backend("serve"), backend("lines"));
	const char *answer;

	answer = control_once("reload *");
	cr_expect(control_is_done(answer), "%s", answer);
	cr_assert(control_is_done(control_once("disable asleep")));
	expect_in(superctl_order("reload off"), "off: it does not run: the configuration has disable = yes\n");
	expect_in(superctl_order("reload each"), "each: accept = yes: the next client's instance reads");
	answer = control_once("reload asleep");
	expect_in(answer, "\"result\":\"needs-no-refresh\"");
	cr_expect(control_is_done(answer), "%s", answer);
	superd_stop(superd);
}

Behaviour(control, a_list_has_commands_whole)
{
	struct superd *superd = controlled_run("service web { listen = \"127.0.0.1:0\" argv0 = \"in.webd\" "
					       "exec = \"/bin/echo a b c d 'e f'\" }\n");

	expect_in(control_once("list"),
		  "\"exec\":[\"/bin/echo\",\"a\",\"b\",\"c\",\"d\",\"e f\"],\"argv0\":\"in.webd\"");
	expect_in(control_once("status web"), "\"argv0\":\"in.webd\"");
	superd_stop(superd);
}

Behaviour(control, streams_events_as_they_are_logged)
{
	struct superd *superd = clock_run_web(backend("take 1"), "");
	int all = control_connect(), some = control_connect();
	const char *line;

	client_send(all, "log --lines=0 --follow w*\n");
	client_send(some, "log --lines=0 --follow mai?\n");
	cr_assert(control_is_done(control_once("list")), "both are heard by now");
	expect_in(control_once("log --lines=0 --follow wbe"), "did you mean web?");
	client_ask_pid(superd_port(superd, "web"));
	line = client_line(all);
	cr_expect_str_eq(control_value(line, "event"), "started");
	cr_expect_str_eq(control_value(line, "service"), "web");
	cr_expect_str_eq(control_value(line, "level"), "info");
	line = client_line(all);
	cr_expect_str_eq(control_value(line, "event"), "exited");
	cr_expect(clock_is_quiet(superd, some));
	close(all);
	close(some);
}

Behaviour(control, follows_deeper_than_the_log_does)
{
	struct superd *superd = run_web(backend("take 1"), "");
	int follower = control_connect();

	client_send(follower, "log --lines=0 --follow --level=debug\n");
	cr_assert(control_is_done(control_once("list")));
	client_ask_pid(superd_port(superd, "web"));
	while (!strstr(client_line(follower), "\"event\":\"transition\""))
		;
	cr_expect_not(superd_logged(superd, "--activity-->"));
	close(follower);
}

Behaviour(control, ends_superd)
{
	struct superd *superd = run_web(backend("serve"), "");
	int fd = control_connect();

	client_ask_pid(superd_port(superd, "web"));
	client_send(fd, "shutdown\n");
	cr_expect_str_eq(client_line(fd), "{\"done\":true}");
	cr_expect(client_sees_end(fd));
	cr_expect_eq(superd_wait_exit(superd), 0);
	cr_expect_neq(access(control_path(), F_OK), 0, "its socket is left");
	close(fd);
}

Behaviour(control, answers_of_ten_thousand_services_without_holding_the_loop)
{
	const char *table = "service web { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\" }\n";
	char *all = malloc(1 << 20);
	struct superd *superd;
	size_t length = 0, count = 0;
	int fd, port;

	cr_assert_not_null(all);
	for (int n = 0; n < 10000; n++)
		length += (size_t)snprintf(all + length, (1 << 20) - length,
					   "service s%d { exec = \"/bin/cat\" listen = \"@ctl-%d-%d\" }\n",
					   n, (int)getpid(), n);
	superd = controlled_run("%s%s", table, all);
	free(all);
	superd_wait_log(superd, "s9999: listening on ");
	port = superd_port(superd, "web");
	fd = control_connect();
	client_send(fd, "list\n");
	close(client_connect(port));            /* it is served in between */
	while (!strstr(client_line(fd), "\"done\""))
		count++;
	cr_expect_eq(count, 10001);
	close(fd);
}

Behaviour(control, waits_for_the_word_of_a_backend_that_tells_when_it_has_reloaded)
{
	const char *exec = notifier("'handle 1' 'say READY=1'");
	struct superd *superd = run_web(exec, text_of("type = notify-reload\n user = \"%s\"\n", own_user()));
	const char *answer = control_once("start web");
	long pid;

	cr_assert(control_is_done(answer), "%s", answer);
	pid = strtol(control_value(control_once("status web"), "pid"), NULL, 10);
	answer = control_once("reload web");
	cr_expect(control_is_done(answer), "%s", answer);
	superd_wait_log(superd, text_of("pid %ld has reloaded", pid));
	superd_wait_log(superd, text_of("pid %ld has read its configuration again", pid));
}

Behaviour(control, to_disable_waits_for_no_client)
{
	struct superd *superd =
		controlled_run("service cat {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"/bin/cat\"\n}\n");
	int client = client_connect(superd_port(superd, "cat"));

	superd_wait_log(superd, "cat: started, pid");
	cr_expect(control_is_done(control_once("disable cat")));
	cr_expect_not(client_can_connect(superd_port(superd, "cat")));
	close(client);
}
