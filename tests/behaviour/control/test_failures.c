/* Instances that fail, one a client: superctl and the log show it, whatever the service's state. */
#include <fcntl.h>
#include <unistd.h>

#include "controlling.h"
#include "harness.h"
#include "superctl.h"

#define ENOUGH 5                        /* failures in a row that make a service degraded */
#define CRASH "kill -SEGV $$"

static const struct setup by_clock = { .clock = true };

/* The client says how its instance is to end. */
static const char *obedient(void)
{
	return text_of("/bin/sh %s", write_file("obedient", "read -r how\neval \"$how\"\n"));
}

static struct superd *run(const char *options)
{
	struct superd *superd = controlled_run_with(
		&by_clock, "service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" user = \"%s\" %s }\n",
		obedient(), own_user(), options);

	wait_node(control_path());
	return superd;
}

static const char *failures_of(const char *name)
{
	return text_of("%s", control_value(control_once("status %s", name), "failures"));
}

/* One client after another, each until its instance has ended. */
static void end_each(struct superd *superd, unsigned count, const char *how)
{
	for (unsigned n = 0; n < count; n++) {
		int client = client_connect(superd_port(superd, "each"));

		client_send(client, text_of("%s\n", how));
		client_rest(client);
		close(client);
		WAIT_UNTIL(strstr(control_once("list each"), "\"instances\":0"));
	}
}

static void expect_health(const char *word, int status)
{
	struct outcome outcome = SUPERCTL(control_path(), "health");

	cr_expect_eq(strncmp(outcome.out, word, strlen(word)), 0, "not %s: %s", word, outcome.out);
	cr_expect_eq(outcome.status, status, "%s: %d", outcome.out, outcome.status);
}

static void expect_shown(const char *verb, const char *text)
{
	struct outcome outcome = SUPERCTL(control_path(), verb, "each");

	cr_expect_not_null(strstr(outcome.out, text), "%s: no '%s' in\n%s", verb, text, outcome.out);
}

Behaviour(failures, crashes_of_all_the_last_are_seen_until_one_does_well)
{
	struct superd *superd = run("");

	end_each(superd, ENOUGH - 1, CRASH);
	expect_health("healthy\n", 0);
	end_each(superd, 1, CRASH);
	expect_health("degraded: each: the last 5 instances all failed, the last of them with signal SEGV", 0);
	expect_shown("list", "asleep, degraded");
	expect_shown("status", "asleep, degraded");
	expect_shown("status", ", for 127.0.0.1, signal SEGV");
	expect_shown("why", "the last 5 instances all failed");
	expect_shown("why", "for 127.0.0.1, signal SEGV");
	expect_shown("metrics", "superd_service_failures_total{service=\"each\"} 5");
	cr_expect_not_null(strstr(SUPERCTL(control_path(), "list").out, "FAILED"));
	end_each(superd, ENOUGH, "echo fine");
	expect_health("healthy\n", 0);
	expect_shown("metrics", "superd_service_failures_total{service=\"each\"} 5");
	expect_shown("status", "signal SEGV");
}

Behaviour(failures, are_told_as_the_schema_has_them)
{
	static const char *const verbs[] = { "status", "list", "why", "health", "metrics" };
	struct superd *superd = run("");

	end_each(superd, ENOUGH + 1, CRASH);
	for (size_t n = 0; n < sizeof(verbs) / sizeof(*verbs); n++) {
		if (!schema_holds(verbs[n], SUPERCTL(control_path(), "--json", verbs[n]).out))
			cr_skip_test("python3 has no jsonschema (Debian: python3-jsonschema)");
	}
}

static void crash_many(const char *path, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		int client = client_connect_unix(path, SOCK_STREAM);

		client_send(client, CRASH "\n");
		client_rest(client);
		close(client);
	}
}

Behaviour(failures, a_crash_is_a_warning_but_not_each_of_many)
{
	const char *path = path_in("each.sock"), *arguments[] = { "--control", control_path(), "--log-level", "warning",
								  NULL };
	const struct setup setup = { .clock = true, .arguments = arguments };
	struct superd *superd = superd_run_with(
		&setup, "service each { listen = \"%s\" accept = yes exec = \"%s\" user = \"%s\" }\n", path, obedient(),
		own_user());
	size_t warnings;

	clock_hold();
	wait_node(path);
	wait_node(control_path());
	crash_many(path, 3 * ENOUGH);
	WAIT_UNTIL(!strcmp(failures_of("each"), "15"));
	warnings = superd_log_count(superd, "ended: signal SEGV");
	cr_expect_eq(warnings, 1u);
	clock_advance(superd, MINUTE_MS);
	crash_many(path, 1);
	superd_expect_count(superd, "ended: signal SEGV", warnings + 1);
}

Behaviour(failures, a_program_that_is_gone_is_one)
{
	const char *program = write_file("program", "#!/bin/sh\necho fine\n");
	struct superd *superd;
	int client;

	cr_assert_eq(chmod(program, 0755), 0);
	superd = controlled_run_with(
		&by_clock, "service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" user = \"%s\" }\n",
		program, own_user());
	wait_node(control_path());
	client = client_connect(superd_port(superd, "each"));
	cr_assert_str_eq(client_line(client), "fine");
	close(client);
	cr_assert_eq(unlink(program), 0);
	client = client_connect(superd_port(superd, "each"));
	WAIT_UNTIL(strcmp(failures_of("each"), "0") != 0);
	expect_shown("status", ": for 127.0.0.1, cannot start: ");
	expect_shown("why", "for 127.0.0.1, cannot start: ");
	CLOCK_UNTIL(superd, MINUTE_MS, 10, strtol(failures_of("each"), NULL, 10) >= 3);
	expect_shown("why", "; the same happened ");
	expect_health("unhealthy: each: cannot start: ", 3);
	close(client);
}

Behaviour(failures, an_exit_status_is_none_unless_its_service_says_so)
{
	struct superd *superd = run("");

	end_each(superd, ENOUGH, "exit 1");
	end_each(superd, 1, "kill -PIPE $$");
	end_each(superd, 1, "kill -TERM $$");
	cr_expect_str_eq(failures_of("each"), "0");
	expect_health("healthy\n", 0);
	superd_stop(superd);
	superd = run("success_exit_status = { 1, USR1 }");
	end_each(superd, ENOUGH, "exit 1");
	end_each(superd, 1, "kill -USR1 $$");
	cr_expect_str_eq(failures_of("each"), "0");
	end_each(superd, ENOUGH, "exit 3");
	cr_expect_str_eq(failures_of("each"), "5");
	expect_health("degraded: each: the last 5 instances all failed, the last of them with exit status 3\n", 0);
}

Behaviour(failures, what_superd_ends_is_none)
{
	struct superd *superd = run("runtime_max = 1h timeout_stop = 1h");

	for (unsigned n = 0; n < ENOUGH; n++) {
		int client = client_connect(superd_port(superd, "each"));

		client_send(client, "trap '' TERM; echo deaf; while :; do sleep 1; done\n");
		cr_assert_str_eq(client_line(client), "deaf");
		CLOCK_UNTIL(superd, 61 * MINUTE_MS, 4, strstr(control_once("list each"), "\"instances\":0"));
		close(client);
	}
	cr_expect_str_eq(failures_of("each"), "0");
}

Behaviour(failures, begin_anew_by_a_restart)
{
	struct superd *superd = run("");

	end_each(superd, ENOUGH, CRASH);
	expect_health("degraded: ", 0);
	cr_assert_eq(SUPERCTL(control_path(), "restart", "each").status, 0);
	expect_health("healthy\n", 0);
}

/* Any client may bring it about, so nothing is to take the whole of superd for gone, as by its exit status. */
Behaviour(failures, are_no_503)
{
	struct superd *superd = controlled_run(
		"service each { listen = \"127.0.0.1:0\" accept = yes exec = \"%s\" user = \"%s\" }\n"
		"service health { listen = \"127.0.0.1:0\" accept = yes builtin = health user = \"%s\" }\n", obedient(),
		own_user(), own_user());
	const char *answer;
	int client;

	wait_node(control_path());
	end_each(superd, ENOUGH, CRASH);
	client = client_connect(superd_port(superd, "health"));
	client_send(client, "GET / HTTP/1.0\r\n\r\n");
	answer = client_rest(client);
	close(client);
	cr_expect_eq(strncmp(answer, "HTTP/1.1 200 ", 13), 0, "%s", answer);
	cr_expect_not_null(strstr(answer, "\r\n\r\ndegraded\n"), "%s", answer);
}

Behaviour(failures, of_a_server_that_takes_nobody_name_the_usual_mistakes)
{
	struct superd *superd = controlled_run_with(
		&by_clock, "service each { listen = \"127.0.0.1:0\" exec = \"/bin/true\" user = \"%s\" }\n",
		own_user());
	int client;

	wait_node(control_path());
	client = client_connect(superd_port(superd, "each"));
	CLOCK_UNTIL(superd, MINUTE_MS, 10,
		    strstr(why_of("each"),
			   "it exits without accepting a connection: its configuration may need accept = yes, or "));
	WAIT_UNTIL(strstr(why_of("each"), "or type = forking if its program continues in the background"));
	close(client);
}

/* The queue never looks shorter when it starts than when it ended but by its bytes. */
Behaviour(failures, are_none_of_a_program_that_takes_one_message_of_its_fifo)
{
	enum { MESSAGE = 10, MESSAGES = 100 };
	static const char messages[MESSAGE * MESSAGES];
	const char *path = path_in("fifo");
	const char *script = write_file("eat", "%s", text_of("head -c %d >/dev/null\n", MESSAGE));
	struct superd *superd = superd_run_with(
		&by_clock, "service each { listen = \"fifo:%s\" pass = inetd exec = \"/bin/sh %s\" user = \"%s\" }\n",
		path, script, own_user());
	int fifo;

	superd_wait_log(superd, "each: listening on ");
	fifo = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_eq(write(fifo, messages, sizeof(messages)), (ssize_t)sizeof(messages));
	WAIT_UNTIL(superd_log_count(superd, "each: started") == MESSAGES);
	close(fifo);
}
