/* How long a backend is waited for, over time that the test makes, and what a machine that has no time for it
 * changes. */
#include "superd/stop/drain_deadline.h"
#include "tests/unit/unit.h"

TestSuite(patience, .timeout = 120);

static double run_delay;                /* seconds that the child has waited for a processor */

double __wrap_schedstat_run_delay(pid_t pid);
double __wrap_schedstat_run_delay(pid_t pid)
{
	(void)pid;
	return run_delay;
}

static pid_t child_that_sleeps(void)
{
	pid_t pid = fork();

	while (pid == 0)
		pause();
	cr_assert_gt(pid, 0);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Seconds until it is over, when one look in 0.05 s finds as many clients as left says. */
static double lasts(pid_t pid, unsigned (*left)(double time))
{
	struct drain_deadline patience;

	drain_deadline_begin(&patience, 100.);
	for (double time = 0; time < 100.; time += .05) {
		if (drain_deadline_is_over(&patience, 100. + time, pid, left(time)))
			return time;
	}
	return 100.;
}

static unsigned always_three(double time)
{
	(void)time;
	return 3;
}

static unsigned one_less_each_second(double time)
{
	return time < 10. ? 20 - (unsigned)time : 10;
}

static unsigned one_less_each_tenth(double time)
{
	return 1000 - (unsigned)(10. * time);
}

static unsigned now_more_now_less(double time)
{
	return 3 + (unsigned)(20. * time) % 2;
}

Test(patience, is_over_when_a_sleeping_backend_takes_nobody)
{
	pid_t pid = child_that_sleeps();
	double time = lasts(pid, always_three);

	end(pid);
	cr_expect(time >= DRAIN_IDLE_MOST && time < DRAIN_IDLE_MOST + .6, "%g", time);
}

Test(patience, begins_anew_whenever_somebody_is_served)
{
	pid_t pid = child_that_sleeps();
	double time = lasts(pid, one_less_each_second);

	end(pid);
	cr_expect(time >= 10. + DRAIN_IDLE_MOST && time < 10.8 + DRAIN_IDLE_MOST, "%g", time);
}

Test(patience, is_not_won_by_clients_who_come)
{
	pid_t pid = child_that_sleeps();
	double time = lasts(pid, now_more_now_less);

	end(pid);
	cr_expect(time < DRAIN_IDLE_MOST + .6, "%g", time);
}

Test(patience, has_an_end_whoever_is_served)
{
	double time = lasts(0, one_less_each_tenth);

	cr_expect(time >= DRAIN_DURATION_MOST - .1 && time < DRAIN_DURATION_MOST + .3, "%g", time);
}

/* Of two that want one processor all the time each has half of it. */
Test(patience, does_not_count_time_in_which_a_backend_had_no_processor)
{
	struct drain_deadline patience;
	pid_t pid = child_that_sleeps();

	drain_deadline_begin(&patience, 100.);
	for (double time = 0; time < 1.; time += .05) {
		run_delay = time / 2;
		drain_deadline_is_over(&patience, 100. + time, pid, 1);
	}
	end(pid);
	cr_expect_float_eq(patience.idle, .5, .1, "%g", patience.idle);
}
