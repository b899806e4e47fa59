/* What a service did and who woke it: the request timeline, also over a reload, and superctl history. */
#include "controlling.h"
#include "guarding.h"
#include "superctl.h"

#define WEB "service web { listen = \"127.0.0.1:0\" exec = \"%s\" timeout_stop = 1s\n %s }\n"

#define expect_in(text, what) \
	do { \
		const char *in_ = (text); \
		cr_expect_not_null(strstr(in_, (what)), "no %s in %s", (what), in_); \
	} while (0)

static bool is_in(const char *phase)
{
	return !strcmp(control_value(control_once("timeline web"), "phase"), phase);
}

/* superd knows the client when its connection has ended. */
static const char *wake_by_a_client(struct superd *superd)
{
	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(strstr(control_once("timeline web"), "\"by\":\"127.0.0.1\""));
	WAIT_UNTIL(!strstr(control_once("timeline web"), "\"delay\":null"));
	return control_once("timeline web");
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

Behaviour(timeline, has_the_phases_and_who_woke_it)
{
	struct superd *superd = controlled_clock_run(WEB, backend("serve"), "idle_timeout = 10s");
	const char *answer;

	superd_port(superd, "web");
	answer = control_once("timeline web");
	expect_in(answer, "\"phase\":\"asleep\"");
	expect_in(answer, "\"wakes\":[]");
	cr_expect_eq(count_of(answer, "{\"at\":"), 1);
	answer = wake_by_a_client(superd);
	expect_in(answer, "\"kind\":\"start\"");
	cr_expect(superd_logged(superd, "web: woken by 127.0.0.1"), "%s", world_logs());
	CLOCK_UNTIL(superd, 5 * SECOND_MS, 10, is_in("asleep"));
	answer = SUPERCTL(control_path(), "--json", "history").out;
	cr_expect(schema_holds("timeline", answer));
	expect_in(answer, "\"phase\":\"starting\"},{");
	expect_in(answer, "\"phase\":\"running\"},{");
	expect_in(answer, "\"phase\":\"asleep\"}],");
}

static const char *line_with(int fd, const char *part)
{
	const char *line;

	do
		line = client_line(fd);
	while (!strstr(line, part));
	return line;
}

static void sleep_and_wake(const char *action, const char *phase, const char *first_line)
{
	struct superd *superd = controlled_clock_run(
		WEB, backend("serve"), text_of("idle_timeout = 10min idle_action = %s", action));
	int events = control_connect();
	const char *line;

	wake_by_a_client(superd);
	client_send(events, "log --lines=0 --follow\n");
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 5, is_in(phase));
	clock_advance(superd, 72 * MINUTE_MS);
	client_ask_pid(superd_port(superd, "web"));
	line = line_with(events, "\"woken\"");
	expect_in(line, "\"peer\":\"127.0.0.1\"");
	cr_expect_geq(strtod(control_value(line, "duration"), NULL), 72 * 60, "%s", line);
	superd_wait_log(superd, first_line);
	superd_wait_log(superd, "web: woken by 127.0.0.1 after 1 h ");
	superd_wait_log(superd, " asleep");
	close(events);
	superd_stop(superd);
}

/* Of each start and each thaw: who, and after which sleep; as text and in the events. The line of a start itself is
 * written before that is known. */
Behaviour(timeline, of_a_start_is_logged_with_the_client_and_the_sleep)
{
	sleep_and_wake("stop", "asleep", "web: started, pid ");
}

Behaviour(timeline, of_a_thaw_is_logged_with_the_client_and_the_sleep)
{
	sleep_and_wake("freeze", "frozen", " thawed after 1 h ");
}

Behaviour(timeline, is_of_so_much_time_at_most)
{
	struct superd *superd = controlled_run(WEB, backend("serve"), "");

	superd_port(superd, "web");
	cr_expect(schema_holds("timeline", control_once("timeline")));
	expect_in(control_once("timeline --since=2d web"), "100ms to 1d");
	expect_in(control_once("timeline nobody"), "nobody");
}

Behaviour(timeline, of_one_that_accepts_is_running_while_it_has_an_instance)
{
	struct superd *superd = controlled_run(WEB, backend("lines"), "accept = yes");
	int client = client_connect(superd_port(superd, "web"));

	client_send(client, "hello\n");
	client_line(client);
	cr_expect(is_in("running"));
	expect_in(control_once("timeline web"), "\"by\":\"127.0.0.1\"");
	close(client);
	WAIT_UNTIL(is_in("asleep"));
}

Behaviour(timeline, shows_a_failure_and_a_hold)
{
	struct superd *superd = controlled_clock_run(WEB, "/bin/false", "backoff_min = 1h backoff_max = 1h");

	close(client_connect(superd_port(superd, "web")));
	WAIT_UNTIL(is_in("failed"));
	clock_advance(superd, 3 * MINUTE_MS);
	control_once("hold web");
	WAIT_UNTIL(is_in("paused"));
}

static double starts(void)
{
	return strtod(control_value(control_once("status web"), "activations"), NULL);
}

/* An order that comes while an instance runs starts none. */
static bool ordered(void)
{
	control_once("start web");
	return strstr(control_once("timeline web"), "\"by\":\"operator\"");
}

/* superd starts it again and again for the client that waits, which has woken it once. */
Behaviour(timeline, a_start_that_repeats_a_failed_one_is_no_wake)
{
	struct superd *superd = controlled_clock_run(WEB, "/bin/false", "backoff_min = 1min backoff_max = 1min");
	int client = client_connect(superd_port(superd, "web"));
	const char *answer;

	CLOCK_UNTIL(superd, 2 * MINUTE_MS, 20, starts() >= 6);
	answer = control_once("timeline web");
	cr_expect_eq(count_of(answer, "\"kind\":\"start\""), 1, "%s", answer);
	WAIT_UNTIL(ordered());
	answer = control_once("timeline web");
	cr_expect_eq(count_of(answer, "\"kind\":\"start\""), 1 + count_of(answer, "operator"), "%s", answer);
	close(client);
}

/* `restart` repeats it, though no client waits. */
Behaviour(timeline, a_restart_of_a_failed_start_is_no_wake)
{
	struct superd *superd = controlled_clock_run(WEB, "/bin/false", "backoff_min = 1min backoff_max = 1min\n"
									"start = boot restart = on-failure");

	CLOCK_UNTIL(superd, 2 * MINUTE_MS, 20, starts() >= 6);
	cr_expect_eq(count_of(control_once("timeline web"), "\"kind\":\"start\""), 1);
}

static void expect_kept(const char *before, const char *after)
{
	const char *wake = strstr(before, "\"kind\":");

	cr_assert_not_null(wake);
	expect_in(after, strndup(wake, (size_t)(strchr(wake, '}') - wake)));
	expect_in(after, "\"running\"");
}

Behaviour(timeline, goes_through_a_reload_and_begins_again_with_an_upgrade)
{
	struct superd *superd = controlled_run(WEB, backend("serve"), "idle_timeout = 1h");
	const char *before = wake_by_a_client(superd);

	cr_expect(control_is_done(control_once("reload")));
	expect_kept(before, control_once("timeline web"));
	superd_upgrade(superd);
	cr_expect(is_in("running"));
	cr_expect_eq(count_of(control_once("timeline web"), "\"kind\":"), 0);
}

Behaviour(timeline, has_the_client_of_a_thaw_and_the_operator)
{
	struct superd *superd =
		controlled_clock_run(WEB, backend("serve"), "idle_timeout = 10min idle_action = freeze");
	const char *answer;

	wake_by_a_client(superd);
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 5, is_in("frozen"));
	cr_expect(control_is_done(control_once("thaw web")));
	CLOCK_UNTIL(superd, 10 * MINUTE_MS, 5, is_in("frozen"));
	client_ask_pid(superd_port(superd, "web"));
	WAIT_UNTIL(count_of(control_once("timeline web"), "\"by\":\"127.0.0.1\"") == 2);
	answer = control_once("timeline web");
	cr_expect_eq(count_of(answer, "\"kind\":\"start\""), 1, "%s", answer);
	cr_expect_eq(count_of(answer, "\"kind\":\"thaw\""), 2, "%s", answer);
	cr_expect_eq(count_of(answer, "\"by\":\"operator\""), 1, "%s", answer);
	cr_expect_eq(superd_log_count(superd, "web: woken by 127.0.0.1"), 2, "%s", world_logs());
}

/* The client has gone when the program has answered, as that of an HTTP server. */
Behaviour(timeline, has_a_short_client_of_each_thaw)
{
	struct superd *superd = controlled_clock_run(WEB, backend("serve"), "idle_timeout = 1h");

	wake_by_a_client(superd);
	for (unsigned n = 1; n <= 6; n++) {
		WAIT_UNTIL(control_is_done(control_once("freeze web")));
		client_ask_pid(superd_port(superd, "web"));
		WAIT_UNTIL(superd_log_count(superd, " thawed after ") == n);
		WAIT_UNTIL(superd_log_count(superd, "web: woken by 127.0.0.1") == 1 + n);
	}
}

Behaviour(timeline, has_the_sender_of_a_datagram_that_thaws)
{
	struct superd *superd =
		controlled_run("service web { listen = \"udp:127.0.0.1:0\" exec = \"/bin/sleep 1000\" }\n");
	int port = superd_port(superd, "web"), sender;

	cr_assert(control_is_done(control_once("start web")));
	cr_assert(control_is_done(control_once("freeze web")));
	sender = datagram_client(port);
	cr_assert_eq(send(sender, "wake", 4, 0), 4);
	superd_wait_log(superd, " thawed after ");
	superd_wait_log(superd, "web: woken by 127.0.0.1");
	close(sender);
}

/* The second sleep is known after a restart of superd, too; the third lasts. */
Behaviour(history, lists_the_sleeps_of_all)
{
	struct superd *superd = controlled_clock_run(WEB, backend("serve"), "idle_timeout = 10s");
	const char *text;

	superd_port(superd, "web");
	wait_node(control_path());
	cr_expect_str_eq(SUPERCTL(control_path(), "history").out, "nothing was woken\n");
	wake_by_a_client(superd);
	CLOCK_UNTIL(superd, 5 * SECOND_MS, 10, is_in("asleep"));
	clock_advance(superd, HOUR_MS);
	cr_expect(control_is_done(control_once("start web")));
	CLOCK_UNTIL(superd, 5 * SECOND_MS, 10, is_in("asleep"));
	clock_advance(superd, 5 * MINUTE_MS);
	text = SUPERCTL(control_path(), "history", "web").out;
	cr_expect_eq(count_of(text, "\nweb "), 3, "%s", text);
	cr_expect_eq(count_of(text, "127.0.0.1"), 1, "%s", text);
	cr_expect_eq(count_of(text, " operator "), 1, "%s", text);
	expect_in(text, "  1 h ");
	expect_in(strrchr(text, 'w'), "  5 min");
	cr_expect_eq(SUPERCTL(control_path(), "history", "nobody").status, 1);
	cr_expect_eq(SUPERCTL(control_path(), "history", "--since=0s").status, 2);
}
