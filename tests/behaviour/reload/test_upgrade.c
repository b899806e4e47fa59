/* Upgrades: another superd takes over in the same process, and nobody notices but the log. */
#include "controlling.h"
#include "load.h"
#include "notifying.h"
#include "private.h"
#include "superctl.h"

#define WEB "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n%s\n}\n"
#define WEB2 "service many { listen = \"127.0.0.1:%d\" exec = \"%s\" accept = yes }\n"
#define OTHER "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"

Behaviour(upgrade, sockets_and_instances_go_on)
{
	struct superd *superd = superd_run(WEB OTHER, 0, backend("talk"), "", backend("serve"));
	int port = superd_port(superd, "web"), other = superd_port(superd, "other"), client;
	long pid = client_ask_pid(other);

	client = client_served(port);
	superd_upgrade(superd);
	cr_assert(superd_logged(superd, ": 2 services, 2 instances\n"), "%s", world_logs());
	client_settle(client);
	cr_assert_eq(client_ask_pid(other), pid);
	superd_expect_count(superd, "web: started, pid ", 1);
	cr_assert_eq(superd_log_count(superd, "web: listening on "), 1);
	close(client);
}

Behaviour(upgrade, the_end_of_an_instance_is_heard_of_and_the_next_client_starts_one)
{
	struct superd *superd = superd_run(WEB, 0, backend("take 1"), "");
	int port = superd_port(superd, "web");
	long first = client_ask_pid(port);

	superd_upgrade(superd);
	superd_upgrade(superd);
	cr_assert_neq(client_ask_pid(port), first);
	WAIT_UNTIL(superd_log_count(superd, "web: ended, pid ") + superd_log_count(superd, "web: pid ") >= 1 ||
		   superd_processes(superd) == 0);
}

Behaviour(upgrade, sessions_go_on_and_stay_counted)
{
	struct superd *superd = clock_run(WEB, 0, backend("lines"), "accept = yes\n instances = 2\n per_source = 2");
	int port = superd_port(superd, "web"), one, two, three;

	one = client_served(port);
	superd_upgrade(superd);
	two = client_served(port);
	three = client_connect(port);
	client_send(three, "late\n");
	cr_assert(clock_is_quiet(superd, three));
	superd_upgrade(superd);
	cr_assert(clock_is_quiet(superd, three));
	client_settle(one);
	client_settle(two);
	close(one);
	cr_assert_not_null(strstr(client_line(three), " late"));
	close(two);
	close(three);
}

Behaviour(upgrade, what_backends_print_still_comes_with_their_name)
{
	struct superd *superd = superd_run(
		WEB, 0,
		"/bin/sh -c 'printf unfini; read x <&3; while :; do echo \\\"shed $0\\\"; sleep 0.05; done' again",
		"accept = yes\n pass = systemd\n output = log");
	int client = client_connect(superd_port(superd, "web"));

	superd_wait_log(superd, "web: started, pid ");
	superd_upgrade(superd);
	client_send(client, "go\n");
	superd_wait_log(superd, "shed again");
	close(client);
}

/* What superd itself does not read: it goes on by the process that does, and by another one where that is killed. */
Behaviour(upgrade, what_another_user_prints_still_comes)
{
	struct superd *superd;
	pid_t reader;
	int client;

	SKIP_WITHOUT(namespace_users(), "needs root, and a build that every user can reach");
	superd = superd_run(WEB, 0,
			    "/bin/sh -c 'printf unfini; while read x <&3; do echo shed $x; done; echo last'",
			    "accept = yes\n pass = systemd\n output = log\n user = \"65533\"");
	client = client_connect(superd_port(superd, "web"));
	client_send(client, "one\n");
	superd_wait_log(superd, "unfinished one");
	reader = superd_aside(superd, "superd-output");
	cr_assert_gt(reader, 0);
	superd_upgrade(superd);
	client_send(client, "two\n");
	superd_wait_log(superd, "shed two");
	cr_expect_eq(superd_aside(superd, "superd-output"), reader);
	kill(reader, SIGKILL);
	client_send(client, "three\n");
	superd_wait_log(superd, "shed three");
	superd_upgrade(superd);
	close(client);
	superd_wait_log(superd, "last");
}

Behaviour(upgrade, who_says_how_it_is_is_still_heard)
{
	const char *options = "type = notify\n watchdog = 1min\n watchdog_signal = TERM";
	struct superd *superd = clock_run("%s", web_table(SAYS_READY, options));
	long pid = web_pid(superd);

	web_expect(superd, "say WATCHDOG=1|STATUS=calm", "done");
	superd_upgrade(superd);
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "\"says\":\"calm\"");
	web_expect(superd, "say STATUS=busy", "done");
	superd_signal(superd, SIGUSR1);
	superd_wait_log(superd, "\"says\":\"busy\"");
	clock_advance(superd, 50 * SECOND_MS);
	/* A second too late it would take superd for one that was held up itself. */
	CLOCK_UNTIL(superd, 400, 400, superd_logged(superd, "it has not sent WATCHDOG=1 for"));
	WAIT_UNTIL(!process_lives((pid_t)pid));
}

Behaviour(upgrade, kept_descriptors_are_there_for_the_next_start)
{
	struct superd *superd = web_run("", "notify_access = main\n file_descriptor_store_max = 3");
	const char *pid = text_of("%ld", web_pid(superd));

	web_expect(superd, "store FDSTORE=1|FDNAME=state", "done");
	superd_upgrade(superd);
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", "web:state");
	web_expect(superd, "read state", pid);
}

Behaviour(upgrade, a_burst_of_datagrams_is_still_one_instances)
{
	struct superd *superd = superd_run(
		"service web { listen = \"udp:127.0.0.1:0\" accept = yes exec = \"%s\" }\n",
		backend("datagrams 20000"));
	int client = datagram_client(superd_port(superd, "web"));
	const char *first = datagram_ask(client, "one");

	superd_upgrade(superd);
	cr_assert_eq(strtol(datagram_ask(client, "two"), NULL, 10), strtol(first, NULL, 10));
	superd_expect_count(superd, "web: started, pid ", 1);
	close(client);
}

Behaviour(upgrade, what_a_removed_service_still_runs_goes_on)
{
	struct superd *superd = superd_run(WEB, 0, backend("lines"), "accept = yes");
	int client = client_settle(client_connect(superd_port(superd, "web")));

	cr_assert(superd_reload(superd, OTHER, backend("serve")));
	superd_upgrade(superd);
	cr_assert(superd_logged(superd, ": 2 services, 1 instance\n"), "%s", world_logs());
	client_settle(client);
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(upgrade, a_removed_services_session_is_ended_with_superd)
{
	struct superd *superd = superd_run(WEB, 0, backend("lines"), "accept = yes");
	int client = client_settle(client_connect(superd_port(superd, "web")));

	cr_assert(superd_reload(superd, OTHER, backend("serve")));
	superd_upgrade(superd);
	superd_stop(superd);
	cr_assert(client_sees_end(client));
	close(client);
}

Behaviour(upgrade, descriptors_do_not_pile_up)
{
	struct superd *superd = superd_run(WEB OTHER, 0, backend("lines"), "accept = yes", backend("serve"));
	int client = client_settle(client_connect(superd_port(superd, "web")));
	size_t count;

	client_ask_pid(superd_port(superd, "other"));
	superd_upgrade(superd);
	superd_wait_log(superd, "superd: reloaded: ");
	count = superd_fd_count(superd);
	for (int n = 0; n < 10; n++) {
		superd_upgrade(superd);
		superd_wait_log(superd, "superd: reloaded: ");
	}
	superd_expect_fds(superd, count);
	client_settle(client);
	close(client);
}

/* A place for superd that can be replaced, with superd there. */
static const char *place(void)
{
	const char *path = path_in("superd");

	cr_assert_eq(symlink(superd_path(), path), 0);
	return path;
}

static void replace(const char *path, const char *with)
{
	cr_assert_eq(rename(with, path), 0);
}

static const char *script(const char *name, unsigned mode, const char *text)
{
	const char *path = write_file(name, "%s", text);

	cr_assert_eq(chmod(path, mode), 0);
	return path;
}

static struct superd *run_at(const char *path, int *client)
{
	const struct setup setup = { .program = path };
	struct superd *superd = superd_run_with(&setup, WEB, 0, backend("talk"), "");

	*client = client_settle(client_connect(superd_port(superd, "web")));
	return superd;
}

/* What stands there can't take over; and when it can again, it does. */
static void expect_refusal(const char *why, const char *text, unsigned mode)
{
	const char *path = place();
	struct superd *superd;
	int client;

	superd = run_at(path, &client);
	replace(path, script("new", mode, text));
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "superd: not upgraded: ");
	cr_assert(superd_logged(superd, why), "%s", world_logs());
	client_settle(client);
	client_ask_pid(superd_port(superd, "web"));
	cr_assert_eq(symlink(superd_path(), path_in("again")), 0);
	replace(path, path_in("again"));
	superd_upgrade(superd);
	client_settle(client);
	close(client);
	superd_stop(superd);
}

Behaviour(upgrade, one_that_fails_leaves_the_old_one_running)
{
	expect_refusal("cannot take over: unknown option --",
		       "#!/bin/sh\necho \"unknown option ${1%=*}\" >&2\nexit 1\n", 0755);
}

Behaviour(upgrade, one_that_is_none_leaves_the_old_one_running)
{
	expect_refusal("is no superd that can take over: called with --take-over-check=, it printed '', not 'superd "
		       "can take over: VERSION'", "#!/bin/sh\nexit 0\n", 0755);
}

Behaviour(upgrade, one_that_is_no_program_leaves_the_old_one_running)
{
	expect_refusal("cannot start ", "nothing to execute", 0755);
}

Behaviour(upgrade, one_that_may_not_be_executed_leaves_the_old_one_running)
{
	expect_refusal("Permission denied", "#!/bin/sh\nexit 0\n", 0644);
}

Behaviour(upgrade, one_that_hangs_leaves_the_old_one_running)
{
	const char *path = place();
	const struct setup setup = { .program = path, .clock = true };
	struct superd *superd = superd_run_with(&setup, WEB, 0, backend("talk"), "");
	int client = client_settle(client_connect(superd_port(superd, "web")));
	size_t others = superd_processes(superd);

	replace(path, script("new", 0755, "#!/bin/sh\nexec sleep 1000\n"));
	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(superd_processes(superd) > others);
	CLOCK_UNTIL(superd, 10 * SECOND_MS, 5, superd_logged(superd, "has not answered within"));
	cr_assert(superd_logged(superd, "superd: not upgraded: "), "%s", world_logs());
	WAIT_UNTIL(superd_processes(superd) == others);
	client_settle(client);
	close(client);
	superd_stop(superd);
}

Behaviour(upgrade, a_table_that_is_broken_leaves_the_old_one_running)
{
	struct superd *superd = superd_run(WEB, 0, backend("talk"), "");
	int client = client_settle(client_connect(superd_port(superd, "web")));

	write_file("superd.conf", "service web { lisen = \"1\" }\n");
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "its configuration: ");
	client_settle(client);
	close(client);
}

/* Where superd was started from: one that can take over, and does this first when it is to, which is behind the
 * question. */
static void replace_by_meddler(const char *path, const char *deed)
{
	const char *asked = path_in("asked");

	replace(path, script("new", 0755,
			     text_of("#!/bin/sh\nif rm %s 2>/dev/null; then %s; else : >%s; fi\nexec %s \"$@\"\n",
				     asked, deed, asked, superd_path())));
}

/* The sources are fit when the new one is asked, and are gone when it has taken over: the configuration before stays in
 * effect. */
Behaviour(upgrade, needs_no_table_at_the_last_moment)
{
	const char *path = place(), *part = write_file("part.conf", OTHER, backend("serve")), *table;
	const struct setup setup = { .program = path };
	struct superd *superd = superd_run_with(&setup, "include(\"part.conf\")\n" WEB, 0, backend("talk"), "");
	int port = superd_port(superd, "web"), other = superd_port(superd, "other");
	int client = client_served(port);
	const char *part_text = read_text(part);

	table = read_text(superd->table);
	client_ask_pid(other);
	replace_by_meddler(path, text_of("cd %s; : >part.conf; rm superd.conf", path_in(".")));
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "superd: upgraded from ");
	client_settle(client);
	client_ask_pid(port);
	client_ask_pid(other);
	cr_assert_eq(superd_log_count(superd, "web: listening on "), 1);
	cr_assert_eq(superd_log_count(superd, "other: listening on "), 1);
	superd_wait_log(superd, "not reloaded: 1 error: the previous configuration stays in effect");
	write_file("part.conf", "%s", part_text);
	cr_assert(superd_reload(superd, "%s", table));
	superd_wait_log(superd, "reloaded: 2 unchanged, 0 changed, 0 added, 0 removed");
	client_settle(client);
	close(client);
	superd_stop(superd);
}

/* Those that go on do so, and clients of what is gone are served to the end. */
Behaviour(upgrade, takes_an_edited_table)
{
	const char *path = place();
	const struct setup setup = { .program = path };
	struct superd *superd = superd_run_with(&setup, WEB OTHER, 0, backend("talk"), "", backend("talk"));
	int port = superd_port(superd, "web"), other = superd_port(superd, "other");
	int client = client_settle(client_connect(other));
	long pid = client_ask_pid(port);

	write_file("superd.conf", WEB "service more { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n", 0, backend("talk"),
		   "nice = 1", free_port(), backend("talk"));
	superd_upgrade(superd);
	superd_wait_log(superd, "reloaded: 0 unchanged, 1 changed, 1 added, 1 removed");
	cr_expect_eq(client_ask_pid(port), pid);
	client_ask_pid(superd_port(superd, "more"));
	client_settle(client);
	close(client);
	superd_stop(superd);
}

/* The next superd goes by what the one before has found out. */
Behaviour(upgrade, a_user_who_goes_costs_nobody_before_a_reload)
{
	const char *path = place();
	const struct setup setup = { .program = path };
	struct superd *superd;
	int client;

	SKIP_WITHOUT(private_enter(), "needs root, a network namespace and mounts of its own");
	private_file("/etc/passwd", "%sleaver:x:4242:4343::/:/bin/sh\n", read_text("/etc/passwd"));
	superd = superd_run_with(&setup, WEB OTHER, 0, "/bin/cat", "accept = yes\n user = leaver", backend("talk"));
	client = client_settle(client_connect(superd_port(superd, "other")));
	replace_by_meddler(path, "sed -i /^leaver/d /etc/passwd");
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "superd: upgraded from ");
	client_settle(client);
	client_ask_pid(superd_port(superd, "other"));
	cr_assert_str_eq(client_ask(superd_port(superd, "web"), "meow\n"), "meow");
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "web: user = leaver: ");
	superd_wait_log(superd, "not reloaded: 1 error: ");
	cr_assert_str_eq(client_ask(superd_port(superd, "web"), "meow\n"), "meow");
	close(client);
}

Behaviour(upgrade, a_log_that_is_gone_puts_it_off_and_ends_nothing)
{
	const char *path = place(), *logs = path_in("logs"), *away = path_in("away"), *log = path_in("logs/superd.log");
	const struct setup setup = {
		.program = path,
		.arguments = (const char *const[]){ "--log", text_of("file:%s", log), "--control", control_path(),
						    NULL },
	};
	int port = free_port(), client;
	struct superd *superd;
	const char *answer;

	cr_assert_eq(mkdir(logs, 0755), 0);
	superd = superd_run_with(&setup, WEB, port, backend("talk"), "");
	WAIT_UNTIL(client_can_connect(port));
	client = client_served(port);
	cr_assert_eq(rename(logs, away), 0);
	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(strstr(read_text(path_in("away/superd.log")), "cannot take over: cannot log to file:"));
	cr_assert_eq(rename(away, logs), 0);
	replace_by_meddler(path, text_of("mv %s %s", logs, away));
	superd_signal(superd, SIGUSR2);
	superd_wait_log(superd, "No such file or directory: logging to stderr");
	superd_wait_log(superd, "superd: upgraded from ");
	client_settle(client);
	client_ask_pid(port);
	answer = control_once("reopen");
	cr_expect(strstr(answer, "\"error\":") && strstr(answer, "No such file or directory"), "%s", answer);
	superd_wait_log(superd, "No such file or directory; it still goes to stderr");
	cr_assert_eq(rename(away, logs), 0);
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(strstr(read_text(log), text_of("logging to file:%s again", log)));
	WAIT_UNTIL(strstr(read_text(log), "reloaded"));
	client_ask_pid(port);
	close(client);
}

Behaviour(upgrade, what_an_operator_holds_or_has_disabled_stays_so)
{
	struct superd *superd = controlled_run(WEB OTHER WEB2, 0, backend("talk"), "", backend("serve"), 0,
					       backend("stdio"));
	int port = superd_port(superd, "other");
	struct outcome outcome;
	const char *answer;

	superd_port(superd, "many");
	answer = superctl_order("hold web");
	cr_expect(strstr(answer, "queue until it is released\n"), "%s", answer);
	answer = superctl_order("disable other");
	cr_expect(strstr(answer, "closed until it is enabled\n"), "%s", answer);
	for (int n = 0; n < 2; n++) {
		superd_upgrade(superd);
		outcome = SUPERCTL(control_path(), "list");
		cr_expect(strstr(outcome.out, "held") && strstr(outcome.out, "disabled"), "%s", outcome.out);
		client_wait_refused(port);
	}
	answer = SUPERCTL(control_path(), "why", "web", "other").out;
	cr_expect(strstr(answer, text_of(" ago by an operator (uid %lu): clients queue", (unsigned long)getuid())),
		  "%s", answer);
	cr_expect(strstr(answer, text_of(" ago by an operator (uid %lu): superctl enable", (unsigned long)getuid())),
		  "%s", answer);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded: ");
	cr_expect_not(client_can_connect(port));
	cr_assert(control_is_done(control_once("release web")));
	cr_assert(control_is_done(control_once("enable other")));
	outcome = SUPERCTL(control_path(), "list");
	cr_expect_null(strstr(outcome.out, "operator"), "%s", outcome.out);
}

Behaviour(upgrade, nobody_is_lost_under_load)
{
	struct superd *superd = superd_run(WEB WEB2, 0, backend("-d 1 churn 0"), "", 0, backend("stdio"));
	const struct load_plan plans[] = {
		{ .port = superd_port(superd, "web"), .threads = 8 },
		{ .port = superd_port(superd, "many"), .threads = 8 },
	};
	struct load *loads[2];

	for (int n = 0; n < 2; n++)
		loads[n] = load_start(&plans[n]);
	for (int n = 0; n < 20; n++) {
		size_t one = load_progress(loads[0]), two = load_progress(loads[1]);

		superd_upgrade(superd);
		WAIT_UNTIL(load_progress(loads[0]) > one + 20 && load_progress(loads[1]) > two + 20);
	}
	for (int n = 0; n < 2; n++) {
		struct tally tally = load_stop(loads[n]);

		tally_expect_all_served(&tally);
	}
}

Behaviour(upgrade, as_pid_1_too)
{
	const struct setup setup = { .pid1 = true };
	struct superd *superd;
	int client;

	SKIP_WITHOUT(namespace_allowed(), "no namespaces here");
	superd = superd_run_with(&setup, WEB OTHER, 0, backend("lines"), "accept = yes", backend("orphans 20"));
	client = client_settle(client_connect(superd_port(superd, "web")));
	client_ask_pid(superd_port(superd, "other"));
	for (int n = 0; n < 5; n++)
		superd_upgrade(superd);
	client_settle(client);
	close(client);
	WAIT_UNTIL(superd_processes(superd) <= 1);
}
