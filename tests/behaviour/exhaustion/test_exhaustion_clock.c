/* A wall clock that jumps by a year, forth and back, below a superd that runs: superd's own alone is set
 * (clock_set_wall). Nothing but access_times and the stamps of the log goes by it. */
#include <time.h>

#include "controlling.h"
#include "harness.h"
#include "notifying.h"
#include "superctl.h"

#define YEAR (365 * 86400L)
#define HOUR 3600L
#define MARGIN HOUR                     /* the steps of the clock count, too */

#define JUMPED ": the wall clock jumped "

static size_t count_of(const char *log, const char *word)
{
	size_t count = 0;

	for (const char *next = read_text(log); next && (next = strstr(next, word)); next++)
		count++;
	return count;
}

/* Where the machine's own clock is set the kernel wakes superd. Here a step does, and superd looks at the clock once in
 * half a second at most. */
static void set_clock(struct superd *superd, const char *log, long seconds)
{
	size_t before = count_of(log, JUMPED);

	clock_set_wall(seconds * SECOND_MS);
	CLOCK_UNTIL(superd, SECOND_MS, 10,
		    (SUPERCTL(control_path(), "list"), count_of(log, JUMPED) > before));
}

static struct superd *run(const char *log, const char *const *further, const char *table)
{
	const char *arguments[8] = { "--control", control_path(), "--log", log };
	const struct setup setup = { .arguments = arguments, .clock = true };
	struct superd *superd;

	for (int n = 0; further && further[n]; n++)
		arguments[4 + n] = further[n];
	superd = superd_run_with(&setup, "%s", table);
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	return superd;
}

/* What the lines of superd's log say that mention the word, as seconds since 1970: of the last one. */
static time_t stamp_of(const char *log, const char *word)
{
	const char *text = read_text(log), *found = NULL, *line;
	struct tm tm = { .tm_isdst = -1 };

	for (const char *next = text; (next = strstr(next, word)); next++)
		found = next;
	cr_assert_not_null(found, "%s is not in: %s", word, text);
	for (line = found; line > text && line[-1] != '\n';)
		line--;
	cr_assert_eq(sscanf(line, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
			    &tm.tm_sec), 6, "%s", line);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return mktime(&tm);
}

static void expect_stamp(const char *log, const char *word, long seconds)
{
	long off = stamp_of(log, word) - time(NULL) - seconds;

	cr_assert(off > -MARGIN && off < MARGIN, "%ld s off: %s", off, read_text(log));
}

/* One with a watchdog, one that is connected, one that has an idle time, one that fails and is tried again. */
static const char *some_of_each(int fed, int talk, int each, int failing)
{
	return text_of("service fed {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n type = notify\n watchdog = 1h\n}\n"
		       "service talk {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n idle_timeout = 12h\n"
		       " runtime_max = 12h\n}\n"
		       "service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"%s\"\n cps = { 50, 12h }\n"
		       " per_source_cpm = 100\n}\n"
		       "service failing {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n backoff_min = 1min\n"
		       " backoff_max = 2min\n}\n",
		       fed, notifier(SAYS_READY), talk, backend("talk"), each, backend("lines"), failing,
		       backend("exit 1"));
}

static void expect_answer(int client, const char *text)
{
	client_send(client, text_of("%s\n", text));
	cr_assert_not_null(strstr(client_line(client), text_of(" %s", text)));
}

static long feed(int port)
{
	int client = client_connect(port);
	long pid = 0;

	client_send(client, "say WATCHDOG=1\n");
	cr_assert_eq(sscanf(client_line(client), "%ld", &pid), 1);
	close(client);
	return pid;
}

static void jump(const char *guard)
{
	const char *const further[] = { guard, NULL };
	const char *log = path_in("log");
	int fed = free_port(), talk = free_port(), each = free_port(), failing = free_port(), clients[3];
	struct superd *superd = run(text_of("file:%s", log), further, some_of_each(fed, talk, each, failing));
	long pid = feed(fed), steps[] = { YEAR, 0, -YEAR, 0 };

	clients[0] = client_connect(talk);
	clients[1] = client_connect(each);
	clients[2] = client_connect(failing);
	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++) {
		const char *word = text_of("marked%zu", n);
		size_t failures;

		set_clock(superd, log, steps[n]);
		expect_answer(clients[0], word);
		expect_answer(clients[1], word);
		cr_assert_eq(feed(fed), pid, "%s", read_text(log));
		client_ask_pid(each);
		cr_assert_eq(SUPERCTL(control_path(), "hold", "talk").status, 0);
		cr_assert_eq(SUPERCTL(control_path(), "release", "talk").status, 0);
		expect_stamp(log, "release", steps[n]);
		failures = count_lines(log);
		CLOCK_UNTIL(superd, MINUTE_MS, 10, count_lines(log) > failures + 2);
		cr_assert_eq(SUPERCTL(control_path(), "status").status, 0);
		cr_assert_eq(SUPERCTL(control_path(), "why", "talk").status, 0);
	}
	for (int n = 0; n < 3; n++)
		close(clients[n]);
	cr_assert_eq(count_of(log, JUMPED "forward by "), 2, "%s", read_text(log));
	cr_assert_eq(count_of(log, JUMPED "back by "), 2, "%s", read_text(log));
	cr_assert_null(strstr(read_text(log), "refused"), "%s", read_text(log));
	cr_assert_null(strstr(read_text(log), "stopping"), "%s", read_text(log));
	superd_stop(superd);
}

Behaviour(exhaustion_clock, a_jump_starts_stops_and_refuses_nobody)
{
	jump(NULL);
}

Behaviour(exhaustion_clock, nor_below_a_guard)
{
	jump("--guard");
}

/* The zone makes the test's hour: with it, now is always some minutes past noon. */
static void begin_at_noon(void)
{
	time_t now = time(NULL);
	long seconds = now % 86400 - 12 * 3600 - 300;
	const char *zone = text_of("TST%s%02ld:%02ld:%02ld", seconds < 0 ? "-" : "", labs(seconds) / 3600,
				   labs(seconds) / 60 % 60, labs(seconds) % 60);

	cr_assert_eq(setenv("TZ", zone, 1), 0);
}

Behaviour(exhaustion_clock, access_times_follow)
{
	int each = free_port(), handed = free_port(), client;
	const char *log = path_in("log");
	struct superd *superd;

	begin_at_noon();
	superd = run(text_of("file:%s", log), NULL,
		     text_of("service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"%s\"\n"
			     " access_times = \"12:00-12:59\"\n}\n"
			     "service handed {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n"
			     " access_times = \"16:00-16:59\"\n}\n",
			     each, backend("stdio"), handed, backend("take 1")));
	client_ask_pid(each);
	client = client_connect(handed);
	client_send(client, "hello\n");
	WAIT_UNTIL(strstr(read_text(log), "handed: its clients wait: no client is allowed before 16:00"));
	set_clock(superd, log, YEAR + 4 * HOUR);
	cr_assert_not_null(strstr(client_line(client), " hello"));
	close(client);
	client = client_connect(each);
	cr_assert(client_sees_end(client));
	close(client);
	WAIT_UNTIL(strstr(read_text(log), "each: refused 127.0.0.1: not at this time of day (access_times)"));
	client = client_connect(handed);
	client_send(client, "again\n");
	cr_assert_not_null(strstr(client_line(client), " again"));
	close(client);
	/* At seven in the morning it is to wait for nine hours, which a year and nine hours before are over. */
	set_clock(superd, log, -5 * HOUR);
	client = client_connect(handed);
	client_send(client, "third\n");
	WAIT_UNTIL(superd_processes(superd) == 0);
	clock_advance(superd, 20 * MINUTE_MS);
	cr_assert(client_is_quiet(client, 0));
	set_clock(superd, log, -YEAR + 4 * HOUR);
	cr_assert_not_null(strstr(client_line(client), " third"));
	close(client);
	set_clock(superd, log, 0);
	client_ask_pid(each);
}
