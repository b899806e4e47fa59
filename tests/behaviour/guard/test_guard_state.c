/* --guard: what superd knew of its services when it was killed, the next one knows, of each kind and in each state. */
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>

#include "binding.h"
#include "controlling.h"
#include "guarding.h"
#include "notifying.h"
#include "superctl.h"

#define WEB "service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n%s\n}\n"

static void order(const char *text)
{
	const char *answer = control_once("%s", text);

	cr_assert(control_is_done(answer), "%s: %s\n%s", text, answer, world_logs());
}

static const char *fact(const char *key)
{
	return control_value(control_once("status web"), key);
}

/* ---- frozen ---- */

static off_t beat_count(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : 0;
}

static void expect_beating(const char *path)
{
	off_t before = beat_count(path);

	WAIT_UNTIL(beat_count(path) > before);
}

static struct superd *run_beater(const char *path, const char *options)
{
	write_file("beats", "%s", "");
	return guarded_clock_run("%sservice web {\n listen = \"127.0.0.1:0\"\n exec = \"%s/beater %s\"\n %s\n}\n",
				 geteuid() == 0 ? "defaults { user = root }\n" : "", getenv("SUPERD_TESTDIR"), path,
				 options);
}

Behaviour(guard_state, one_that_is_frozen_serves_its_next_client_and_is_frozen_again)
{
	const char *path = path_in("beats");
	struct superd *superd = run_beater(path, "idle_timeout = 5min\n idle_action = freeze");
	int port = superd_port(superd, "web");
	long pid = strtol(client_ask(port, ""), NULL, 10);

	for (int n = 0; n < 3; n++) {
		CLOCK_UNTIL(superd, MINUTE_MS, 20,
			    superd_log_count(superd, "is frozen until a client connects") > (size_t)n);
		cr_assert(process_is_frozen((pid_t)pid), "%s", world_logs());
		guarded_clock_kill(superd);
		cr_expect_eq(strtol(client_ask(port, ""), NULL, 10), pid, "%s", world_logs());
		expect_beating(path);
	}
}

Behaviour(guard_state, one_that_an_operator_has_frozen_goes_on)
{
	const char *path = path_in("beats");
	struct superd *superd = run_beater(path, "");
	int port = superd_port(superd, "web");
	long pid = client_ask_to_the_end(port);

	order("freeze web");
	WAIT_UNTIL(process_is_frozen((pid_t)pid));
	guarded_kill(superd);
	expect_beating(path);
	order("freeze web");
	WAIT_UNTIL(process_is_frozen((pid_t)pid));
	order("thaw web");
	expect_beating(path);
	cr_expect_eq(strtol(client_ask(port, ""), NULL, 10), pid, "%s", world_logs());
}

/* It is killed between the freeze of the processes and the record of that, or before, or behind it. */
Behaviour(guard_state, one_that_was_being_frozen_serves_its_next_client)
{
	const char *path = path_in("beats");
	struct superd *superd = run_beater(path, "");
	int port = superd_port(superd, "web");
	long pid = strtol(client_ask(port, ""), NULL, 10);

	for (int n = 0; n < 6; n++) {
		int operator;

		clock_advance(superd, MINUTE_MS);       /* the guard pauses only behind a superd that dies young */
		operator = control_connect();
		client_send(operator, n % 2 ? "thaw web\n" : "freeze web\n");
		poll(NULL, 0, n / 2);
		guarded_kill(superd);
		close(operator);
		cr_expect_eq(strtol(client_ask(port, ""), NULL, 10), pid, "%d: %s", n, world_logs());
		expect_beating(path);
	}
}

/* ---- starting ---- */

/* Its process reads a credential before it runs the program, from a pipe that nobody writes to. */
Behaviour(guard_state, one_whose_start_was_under_way_has_started)
{
	const char *path = path_in("fifo");
	struct superd *superd;
	int port, client, writer = -1;

	SKIP_WITHOUT(geteuid() == 0, "credentials need root");
	cr_assert_eq(mkfifo(path, 0600), 0);
	superd = guarded_clock_run("service web {\n listen = \"127.0.0.1:0\"\n accept = yes\n"
				   " exec_stop_post = \"/bin/true\"\n load_credential = \"key:%s\"\n"
				   " exec = \"%s/backend stdio\"\n pass = inetd\n}\n", path, getenv("SUPERD_TESTDIR"));
	port = superd_port(superd, "web");
	client = client_connect(port);
	WAIT_UNTIL(strstr(control_once("list web"), "\"instances\":1"));
	guarded_kill(superd);
	WAIT_UNTIL((writer = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) >= 0);
	close(writer);
	client_send(client, "one\n");
	cr_expect_not_null(strstr(client_rest(client), " one"), "%s", world_logs());
	close(client);
	/* Nobody writes for exec_stop_post, which is given up. */
	WAIT_UNTIL((clock_move(SECOND_MS), superd_logged(superd, "web: pid ")));
	cr_expect_not(superd_logged(superd, "not started"), "%s", world_logs());
	clock_stop(superd, SECOND_MS);
}

/* Its daemon becomes a child of the guard, as superd has died before the daemon was there. */
static void find_daemon(const char *options, const char *how)
{
	struct superd *superd = guarded_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
					    " type = forking\n%s\n}\n", backend("fork %s", how), options);
	int port = superd_port(superd, "web"), client = client_connect(port);
	long pid;

	close(client);
	superd_wait_log(superd, "web: started, pid ");
	guarded_kill(superd);
	pid = client_ask_pid(port);
	superd_wait_log(superd, text_of("web: daemon is pid %ld\n", pid));
	cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
	superd_wait_log(superd, text_of("pid %ld ended: signal KILL", pid));
	superd_stop(superd);
}

Behaviour(guard_state, a_daemon_that_was_about_to_fork_is_found)
{
	find_daemon(text_of(" pid_file = \"%s\"", path_in("pid")), text_of("slow,pid=%s", path_in("pid")));
}

/* ---- orders ---- */

Behaviour(guard_state, what_an_operator_has_ordered_last_is_in_force)
{
	int port = free_port();
	struct superd *superd = guarded_clock_run("service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n}\n",
						  port, backend("talk"));

	superd_wait_log(superd, "web: listening on ");
	for (int n = 0; n < 2; n++) {
		int client;

		order("disable web");
		guarded_clock_kill(superd);
		client_wait_refused(port);
		order("enable web");
		guarded_clock_kill(superd);
		cr_assert(client_can_connect(port), "%d: %s\n%s", n, why_of("web"), world_logs());
		order("hold web");
		guarded_clock_kill(superd);
		cr_expect_str_eq(fact("held"), "true");
		order("stop web");
		client = client_connect(port);
		client_send(client, "hello\n");
		cr_expect(clock_is_quiet(superd, client));
		order("release web");
		guarded_clock_kill(superd);
		cr_expect_str_eq(fact("held"), "false", "%s", world_logs());
		cr_expect_not_null(strstr(client_line(client), " hello"));
		close(client);
	}
	superd_stop(superd);
	cr_expect_null(read_text(text_of("%s.locks", control_path())), "no lock is left");
}

/* The old one has its signal; once it has ended, whoever comes is the next one's. */
Behaviour(guard_state, a_restart_beside_goes_on)
{
	struct superd *superd = guarded_run(WEB, backend("few 1000000"), "on_change = overlap");
	int port = superd_port(superd, "web"), old = client_connect(port), new;
	long first, second;

	client_send(old, "one\n");
	first = strtol(client_line(old), NULL, 10);
	close(old);
	order("restart --no-wait web");
	superd_wait_log(superd, "the next one is ready");
	guarded_kill(superd);
	WAIT_UNTIL(!process_lives((pid_t)first));
	new = client_connect(port);
	client_send(new, "two\n");
	second = strtol(client_line(new), NULL, 10);
	cr_expect_neq(second, first, "%s", world_logs());
	close(new);
	cr_expect_eq(client_ask_pid(port), second);
	superd_stop(superd);
}

/* One that an operator has ordered: who comes meanwhile waits until the client of before is gone. */
static void drain_over_deaths(const char *program, const char *options, const char *begun, int deaths)
{
	struct superd *superd = guarded_clock_run(WEB, program, options);
	int port = superd_port(superd, "web"), old = client_connect(port), new;
	long first;

	client_send(old, "one\n");
	first = strtol(client_line(old), NULL, 10);
	order("drain --no-wait web");
	superd_wait_log(superd, begun);
	fact("held");                   /* it answers in a later turn, so the drain is saved */
	new = client_connect(port);
	client_send(new, "two\n");
	for (int n = 0; n < deaths; n++) {
		guarded_clock_kill(superd);
		cr_expect(clock_is_quiet(superd, new), "death %d\n%s", n, world_logs());
		client_send(old, "three\n");
		cr_expect_eq(strtol(client_line(old), NULL, 10), first, "death %d\n%s", n, world_logs());
	}
	close(old);
	cr_expect_neq(strtol(client_line(new), NULL, 10), first, "%s", world_logs());
	close(new);
	superd_stop(superd);
}

Behaviour(guard_state, a_drain_of_one_for_each_client_goes_on_over_two_deaths)
{
	drain_over_deaths(backend("lines"), "accept = yes", " requested: ", 2);
}

/* ---- times ---- */

/* The first pause is an hour less a quarter at most, the second one twice that. */
Behaviour(guard_state, a_pause_after_a_failure_ends_with_superd)
{
	const char *starts = path_in("starts");
	struct superd *superd = guarded_clock_run("service web {\n listen = \"127.0.0.1:0\"\n"
						  " backoff_min = 1h\n backoff_max = 24h\n"
						  " exec = { \"/bin/sh\", \"-c\", \"echo >>%s; exit 1\" }\n}\n",
						  starts);
	int client = client_connect(superd_port(superd, "web"));

	for (size_t n = 1; n <= 2; n++) {
		superd_wait_log(superd, "next start in ");
		guarded_clock_kill(superd);
		WAIT_UNTIL(count_lines(starts) == n + 1);
	}
	close(client);
}

/* ---- what belongs to a backend ---- */

Behaviour(guard_state, kept_descriptors_are_the_next_instances)
{
	const char *const kept = "notify_access = main\n file_descriptor_store_max = 3\n backoff_max = 100ms";
	struct superd *superd = guarded_run("%s", web_table("", kept));
	const char *pid = text_of("%ld", web_pid(superd));

	web_expect(superd, "store FDSTORE=1|FDNAME=state", "done");
	web_expect(superd, "barrier", "passed");        /* superd may die of a message that it has read and not kept */
	guarded_kill(superd);
	web_expect(superd, "store FDSTORE=1|FDNAME=more", "done");
	web_expect(superd, "barrier", "passed");
	web_end(superd, 0);
	guarded_kill(superd);
	web_expect(superd, "env LISTEN_FDNAMES", "web:state:more");
	web_expect(superd, "read state", pid);
	web_end(superd, 0);
	web_expect(superd, "read more", pid);
}

/* BARRIER=1 is how a backend learns that superd has taken what it sent (sd_notify_barrier(3)). */
Behaviour(guard_state, a_descriptor_behind_a_barrier_is_kept)
{
	const char *const kept = "notify_access = main\n file_descriptor_store_max = 8\n backoff_max = 100ms";
	struct superd *superd = guarded_clock_run("%s", web_table("", kept));
	const char *names = "web";

	for (int n = 0; n < 6; n++) {
		clock_advance(superd, MINUTE_MS);       /* the guard pauses only behind a superd that dies young */
		web_expect(superd, text_of("store FDSTORE=1|FDNAME=d%d", n), "done");
		web_expect(superd, "barrier", "passed");
		cr_assert_eq(kill(guarded_wait(superd), SIGKILL), 0);
		names = text_of("%s:d%d", names, n);
		superd_wait_log(superd, "its guard restarted it");
	}
	web_end(superd, 0);
	web_expect(superd, "env LISTEN_FDNAMES", names);
}

Behaviour(guard_state, a_backend_that_reports_is_heard_by_the_next_superd)
{
	const char *const options = "type = notify\n watchdog = 5min\n watchdog_signal = TERM";
	struct superd *superd = guarded_clock_run("%s", web_table(SAYS_READY, options));

	web_expect(superd, "say WATCHDOG=1|STATUS=calm", "done");
	web_expect(superd, "barrier", "passed");
	guarded_clock_kill(superd);
	WAIT_UNTIL(strstr(control_once("status web"), "calm")); /* it may still be with the receiver */
	web_expect(superd, "say STATUS=busy", "done");
	WAIT_UNTIL(strstr(control_once("status web"), "busy"));
	clock_advance(superd, 230 * SECOND_MS);
	cr_expect_not(superd_logged(superd, "it has not sent WATCHDOG=1"), "%s", world_logs());
	CLOCK_UNTIL(superd, SECOND_MS / 2, 200, superd_logged(superd, "it has not sent WATCHDOG=1 for 5min"));
}

static int take(int listener)
{
	struct pollfd ready = { listener, POLLIN, 0 };

	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "nobody came\n%s", world_logs());
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

Behaviour(guard_state, a_redirect_passes_on_what_both_sides_say)
{
	int port = free_port(), listener = listen_on(port), client, target;
	struct superd *superd = guarded_run("service pass {\n listen = \"127.0.0.1:0\"\n user = \"%s\"\n accept = yes\n"
					    " redirect = \"127.0.0.1 %d\"\n}\n", own_user(), port);
	int pass = superd_port(superd, "pass");

	for (int n = 0; n < 3; n++) {
		client = client_connect(pass);
		client_send(client, "before\n");
		target = take(listener);
		cr_assert_str_eq(client_line(target), "before");
		guarded_kill(superd);
		client_send(target, "behind\n");
		cr_assert_str_eq(client_line(client), "behind");
		close(client);
		cr_assert(client_sees_end(target));
		close(target);
	}
	close(listener);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

BehaviourOfBind(guard_state, a_program_that_binds_serves_and_binds_again)
{
	int port = free_port();
	const char *steps = text_of("tcp4 nonblock bind=127.0.0.1:%d listen=64 watch=level serve=level", port);
	struct superd *superd = guarded_run("%s", bind_table(text_of("\"127.0.0.1:%d\"", port), "", steps));
	long pid;

	superd_wait_log(superd, "web: listening on ");
	pid = client_ask_pid(port);
	for (int n = 0; n < 2; n++) {
		guarded_kill(superd);
		cr_expect_eq(client_ask_pid(port), pid, "%s", world_logs());
		bind_obey(port, text_of("close tcp4 nonblock bind=127.0.0.1:%d listen=5 watch=level", port));
		cr_expect_eq(client_ask_pid(port), pid);
	}
	order("restart web");
	cr_expect_neq(client_ask_pid(port), pid);
}

BehaviourOfBind(guard_state, a_program_that_has_not_bound_yet_binds)
{
	int port = free_port(), client;
	const char *go = path_in("go");
	const char *steps = text_of("mark=%s.begun await=%s tcp4 nonblock bind=127.0.0.1:%d listen=64 "
				    "watch=level serve=level",
				    go, go, port);
	struct superd *superd = guarded_run("%s", bind_table(text_of("\"127.0.0.1:%d\"", port), "", steps));

	superd_wait_log(superd, "web: listening on ");
	client = client_connect(port);
	client_send(client, "who\n");
	WAIT_UNTIL(count_lines(path_in("go.begun")) == 1);
	(void)fact("state");            /* superd answers when it has saved what it has of the program's calls */
	guarded_kill(superd);
	write_file("go", "now");
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
	cr_expect_eq(count_lines(path_in("go.begun")), 1, "it was started again\n%s", world_logs());
}
