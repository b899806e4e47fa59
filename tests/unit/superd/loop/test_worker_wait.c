/* What the log says of workers that hang: as often as there is something new. */
#include "lib/log/log.h"
#include "superd/loop/engine.h"
#include "superd/loop/worker_wait.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/unit.h"

TestSuite(worker_wait, .timeout = 120);

static struct engine engine;
static unsigned warnings;

static void note_line(void *context, enum level level, const struct event *event, const char *message, size_t length)
{
	(void)context, (void)level, (void)message, (void)length;
	warnings += event->name && !strcmp(event->name, "hanging");
}

static void on_news(struct worker_wait *wait, bool late)
{
	(void)wait, (void)late;
}

/* Each freeze and stop of a service has one of its own. Returns the pid of the process, which is not reaped. */
static pid_t begin_and_end(void)
{
	struct worker_wait wait;
	pid_t pid;

	worker_wait_init(&wait, &engine, on_news);
	worker_wait_begin(&wait, worker_process_start(WORKER_CLOSE, worker_owner("one")), "one", 10.);
	pid = wait.process.pid;
	worker_wait_end(&wait);
	return pid;
}

static void reap(pid_t pid)
{
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	spawn_reaped(pid);
}

/* The test has not reaped them: they are as if they hung in the kernel. */
Test(worker_wait, that_workers_hang_is_told_once_until_one_of_them_has_ended)
{
	pid_t hanging[WORKERS_HANGING_MOST];
	const char *why = NULL;

	engine.loop = ev_default_loop(EVFLAG_NOENV);
	engine.log = log_open("file:/dev/null", false, LEVEL_INFO, &why);
	log_tap(engine.log, LEVEL_DEBUG, note_line, NULL);
	for (size_t n = 0; n < WORKERS_HANGING_MOST; n++)
		hanging[n] = begin_and_end();
	cr_expect_eq(warnings, 0);
	own_clock_advance(1);
	for (int n = 0; n < 3; n++)
		cr_expect_lt(begin_and_end(), 0);
	cr_expect_eq(warnings, 1);
	reap(hanging[0]);
	hanging[0] = begin_and_end();
	own_clock_advance(1);
	for (int n = 0; n < 3; n++)
		cr_expect_lt(begin_and_end(), 0);
	cr_expect_eq(warnings, 2, "another one hangs");
	for (size_t n = 0; n < WORKERS_HANGING_MOST; n++)
		reap(hanging[n]);
	log_close(engine.log);
}
