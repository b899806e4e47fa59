/* Many services are wanted at once: only so many start at a time (max_starting), and the others wait in line. What
 * waits is told, keeps its order, and can be taken out of the line.
 *
 * A start keeps its place for 30 s at most, and a program that wants no processor loses it at once. So what is slow
 * here is a command before the program. */
#include "controlling.h"
#include "harness.h"
#include "notifying.h"
#include "superctl.h"

#define SERVICE "service %s { listen = \"127.0.0.1:0\" exec = \"%s\" %s }\n"

/* A superd whose table says how many services start at once, if anything does. */
static struct superd *run_table(const char *table)
{
	const char *const arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };

	return superd_run_with(&setup, "%s", table);
}

/* A superd that starts one service at a time. */
static struct superd *run_one_at_a_time(const char *table)
{
	const char *const arguments[] = { "--control", control_path(), "--max-starting", "1", NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };

	return superd_run_with(&setup, "%s", table);
}

/* A command that ends when the test lets it go. */
static const char *slow_command(void)
{
	static const char *go;

	if (!go) {
		go = path_in("go");
		cr_assert_eq(mkfifo(go, 0666), 0);
	}
	return text_of("\"/bin/sh -c 'read -r line <%s'\"", go);
}

static void let_go(void)
{
	int go = open(path_in("go"), O_WRONLY | O_CLOEXEC);

	cr_assert_eq(write(go, "\n", 1), 1);
	close(go);
}

/* A service "slow" whose start ends when the test lets it go, and the others as named. */
static const char *slow_and(const char *others)
{
	return text_of("service slow { listen = \"127.0.0.1:0\" exec_start_pre = %s exec = \"%s\" }\n%s",
		       slow_command(), backend("serve"), others);
}

static const char *serving(const char *name, const char *options)
{
	return text_of(SERVICE, name, backend("serve"), options);
}

/* Wakes a service with a client. Returns once superd has seen it. */
static int wake(struct superd *superd, const char *name, const char *state)
{
	int client = client_connect(superd_port(superd, name));

	client_send(client, "hello\n");
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", name).out, state));
	return client;
}

static void expect_served(int client)
{
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
}

static void expect_before(struct superd *superd, const char *first, const char *second)
{
	const char *one = text_of("%s: started, pid ", first), *other = text_of("%s: started, pid ", second), *log;

	WAIT_UNTIL(superd_logged(superd, one) && superd_logged(superd, other));
	log = read_text(superd->log);
	cr_assert_lt(strstr(log, one), strstr(log, other), "%s does not start before %s:\n%s", first, second, log);
}

static void expect_line(const char *name, const char *place)
{
	const char *list = SUPERCTL(control_path(), "list", name).out;

	cr_assert(strstr(list, text_of("queued, %s in line", place)), "%s", list);
}

static void expect_in_line(struct superd *superd)
{
	clock_advance(superd, 5 * SECOND_MS);
	cr_assert_not(superd_logged(superd, "one: started"), "%s", world_logs());
	cr_assert_not(superd_logged(superd, "two: started"), "%s", world_logs());
}

Behaviour(stampede, who_is_too_many_waits_in_line_and_starts_in_the_order_of_arrival)
{
	struct superd *superd = run_one_at_a_time(slow_and(text_of("%s%s", serving("one", ""), serving("two", ""))));
	int slow = wake(superd, "slow", "starting"), two = wake(superd, "two", "queued"),
	    one = wake(superd, "one", "queued");
	const char *why = SUPERCTL(control_path(), "why", "one").out;
	const char *metrics = SUPERCTL(control_path(), "metrics").out;
	const char *status = SUPERCTL(control_path(), "--json", "status", "one").out;

	expect_line("two", "1st");
	expect_line("one", "2nd");
	cr_assert(strstr(why, "1 other starts now, and no more do at once (superd --max-starting 1); it is the second "
			      "in line"), "%s", why);
	why = SUPERCTL(control_path(), "why", "two").out;
	cr_assert(strstr(why, "; it is the next in line"), "%s", why);
	cr_assert(strstr(metrics, "superd_starts_queued 2"), "%s", metrics);
	cr_assert(strstr(metrics, "superd_starts_under_way 1"), "%s", metrics);
	cr_assert(strstr(metrics, "superd_starts_delayed_total 2"), "%s", metrics);
	schema_holds("status", status);
	expect_in_line(superd);
	let_go();
	expect_served(slow);
	expect_served(two);
	expect_served(one);
	expect_before(superd, "two", "one");
}

Behaviour(stampede, an_order_takes_a_service_out_of_the_line)
{
	const char *others = text_of("%s%s%s", serving("one", ""), serving("two", ""), serving("three", ""));
	struct superd *superd = run_one_at_a_time(slow_and(others));
	int slow = wake(superd, "slow", "starting"), one = wake(superd, "one", "queued"),
	    two = wake(superd, "two", "queued"), three = wake(superd, "three", "queued");

	cr_assert_eq(SUPERCTL(control_path(), "hold", "one").status, 0);
	expect_line("two", "1st");
	cr_assert_eq(SUPERCTL(control_path(), "disable", "two").status, 0);
	expect_line("three", "1st");
	cr_assert(strstr(SUPERCTL(control_path(), "list", "one").out, "held"));
	cr_assert(strstr(SUPERCTL(control_path(), "list", "two").out, "disabled"));
	cr_assert_eq(SUPERCTL(control_path(), "release", "one").status, 0);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", "one").out, "queued, 2nd in line"));
	/* Its client is still there, so it comes into line again, as the last. */
	cr_assert_eq(SUPERCTL(control_path(), "stop", "three").status, 0);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", "three").out, "queued, 2nd in line"));
	expect_line("one", "1st");
	cr_assert(superd_reload(superd, "%s", slow_and(serving("one", ""))));
	expect_line("one", "1st");
	let_go();
	expect_served(slow);
	expect_served(one);
	close(two);
	close(three);
}

/* For half a minute at most. */
Behaviour(stampede, a_start_that_wants_no_processor_holds_up_nobody)
{
	struct superd *superd = run_one_at_a_time(
		text_of("service waits { listen = \"127.0.0.1:0\" type = notify exec = \"%s\" }\n%s%s",
			notifier(text_of("'await %s' " SAYS_READY, path_in("gate"))), serving("one", ""),
			serving("two", "")));
	int waits = wake(superd, "waits", "starting"), one = wake(superd, "one", "queued");

	CLOCK_UNTIL(superd, 5 * SECOND_MS, 10, superd_logged(superd, "one: started"));
	cr_assert_not_null(strstr(client_line(one), " hello"));
	close(one);
	client_ask_pid(superd_port(superd, "two"));
	cr_assert(strstr(SUPERCTL(control_path(), "list", "waits").out, "starting"), "%s\n%s",
		  SUPERCTL(control_path(), "list", "waits").out, world_logs());
	close(waits);
}

Behaviour(stampede, no_time_limit_runs_in_line)
{
	struct superd *superd =
		run_one_at_a_time(slow_and(text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" type = notify "
						   "timeout_start = 10s }\n",
						   notifier(SAYS_READY))));
	int slow = wake(superd, "slow", "starting"), web = client_connect(superd_port(superd, "web"));

	client_send(web, "env FDSTORE\n");
	clock_advance(superd, 5 * SECOND_MS);
	cr_assert_not(superd_logged(superd, "web: started"), "%s", world_logs());
	cr_assert_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	let_go();
	expect_served(slow);
	cr_assert_not_null(strstr(client_line(web), " unset"));
	cr_assert_not(superd_logged(superd, "timeout_start"), "%s", world_logs());
	close(web);
}

Behaviour(stampede, what_starts_with_superd_waits_too)
{
	struct superd *superd = run_one_at_a_time(
		text_of("service slow { start = boot type = oneshot exec_start_pre = %s exec = \"/bin/true\" }\n%s",
			slow_command(), serving("boots", "start = boot")));

	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", "boots").out, "queued, 1st in line"));
	/* A hold and a release do not make it forget that it starts with superd. */
	cr_assert_eq(SUPERCTL(control_path(), "hold", "boots").status, 0);
	cr_assert_eq(SUPERCTL(control_path(), "release", "boots").status, 0);
	expect_line("boots", "1st");
	let_go();
	superd_wait_log(superd, "boots: started, pid ");
}

/* Their places begin anew. */
Behaviour(stampede, who_waits_in_line_waits_over_an_upgrade)
{
	struct superd *superd = run_one_at_a_time(slow_and(text_of("%s%s", serving("one", ""), serving("two", ""))));
	int slow = wake(superd, "slow", "starting"), two = wake(superd, "two", "queued"),
	    one = wake(superd, "one", "queued");

	superd_upgrade(superd);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", "one").out, "queued, ") &&
		   strstr(SUPERCTL(control_path(), "list", "two").out, "queued, "));
	cr_assert(strstr(SUPERCTL(control_path(), "metrics").out, "superd_starts_delayed_total 2"));
	expect_in_line(superd);
	let_go();
	expect_served(slow);
	expect_served(two);
	expect_served(one);
}

Behaviour(stampede, a_start_by_an_operator_waits_in_line_and_a_stop_ends_that)
{
	struct superd *superd = run_one_at_a_time(slow_and(text_of("%s%s", serving("one", ""), serving("two", ""))));
	int slow = wake(superd, "slow", "starting");

	cr_assert_eq(SUPERCTL(control_path(), "start", "--no-wait", "one").status, 0);
	cr_assert_eq(SUPERCTL(control_path(), "start", "--no-wait", "two").status, 0);
	expect_line("one", "1st");
	expect_line("two", "2nd");
	cr_assert_eq(SUPERCTL(control_path(), "stop", "one").status, 0);
	expect_line("two", "1st");
	cr_assert(strstr(SUPERCTL(control_path(), "list", "one").out, "asleep"));
	let_go();
	expect_served(slow);
	superd_wait_log(superd, "two: started, pid ");
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", "two").out, "awake"));
	cr_assert_not(superd_logged(superd, "one: started"), "%s", world_logs());
}

/* With accept = yes there is no line. */
Behaviour(stampede, an_entry_that_changes_takes_its_service_along)
{
	struct superd *superd = run_one_at_a_time(slow_and(text_of("%s%s", serving("one", ""), serving("two", ""))));
	int slow = wake(superd, "slow", "starting"), one = wake(superd, "one", "queued"),
	    two = wake(superd, "two", "queued");

	cr_assert(superd_reload(superd, "%s", slow_and(text_of("%s%s", text_of(SERVICE, "one", backend("lines"),
									      "accept = yes"),
							       serving("two", "umask = 077")))));
	expect_served(one);
	expect_line("two", "1st");
	cr_assert_not(superd_logged(superd, "bug"), "%s", world_logs());
	let_go();
	expect_served(slow);
	expect_served(two);
}

Behaviour(stampede, without_a_limit_nobody_waits)
{
	const char *const arguments[] = { "--control", control_path(), "--max-starting", "0", NULL };
	const struct setup setup = { .arguments = arguments, .clock = true };
	struct superd *superd = superd_run_with(&setup, "%s", slow_and(serving("one", "")));
	int slow = wake(superd, "slow", "starting");

	client_ask_pid(superd_port(superd, "one"));
	let_go();
	expect_served(slow);
}

static bool says_why(const char *name, const char *reason)
{
	return strstr(SUPERCTL(control_path(), "why", name).out, reason);
}

Behaviour(stampede, the_table_says_how_many_start_at_once_and_a_reload_changes_that)
{
	const char *table = slow_and(text_of("%s%s", serving("one", ""), serving("two", "")));
	struct superd *superd = run_table(text_of("superd { max_starting = 1 }\n%s", table));
	int slow = wake(superd, "slow", "starting"), one = wake(superd, "one", "queued"),
	    two = wake(superd, "two", "queued");

	cr_expect(says_why("one", "1 other starts now, and no more do at once (max_starting = 1); it is the next"));
	superd_upgrade(superd);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "list", "one").out, "queued, 1st in line"));
	expect_line("two", "2nd");
	expect_in_line(superd);
	cr_assert(superd_reload(superd, "%ssuperd { max_starting = 2 }\n", table));
	expect_served(one);
	expect_served(two);
	cr_expect(superd_logged(superd, "max_starting is 2 now, and was 1"), "%s", world_logs());
	/* Without it twice the processors; those under way go on. */
	cr_assert(superd_reload(superd, "%s", table));
	let_go();
	expect_served(slow);
}

Behaviour(stampede, the_command_line_overrides_the_table)
{
	const char *table = text_of("superd { max_starting = 5 }\n%s", slow_and(serving("one", "")));
	struct superd *superd = run_one_at_a_time(table);
	int slow = wake(superd, "slow", "starting"), one = wake(superd, "one", "queued");

	cr_expect(says_why("one", "(superd --max-starting 1)"));
	cr_expect(superd_logged(superd, ":1:10: note: max_starting: overridden by the command line, which sets 1"),
		  "%s", world_logs());
	let_go();
	expect_served(slow);
	expect_served(one);
}

Behaviour(stampede, a_wrong_number_in_the_table_keeps_the_one_before)
{
	const char *table = slow_and(serving("one", ""));
	struct superd *superd = run_table(text_of("superd { max_starting = 1 }\n%s", table));
	int slow = wake(superd, "slow", "starting"), one = wake(superd, "one", "queued");

	cr_assert_not(superd_reload(superd, "superd { max_starting = few }\n%s", table));
	cr_expect(superd_logged(superd, ":1:25: error: max_starting: 'few': expected a number from 0 to 1000000"), "%s",
		  world_logs());
	expect_line("one", "1st");
	let_go();
	expect_served(slow);
	expect_served(one);
}
