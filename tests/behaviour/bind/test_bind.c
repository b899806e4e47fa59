/* pass = bind: a program that knows nothing of superd binds its own socket, and has superd's. */
#include <sched.h>

#include "binding.h"
#include "private.h"
#include "superctl.h"

#define LOCAL(port) text_of("\"127.0.0.1:%d\"", port)
#define LISTENS(port) text_of("tcp4 reuseaddr=1 bind=127.0.0.1:%d listen=64 serve=poll", port)

static void expect_why(const char *text)
{
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "why", "web").out, text));
}

/* ---- a start ---- */

BehaviourOfBind(bind, the_first_client_is_served)
{
	int port = free_port();
	struct superd *superd = bind_run(LOCAL(port), "", LISTENS(port));
	long pid;

	superd_wait_log(superd, "web: listening on ");
	pid = client_ask_pid(port);
	cr_expect_eq(client_ask_pid(port), pid);
	cr_expect_eq(superd_only_process(superd), pid);
	expect_why(text_of("it has bound tcp:127.0.0.1:%d\n", port));
}

BehaviourOfBind(bind, the_program_sees_the_address_that_it_bound)
{
	int port = free_port();
	struct superd *superd = bind_run(LOCAL(port), "", LISTENS(port));
	const char *details;

	superd_wait_log(superd, "web: listening on ");
	details = bind_details(port);
	bind_expect(details, text_of("name=127.0.0.1:%d", port));
	bind_expect(details, text_of("own=127.0.0.1:%d", port));
	bind_expect(details, "family=4");
}

static void expect_health(int status, const char *said)
{
	struct outcome outcome = SUPERCTL(control_path(), "health");

	cr_expect_eq(outcome.status == 0, status == 0, "%d", outcome.status);
	cr_expect_not_null(strstr(outcome.out, said), "no %s in %s", said, outcome.out);
}

BehaviourOfBind(bind, a_program_that_binds_something_else_fails_in_time)
{
	int port = free_port(), other = free_port(), client;
	struct superd *superd = bind_clock_run(LOCAL(port), "timeout_start = 10min", LISTENS(other));
	const char *said = text_of("it has not bound tcp:127.0.0.1:%d; it requested tcp:127.0.0.1:%d", port, other);

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	superd_wait_log(superd, "web: started, pid ");
	expect_why(said);
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, "it was not ready"), "%s", world_logs());
	clock_advance(superd, 2 * MINUTE_MS);
	superd_wait_log(superd, text_of("it was not ready within timeout_start: %s", said));
	close(client);
}

BehaviourOfBind(bind, a_program_that_binds_something_else_is_told_of_before_it_fails)
{
	int port = free_port(), other = free_port(), client;
	struct superd *superd = bind_clock_run(LOCAL(port), "timeout_start = 1h", LISTENS(other));

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, MINUTE_MS);
	superd_wait_log(superd, text_of("it has not bound tcp:127.0.0.1:%d; it requested tcp:127.0.0.1:%d. superd "
					"still waits", port, other));
	expect_health(1, text_of("unhealthy: web: it has not bound tcp:127.0.0.1:%d; it requested ", port));
	bind_obey(other, text_of("tcp4 bind=127.0.0.1:%d listen=5", port));
	client_send(client, "?\n");
	bind_expect(client_line(client), text_of("name=127.0.0.1:%d", port));
	expect_health(0, "healthy");
	close(client);
}

BehaviourOfBind(bind, an_end_before_the_bind_is_a_failure)
{
	int port = free_port(), client;
	struct superd *superd = bind_run(LOCAL(port), "backoff_min = 1h\n backoff_max = 1h", "exit=0");

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	superd_wait_log(superd, "next start in ");
	expect_why("it ended with exit status 0");
	close(client);
}

/* Its last line says that the address is in use, in whatever words. */
static void expect_hint(const char *options, const char *command, bool hinted)
{
	static const char hint[] = "the program tried to open the port that superd holds: set pass = bind";
	int port = free_port(), client;
	struct superd *superd = controlled_run("service web {\n listen = \"127.0.0.1:%d\"\n backoff_min = 1h\n"
					       " backoff_max = 1h\n %s\n exec = \"%s\"\n}\n", port, options,
					       command);

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	superd_wait_log(superd, hinted ? hint : "next start in ");
	cr_expect_eq(!!strstr(SUPERCTL(control_path(), "why", "web").out, hint), hinted, "%s", command);
	cr_expect_eq(!!superd_logged(superd, hint), hinted, "%s", command);
	close(client);
	superd_stop(superd);
}

BehaviourOfBind(bind, a_program_that_finds_superd_at_its_port_is_told_of_pass_bind)
{
	expect_hint("", "/bin/sh -c 'echo bind: Address already in use >&2; exit 1'", true);
	expect_hint("", "/bin/sh -c 'echo PORT IN USE >&2; exit 1'", true);
	expect_hint("", "/bin/sh -c 'echo no such file >&2; exit 1'", false);
	expect_hint("pass = bind", "/bin/sh -c 'echo bind: Address already in use >&2; exit 1'", false);
}

/* A next instance runs by now, and may fail as the last one did: the reason and the cure stay in every view, until it
 * has run longer. */
BehaviourOfBind(bind, the_hint_stays_while_the_next_instance_runs)
{
	static const char hint[] =
		"exit status 1: the program tried to open the port that superd holds: set pass = bind";
	const char *fifo = path_in("fifo");
	struct superd *superd;
	int client, writer;

	cr_assert_eq(mkfifo(fifo, 0666), 0);
	superd = controlled_clock_run("service web {\n listen = \"127.0.0.1:0\"\n backoff_max = 1h\n"
				      " exec = \"/bin/sh -c 'read x < %s; echo PORT IN USE >&2; exit 1'\"\n}\n", fifo);
	client = client_connect(superd_port(superd, "web"));
	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, 10 * MINUTE_MS);
	writer = open(fifo, O_WRONLY | O_CLOEXEC);
	close(writer);
	superd_wait_log(superd, hint);
	CLOCK_UNTIL(superd, SECOND_MS, 20, superd_log_count(superd, "web: started, pid ") == 2);
	expect_why("exit status 1, after ");
	expect_why(hint + sizeof("exit status 1") - 1);
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "health", "web").out, hint));
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "list", "--failed").out, "web"));
	clock_advance(superd, 11 * MINUTE_MS);
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "health", "web").out, "healthy"));
	close(client);
}

/* The program binds the first of two sockets alone, of which the log says so after a minute. */
static void expect_second_missed(const char *options, const char *said)
{
	int one = free_port(), two = free_port();
	struct superd *superd =
		bind_clock_run(text_of("{ \"127.0.0.1:%d\", \"127.0.0.1:%d\" }", one, two), options, LISTENS(one));
	int client;

	superd_wait_log(superd, text_of("web: listening on tcp:127.0.0.1:%d", two));
	client = client_connect(two);
	superd_wait_log(superd, "web: started, pid ");
	clock_advance(superd, MINUTE_MS);
	superd_wait_log(superd, replaced(said, "TWO", text_of("it has not bound tcp:127.0.0.1:%d", two)));
	close(client);
	superd_stop(superd);
}

BehaviourOfBind(bind, all_of_its_sockets_are_asked_for)
{
	expect_second_missed("timeout_start = 30s", "it was not ready within timeout_start: TWO");
}

BehaviourOfBind(bind, a_program_that_binds_too_little_is_told_of_before_it_fails)
{
	expect_second_missed("timeout_start = 1h", "TWO. superd still waits");
}

BehaviourOfBind(bind, it_binds_closes_and_binds_again)
{
	int port = free_port();
	struct superd *superd = bind_run(LOCAL(port), "",
					 text_of("tcp4 bind=127.0.0.1:%d close tcp4 reuseaddr=1 bind=127.0.0.1:%d "
						 "listen=5 close tcp4 bind=127.0.0.1:%d listen=5 serve=poll",
						 port, port, port));
	long pid;

	superd_wait_log(superd, "web: listening on ");
	pid = client_ask_pid(port);
	bind_obey(port, text_of("close tcp4 bind=127.0.0.1:%d listen=5", port));
	cr_expect_eq(client_ask_pid(port), pid);
	superd_expect_count(superd, "web: started", 1);
}

/* As haproxy does: superd's socket listens already. */
BehaviourOfBind(bind, a_program_may_leave_its_listen_out)
{
	int port = free_port();
	struct superd *superd = bind_clock_run(LOCAL(port), "idle_timeout = 5min",
					       text_of("tcp4 bind=127.0.0.1:%d listen-if-needed=5 serve=poll", port));

	superd_wait_log(superd, "web: listening on ");
	for (int n = 0; n < 2; n++) {
		client_ask_pid(port);
		superd_wait_log(superd, "binder: it listens already");
		expect_why(text_of("it has bound tcp:127.0.0.1:%d", port));
		CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_processes(superd) == 0);
	}
}

/* ---- once more ---- */

BehaviourOfBind(bind, a_second_bind_of_a_socket_is_refused)
{
	int port = free_port();
	struct superd *superd =
		bind_run(LOCAL(port), "",
			 text_of("tcp4 bind=127.0.0.1:%d try-bind=127.0.0.1:%d listen=5 serve=poll", port, port));

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	superd_wait_log(superd, text_of("binder: bind=127.0.0.1:%d: Invalid argument", port));
}

/* ---- what stays of the program's socket ---- */

static const char *details_with(const char *before, const char *after)
{
	int port = free_port();
	struct superd *superd = bind_run(
		LOCAL(port), "", text_of("tcp4 %s bind=127.0.0.1:%d %s listen=5 serve=poll", before, port, after));
	const char *details;

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port); /* it connected before, so it has the table's options */
	details = bind_details(port);
	superd_stop(superd);
	return details;
}

BehaviourOfBind(bind, options_set_before_stay_behind)
{
	const char *details = details_with("nodelay=1 keepalive=1 linger=7", "");

	bind_expect(details, "nodelay=0");
	bind_expect(details, "keepalive=0");
	bind_expect(details, "linger=-1");
}

BehaviourOfBind(bind, options_not_set_are_the_kernels)
{
	const char *details = details_with("", "");

	bind_expect(details, "nodelay=0");
	bind_expect(details, "keepalive=0");
	bind_expect(details, "linger=-1");
	bind_expect(details, "defer=0");
}

BehaviourOfBind(bind, options_that_stay_behind_are_logged_by_name)
{
	int port = free_port();
	struct superd *superd = bind_run(
		LOCAL(port), "", text_of("tcp4 device=lo syncnt=2 bind=127.0.0.1:%d listen=5 serve=poll", port));

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	superd_wait_log(superd, text_of(" binds tcp:127.0.0.1:%d with options that superd does not carry over to its "
					"socket: SO_BINDTODEVICE, TCP_SYNCNT", port));
}

/* superd has them, and sets none for a program: the program asks for a socket in superd's network. */
BehaviourOfBind(bind, options_that_take_a_privilege_stay_behind)
{
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root, which may set SO_MARK");
	superd = bind_run(LOCAL(port), "", text_of("tcp4 fwmark=66 bind=127.0.0.1:%d listen=5 serve=poll", port));
	superd_wait_log(superd, "web: listening on ");
	bind_expect(bind_details(port), "fwmark=0");
	superd_wait_log(superd, "to its socket: SO_MARK");
}

/* Its program may not set the mark here, but there, where it is root, it may. */
BehaviourOfBind(bind, a_socket_of_another_network_is_bound_there)
{
	static const char *const options[] = { "start = boot", "start = boot private_mounts = yes" };

	SKIP_WITHOUT(geteuid() == 0, "needs root, and a network namespace of its own");
	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++) {
		int port = free_port();
		struct superd *superd =
			bind_run(LOCAL(port), options[n],
				 text_of("unshare=%#x tcp4 fwmark=66 bind=0.0.0.0:%d listen=5 say=READY=1 serve=poll",
					 CLONE_NEWNET, port));

		superd_wait_log(superd, "web: started");
		WAIT_UNTIL(strstr(why_of("web"), text_of("it has not bound tcp:127.0.0.1:%d", port)));
		superd_stop(superd);
	}
}

BehaviourOfBind(bind, whether_it_blocks_is_kept)
{
	bind_expect(details_with("", ""), "nonblock=0");
	bind_expect(details_with("nonblock", ""), "nonblock=1");
	bind_expect(details_with("", "nonblock"), "nonblock=1");
	bind_expect(details_with("nonblock", "block"), "nonblock=0");
}

BehaviourOfBind(bind, whether_it_closes_at_an_exec_is_kept)
{
	bind_expect(details_with("", ""), "cloexec=0");
	bind_expect(details_with("cloexec", ""), "cloexec=1");
	bind_expect(details_with("", "cloexec"), "cloexec=1");
}

/* A superd that opens no second socket at an address (as an ordinary user) goes on with the one that the program had.
 */
static struct superd *run_as_user(const char *text)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .uid = namespace_users() ? 65533 : 0 };

	return superd_run_with(&setup, "%s", text);
}

static const char *with_options(int port, const char *before, const char *after)
{
	return bind_table(LOCAL(port), "",
			  text_of("tcp4 %s bind=127.0.0.1:%d listen=5 %s serve=poll", before, port, after));
}

/* A client that says nothing starts the program none the less. */
BehaviourOfBind(bind, a_queue_that_waits_for_data_stays_behind)
{
	int port = free_port(), silent;
	struct superd *superd = run_as_user(with_options(port, "defer=30", ""));

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	cr_assert(control_is_done(control_once("stop web")));
	silent = client_connect(port);
	WAIT_UNTIL(superd_log_count(superd, "web: started") == 2);
	close(silent);
}

BehaviourOfBind(bind, a_short_backlog_leaves_superds_queue)
{
	int port = free_port();
	struct superd *superd =
		bind_run(LOCAL(port), "backlog = 50", text_of("tcp4 bind=127.0.0.1:%d listen=2 serve=poll", port));

	superd_wait_log(superd, "web: listening on ");
	bind_expect(bind_details(port), "backlog=50");
	bind_obey(port, "listen=3");
	bind_expect(bind_details(port), "backlog=50");
}

/* shutdown(2) takes the listener from superd, too: it opens another one. */
BehaviourOfBind(bind, a_listener_that_was_shut_down_comes_again)
{
	int port = free_port(), client;
	struct superd *superd =
		bind_run(LOCAL(port), "", text_of("tcp4 reuseaddr=1 bind=127.0.0.1:%d listen=5 serve=poll", port));

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	client = client_connect(port);
	client_send(client, "!shutdown exit=0\n");
	cr_expect(client_sees_end(client));
	close(client);
	WAIT_UNTIL(client_can_connect(port));
	client_ask_pid(port);
}

/* ---- other sockets ---- */

BehaviourOfBind(bind, a_socket_that_is_not_superds_is_the_programs)
{
	int port = free_port(), other = free_port();
	struct superd *superd = bind_run(LOCAL(port), "",
					 text_of("tcp4 bind=127.0.0.1:%d listen=5 tcp4 bind=127.0.0.1:%d listen=5 "
						 "tcp4 bind=127.0.0.1:0 listen=1 serve=poll",
						 other, port));

	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	bind_expect(bind_details(other), text_of("name=127.0.0.1:%d", other));
	cr_expect_not(superd_logged(superd, text_of("127.0.0.1:%d", other)));
}

BehaviourOfBind(bind, binds_says_what_a_program_binds_in_place)
{
	int port = free_port(), other = free_port();
	struct superd *superd = bind_run(LOCAL(port), text_of("binds = { \"127.0.0.1:%d\" }", other), LISTENS(other));

	superd_wait_log(superd, "web: listening on ");
	bind_expect(bind_details(port), text_of("name=127.0.0.1:%d", port));
	cr_expect_not(client_can_connect(other));
	expect_why(text_of("it asked for tcp:127.0.0.1:%d and got superd's socket tcp:127.0.0.1:%d", other, port));
}

BehaviourOfBind(bind, each_socket_has_a_binds_of_its_own)
{
	int ports[] = { free_port(), free_port() }, others[] = { free_port(), free_port() };
	struct superd *superd =
		controlled_run("service web {\n socket one { listen = \"127.0.0.1:%d\" binds = { \"127.0.0.1:%d\" } }\n"
			       " socket two { listen = \"127.0.0.1:%d\" binds = { \"127.0.0.1:%d\" } }\n pass = bind\n "
			       "error = inherit\n"
			       " exec = \"%s\"\n}\n",
			       ports[0], others[0], ports[1], others[1],
			       binder("tcp4 bind=127.0.0.1:%d listen=5 tcp4 bind=127.0.0.1:%d listen=5 serve=poll",
				      others[1], others[0]));

	superd_wait_log(superd, "web: listening on ");
	superd_wait_log(superd, "listening on ");
	for (int n = 0; n < 2; n++)
		bind_expect(bind_details(ports[n]), text_of("name=127.0.0.1:%d", ports[n]));
}

BehaviourOfBind(bind, a_port_below_1024_takes_no_privilege)
{
	struct superd *superd;

	SKIP_WITHOUT(namespace_users() && private_enter(), "needs root, and a build that every user can reach");
	superd = bind_run("\"127.0.0.1:80\"", "user = \"65533\"", LISTENS(80));
	superd_wait_log(superd, "web: listening on ");
	bind_expect(bind_details(80), "name=127.0.0.1:80");
}

/* ---- hardening ---- */

/* superd's filter is installed first, so the program's list need not allow that. */
BehaviourOfBind(bind, a_filter_of_the_table_may_deny_filters)
{
	static const char *const filters[] = { "{ \"@system-service\" }", "{ \"~@sandbox\", \"~@debug\" }" };

	SKIP_WITHOUT(geteuid() == 0 && strstr(SUPERD_ANSWER("--version").out, "libseccomp"),
		     "needs root and libseccomp");
	for (size_t n = 0; n < sizeof(filters) / sizeof(*filters); n++) {
		int port = free_port();
		struct superd *superd =
			bind_run(LOCAL(port), text_of("system_call_filter = %s", filters[n]), LISTENS(port));

		superd_wait_log(superd, "web: listening on ");
		client_ask_pid(port);
		superd_stop(superd);
	}
}

Behaviour(bind, a_service_without_a_socket_is_an_error)
{
	const char *table = write_file("faulty.conf", "service web {\n start = boot\n pass = bind\n exec = \"%s\"\n}\n",
				       binder("serve=poll"));
	struct outcome outcome = SUPERD_ANSWER("--check", "-f", table);

	cr_expect_neq(outcome.status, 0);
	cr_expect_not_null(strstr(outcome.err, text_of("%s:3:2: error: web: pass = bind needs a socket in listen",
						       table)), "%s", outcome.err);
}

/* ---- superd -l ---- */

BehaviourOfBind(bind, a_command_line_does_it_too)
{
	int port = free_port();
	const char *listens = text_of("bind=127.0.0.1:%d", port);
	const char *arguments[] = { "-l",
				    text_of("127.0.0.1:%d", port),
				    "--bind",
				    "--idle",
				    "5min",
				    "--",
				    text_of("%s/binder", getenv("SUPERD_TESTDIR")),
				    "tcp4",
				    listens,
				    "listen=5",
				    "serve=poll",
				    NULL };
	const struct setup setup = { .arguments = arguments, .without_table = true, .clock = true };
	struct superd *superd = superd_run_with(&setup, "%s", "");
	long first;

	WAIT_UNTIL(client_can_connect(port));
	first = client_ask_pid(port);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_processes(superd) == 0);
	cr_expect_neq(client_ask_pid(port), first);
}

static void expect_refused(const char *option, const char *text)
{
	struct outcome outcome = SUPERD_ANSWER("-l", "8080", "--bind", option, "--", "/bin/true");

	cr_expect_neq(outcome.status, 0);
	cr_expect_not_null(strstr(outcome.err, text), "%s", outcome.err);
}

Behaviour(bind, a_command_line_without_sense_is_refused)
{
	struct outcome outcome = SUPERD_ANSWER("--bind", "--check");

	expect_refused("--accept", "--bind and --accept exclude each other");
	expect_refused("--inetd", "--bind and --inetd exclude each other");
	cr_expect_neq(outcome.status, 0);
	cr_expect_not_null(strstr(outcome.err, "go with -l"), "%s", outcome.err);
}
