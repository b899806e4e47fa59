/* What superd logs when the wall clock was set. */
#include "lib/clock.h"
#include "superd/supervisor/supervisor.h"
#include "tests/unit/unit.h"

static struct supervisor supervisor;
static char line[512];

static void note_line(void *context, enum level level, const struct event *event, const char *message, size_t length)
{
	(void)context;
	cr_expect_eq(level, LEVEL_NOTICE);
	cr_expect_str_eq(event->name, "clock");
	snprintf(line, sizeof(line), "%.*s", (int)length, message);
}

static const char *set_clock(double seconds)
{
	*line = '\0';
	supervisor.clock_ahead = clock_wall() - clock_now() - seconds;
	ev_invoke(supervisor.engine.loop, &supervisor.clock_jump, 0);
	return line;
}

/* A time service may set the clock by some milliseconds, again and again. */
Test(clock_step, of_a_second_is_logged_and_none_below)
{
	const char *why;

	supervisor.engine.log = log_open("file:/dev/null", false, LEVEL_INFO, &why);
	cr_assert(supervisor.engine.log);
	cr_assert(supervisor_init(&supervisor, &why), "%s", why);
	log_tap(supervisor.engine.log, LEVEL_DEBUG, note_line, NULL);
	cr_expect_str_empty(set_clock(.004));
	cr_expect_str_empty(set_clock(-.8));
	cr_expect(strstr(set_clock(12.4), " jumped forward by 12 s: "), "%s", line);
	cr_expect(strstr(set_clock(-90.4), " jumped back by 1 min 30 s: "), "%s", line);
	supervisor_free(&supervisor);
	log_close(supervisor.engine.log);
}
