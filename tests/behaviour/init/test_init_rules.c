/* What superd owes as PID 1 of a container, a rule a test: whom it reaps, which signals it hears and passes on, and
 * with what status it ends. test_init_stop.c has how it ends, test_init_surroundings.c what it does without and what
 * it is given, test_init_terminal.c what takes a terminal. */
#include "harness.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n"
#define NEED_NAMESPACES SKIP_WITHOUT(namespace_allowed(), "no namespaces here")

static const char *orphan(const char *words)
{
	return text_of("%s/orphan %s", getenv("SUPERD_TESTDIR"), words);
}

static struct superd *run_as_init(const char *const *arguments, const char *table)
{
	const struct setup setup = { .pid1 = true, .arguments = arguments };

	return superd_run_with(&setup, "%s", table);
}

static const char *web(const char *command, const char *options)
{
	return text_of(WEB, command, options);
}

Behaviour(rules, a_thousand_children_that_die_at_once_are_reaped)
{
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_as_init(NULL, web(orphan("burst 1000"), ""));
	client_ask(superd_port(superd, "web"), "");
	WAIT_UNTIL(superd_processes(superd) == 1);
	client_ask(superd_port(superd, "web"), "");
}

Behaviour(rules, every_signal_to_stop_is_heard)
{
	const int orders[] = { SIGTERM, SIGINT, SIGPWR, SIGRTMIN + 3, SIGQUIT };

	NEED_NAMESPACES;
	for (size_t n = 0; n < sizeof(orders) / sizeof(*orders); n++) {
		struct superd *superd = run_as_init(NULL, web(backend("take 1"), "start = boot"));

		superd_port(superd, "web");
		superd_signal(superd, orders[n]);
		cr_assert_eq(superd_wait_exit(superd), 0, "signal %d\n%s", orders[n], world_logs());
		cr_assert(superd_logged(superd, "superd: stopping"), "signal %d", orders[n]);
	}
}

/* From when on the kernel keeps a signal for process 1, which may be superd or its guard. */
static void order_at_once(void)
{
	const char *const arguments[] = { "-f", "superd:-", NULL };
	const char *table;
	struct setup setup = { .pid1 = true, .without_table = true, .arguments = arguments };
	struct superd *superd;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	setup.in = ends[0];
	superd = superd_run_with(&setup, "%s", "");
	close(ends[0]);
	WAIT_UNTIL(process_blocks(superd->pid, SIGTERM));
	superd_signal(superd, SIGTERM);
	table = web(backend("take 1"), "user = root");
	cr_assert_eq(write(ends[1], table, strlen(table)), (ssize_t)strlen(table));
	close(ends[1]);
	cr_assert_eq(superd_wait_exit(superd), 0, "%s", world_logs());
}

Behaviour(rules, an_order_to_stop_is_not_lost_while_the_table_is_read)
{
	NEED_NAMESPACES;
	for (int n = 0; n < 8; n++)     /* the moment in which it was lost is short */
		order_at_once();
}

Behaviour(rules, other_signals_do_no_harm_and_come_through_in_any_number)
{
	const int others[] = { SIGALRM,  SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU,
			       SIGWINCH, SIGCONT, SIGPIPE, SIGIO,   SIGRTMIN };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_as_init(NULL, web(backend("serve"), ""));
	client_ask(superd_port(superd, "web"), "hello\n");
	for (int round = 0; round < 50; round++) {
		for (size_t n = 0; n < sizeof(others) / sizeof(*others); n++)
			superd_signal(superd, others[n] == SIGUSR2 ? SIGUSR1 : others[n]);
	}
	client_ask(superd_port(superd, "web"), "hello\n");
}

#define HANGS "service hangs {\n listen = \"127.0.0.1:0\"\n start = boot\n timeout_stop = 1h\n " \
	"exec = { \"/bin/sh\", \"-c\", \"trap '' TERM; echo deaf now; sleep 1000\" }\n}\n"

static int status_with(const char *const *arguments, const char *program, const char *options)
{
	return superd_wait_exit(run_as_init(arguments, text_of("service web {\n listen = \"127.0.0.1:0\"\n "
							       "exec = { \"/bin/sh\", \"-c\", \"%s\" }\n %s\n}\n",
							       program, options)));
}

Behaviour(rules, on_failure_exit_ends_with_the_services_status)
{
	const char *const command[] = { "--", "/bin/sh", "-c",
					"trap 'exit 0' TERM; while :; do sleep 0.05; done", NULL };
	const char *options = "start = boot\n on_failure = exit";

	NEED_NAMESPACES;
	cr_assert_eq(status_with(NULL, "exit 3", options), 3);
	cr_assert_eq(status_with(NULL, "kill -9 $$", options), 128 + SIGKILL);
	cr_assert_eq(status_with(command, "exit 3", options), 3, "the main command's 0 is not why it ends\n%s",
		     world_logs());
}

Behaviour(rules, on_failure_exit_counts_while_another_service_is_stopping)
{
	const char *flag = path_in("flag");
	const char *fails = text_of(
		"service fails {\n listen = \"127.0.0.1:0\"\n start = boot\n on_failure = exit\n"
		" exec = { \"/bin/sh\", \"-c\", \"while ! test -e %s; do sleep 0.05; done; exit 4\" }\n}\n",
		flag);
	static const char *const arguments[] = { "--stop-timeout", "1s", NULL };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_as_init(arguments, text_of("%s" HANGS, fails));
	superd_wait_log(superd, "deaf now");
	cr_assert(superd_reload(superd, "%s", fails));          /* a service that is taken out is told to stop */
	write_file("flag", "%s", "");
	cr_assert_eq(superd_wait_exit(superd), 4, "%s", world_logs());
}

Behaviour(rules, a_main_command_that_cannot_be_run_is_126_or_127)
{
	const char *missing[] = { "--", "/nowhere/at/all", NULL }, *plain[] = { "--", path_in("plain"), NULL };

	NEED_NAMESPACES;
	write_file("plain", "%s", "no program");
	cr_assert_eq(superd_wait_exit(run_as_init(missing, web(backend("serve"), "start = boot"))), 127);
	cr_assert_eq(superd_wait_exit(run_as_init(plain, web(backend("serve"), "start = boot"))), 126);
}

Behaviour(rules, a_table_with_an_error_is_no_success)
{
	NEED_NAMESPACES;
	cr_assert_eq(superd_wait_exit(run_as_init(NULL, "service web { listen = }\n")), 1, "%s", world_logs());
}

/* What superd itself has no use for reaches the main command, and what it has where that handles it. */
Behaviour(rules, signals_are_passed_on_to_the_main_command)
{
	const struct {
		int number;
		const char *name;
	} signals[] = { { SIGTSTP, "TSTP" }, { SIGCONT, "CONT" }, { SIGWINCH, "WINCH" }, { SIGUSR1, "USR1" },
			{ SIGHUP, "HUP" }, { SIGQUIT, "QUIT" }, { SIGRTMIN + 5, "RTMIN+5" }, { SIGALRM, "ALRM" },
			{ SIGURG, "URG" } };
	const char *script = "for s in TSTP CONT WINCH USR1 HUP QUIT RTMIN+5 ALRM URG; do "
			     "trap \"echo got $s\" $s; done; "
			     "trap 'exit 6' TERM; echo main is ready; while :; do sleep 0.02; done";
	const char *const arguments[] = { "--", "/bin/bash", "-c", script, NULL };
	struct superd *superd;

	NEED_NAMESPACES;
	SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "bash is not installed");
	superd = run_as_init(arguments, web(backend("serve"), ""));
	superd_wait_log(superd, "main is ready");
	for (size_t n = 0; n < sizeof(signals) / sizeof(*signals); n++) {
		superd_signal(superd, signals[n].number);
		superd_wait_log(superd, text_of("got %s", signals[n].name));
	}
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 6, "%s", world_logs());
}

Behaviour(rules, a_broken_pipe_of_superds_own_is_none_of_the_main_commands)
{
	const char *heard = path_in("heard");
	const char *script = text_of("for s in WINCH PIPE; do trap \"echo got $s >>%s\" $s; done; "
				     "echo ready >>%s; while :; do sleep 0.02; done", heard, heard);
	const char *const arguments[] = { "--", "/bin/bash", "-c", script, NULL };
	struct setup setup = { .arguments = arguments };
	struct superd *superd;
	int ends[2];

	SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "bash is not installed");
	cr_assert_eq(pipe(ends), 0);
	setup.err = ends[1];
	signal(SIGPIPE, SIG_DFL);
	superd = superd_run_with(&setup, "%s", web(backend("serve"), ""));
	signal(SIGPIPE, SIG_IGN);
	WAIT_UNTIL(access(heard, F_OK) == 0);
	close(ends[0]);
	close(ends[1]);
	for (int n = 1; n < 4; n++) {
		superd_signal(superd, SIGUSR1);         /* has superd write to its log */
		superd_signal(superd, SIGWINCH);
		WAIT_UNTIL(count_lines(heard) > (size_t)n);
	}
	cr_expect_null(strstr(read_text(heard), "PIPE"));
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGTERM);
}

Behaviour(rules, a_main_command_without_a_handler_outlives_what_is_superds)
{
	const char *const arguments[] = { "--", "/bin/sh", "-c", "echo main is ready; exec sleep 1000", NULL };
	struct superd *superd;

	NEED_NAMESPACES;
	superd = run_as_init(arguments, web(backend("serve"), ""));
	superd_wait_log(superd, "main is ready");
	superd_signal(superd, SIGUSR1);
	superd_signal(superd, SIGRTMIN + 5);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded: ");
	client_ask(superd_port(superd, "web"), "hello\n");
	cr_assert(!superd_logged(superd, "the main command has ended"), "%s", world_logs());
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGTERM, "%s", world_logs());
}
