/* superd as PID 1: of a namespace of its own, with and without what a machine usually has, by root and by anybody.
 * And where it is not PID 1: orphans come to it all the same. The tests look in from outside. */
#include "harness.h"
#include "reading.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n"

static const struct setup as_init = { .pid1 = true };

Behaviour(init, as_pid_1_it_serves_and_stops)
{
	struct superd *superd;
	int port;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	superd = superd_run_with(&as_init, WEB, backend("take 1"), "");
	port = superd_port(superd, "web");
	client_ask(port, "hello\n");
	client_ask(port, "hello\n");
}

Behaviour(init, as_pid_1_it_reaps_strangers)
{
	struct superd *superd;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	superd = superd_run_with(&as_init, WEB, backend("orphans 20"), "");
	client_ask(superd_port(superd, "web"), "hello\n");
	WAIT_UNTIL(superd_processes(superd) == 1);
}

Behaviour(init, elsewhere_it_is_the_subreaper)
{
	struct superd *superd = superd_run(WEB, backend("orphans 20"), "");

	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(superd_processes(superd) == 1);
}

Behaviour(init, as_pid_1_it_ends_everybody_within_its_deadline)
{
	static const char *const arguments[] = { "--stop-timeout", "10min", NULL };
	const struct setup setup = { .clock = true, .pid1 = true, .arguments = arguments };
	struct superd *superd;
	int client;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	superd = superd_run_with(&setup,
				 WEB "service hangs { listen = \"127.0.0.1:0\" exec = \"%s\" timeout_stop = 1h }\n",
				 backend("escape"), "timeout_stop = 1h", backend("hang"));
	client_ask(superd_port(superd, "web"), "hello\n");
	client = client_connect(superd_port(superd, "hangs"));
	WAIT_UNTIL(superd_processes(superd) >= 3);
	superd_signal(superd, SIGTERM);
	superd_wait_log(superd, "superd: stopping\n");
	clock_advance(superd, 5 * MINUTE_MS);
	cr_assert_not(superd_has_ended(superd));
	for (int n = 0; n < 6; n++)     /* each step of its end begins behind the one before */
		clock_advance(superd, MINUTE_MS);
	superd_wait_exit(superd);
	close(client);
}

Behaviour(init, as_pid_1_it_leaves_the_moment_the_last_has_gone)
{
	static const char *const arguments[] = { "--stop-timeout", "10h", NULL };
	const struct setup setup = { .pid1 = true, .arguments = arguments };
	struct superd *superd;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	superd = superd_run_with(&setup, WEB, backend("children 0"), "timeout_stop = 1h");
	client_ask(superd_port(superd, "web"), "hello\n");
}

Behaviour(init, as_pid_1_its_status_is_the_main_commands)
{
	const char *const seven[] = { "--", "/bin/sh", "-c", "exit 7", NULL };
	const char *const killed[] = { "--", "/bin/sh", "-c", "kill -9 $$", NULL };
	const struct setup setups[] = { { .pid1 = true, .arguments = seven }, { .pid1 = true, .arguments = killed } };

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	cr_assert_eq(superd_wait_exit(superd_run_with(&setups[0], WEB, backend("serve"), "start = boot")), 7);
	cr_assert_eq(superd_wait_exit(superd_run_with(&setups[1], WEB, backend("serve"), "start = boot")),
		     128 + SIGKILL);
}

Behaviour(init, as_pid_1_it_passes_signals_on_to_the_main_command)
{
	const char *const arguments[] = {
		"--", "/bin/sh", "-c",
		"trap 'exit 5' TERM; trap 'echo one' USR1; echo ready; while :; do sleep 0.05; done", NULL
	};
	const struct setup setup = { .pid1 = true, .arguments = arguments };
	struct superd *superd;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	superd = superd_run_with(&setup, WEB, backend("serve"), "");
	superd_wait_log(superd, "ready");
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 5, "%s", world_logs());
}

Behaviour(init, it_works_with_next_to_nothing_around_it)
{
	const struct setup setup = { .pid1 = true, .bare = true };
	struct superd *superd;
	int port;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	SKIP_WITHOUT(!running_sanitized(), "sanitizers need /proc");
	superd = superd_run_with(
		&setup, WEB "service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" user = \"0\" }\n",
		backend("take 1"), "", backend("stdio"));
	port = superd_port(superd, "web");
	client_ask(port, "hello\n");
	client_ask(port, "hello\n");
	client_ask(superd_port(superd, "each"), "hello\n");
}

Behaviour(init, it_needs_no_passwd_entry_and_no_privilege)
{
	const struct setup setup = { .uid = 54321 };
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run_with(&setup, WEB, backend("take 1"), "");
	client_ask_pid(superd_port(superd, "web"));
	client_ask_pid(superd_port(superd, "web"));
}

Behaviour(init, an_unprivileged_superd_refuses_what_it_cannot_do)
{
	const struct setup setup = { .uid = 54321 };
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run_with(&setup, WEB, backend("take 1"), "user = \"root\"");
	cr_assert_eq(superd_wait_exit(superd), 1, "%s", world_logs());
	cr_assert_not_null(strstr(world_logs(), text_of("%s:4:", superd->table)), "%s", world_logs());
}

/* A loop over all descriptors that there could be takes seconds for each start: tests/bench/times measures a start. */
Behaviour(init, descriptors_are_as_few_in_a_container_without_limits)
{
	struct superd *superd;
	struct setup setup = { .descriptors = 1 << 20 };

	SKIP_WITHOUT(namespace_works(&setup), "the limit cannot be raised here");
	superd = superd_run_with(&setup, WEB, backend("take 1"), "");
	for (int i = 0; i < 20; i++)
		client_ask_pid(superd_port(superd, "web"));
}
