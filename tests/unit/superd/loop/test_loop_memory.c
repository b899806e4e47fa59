/* Memory runs out, and libev needs more of it. */
#include <criterion/criterion.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "superd/loop/loop_memory.h"

#define WATCHERS 400

static ev_timer timers[WATCHERS];

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
}

/* Takes all there is, the smallest pieces too. */
static void exhaust(void)
{
	const struct rlimit none = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_AS, &none);
	for (size_t size = 1 << 20; size >= 16; size /= 2) {
		for (void *piece; (piece = malloc(size)); )
			memset(piece, 1, 1);
	}
}

/* In a process of its own: it has no memory left. */
static int status_of(bool (*keep)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct ev_loop *loop;

		keep();
		loop = ev_loop_new(EVFLAG_AUTO);
		exhaust();
		for (size_t n = 0; n < WATCHERS; n++) {
			ev_timer_init(&timers[n], on_timer, 1000., 0.);
			ev_timer_start(loop, &timers[n]);
		}
		ev_run(loop, EVRUN_NOWAIT);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static bool keep_nothing(void)
{
	return true;
}

static bool is_sanitized(void)
{
	const char *sanitized = getenv("SANITIZED");

	return sanitized && !strcmp(sanitized, "yes");
}

Test(loop_memory, there_is_some_for_the_loop_when_all_else_is_taken)
{
	if (is_sanitized())
		cr_skip_test("sanitizers have an allocator of their own");
	cr_assert(WIFSIGNALED(status_of(keep_nothing)), "all of the memory was not taken");
	cr_assert_eq(status_of(loop_memory_keep), 0);
}
