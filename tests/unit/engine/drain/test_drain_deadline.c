/* How long a backend is waited for, over time that the test makes, and what a machine that has no time for it
 * changes. */
#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/drain/drain_deadline.h"
#include "os/proc/schedstat.h"

TestSuite(patience, .timeout = 120);

static pid_t child_that(bool spins)
{
	pid_t pid = fork();

	if (pid == 0) {
		while (spins)
			;
		for (;;)
			pause();
	}
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
	pid_t pid = child_that(false);
	double time = lasts(pid, always_three);

	end(pid);
	cr_expect(time >= DRAIN_IDLE_MOST && time < DRAIN_IDLE_MOST + .6, "%g", time);
}

Test(patience, begins_anew_whenever_somebody_is_served)
{
	pid_t pid = child_that(false);
	double time = lasts(pid, one_less_each_second);

	end(pid);
	cr_expect(time >= 10. + DRAIN_IDLE_MOST && time < 10.8 + DRAIN_IDLE_MOST, "%g", time);
}

Test(patience, is_not_won_by_clients_who_come)
{
	pid_t pid = child_that(false);
	double time = lasts(pid, now_more_now_less);

	end(pid);
	cr_expect(time < DRAIN_IDLE_MOST + .6, "%g", time);
}

Test(patience, has_an_end_whoever_is_served)
{
	double time = lasts(0, one_less_each_tenth);

	cr_expect(time >= DRAIN_DURATION_MOST - .1 && time < DRAIN_DURATION_MOST + .3, "%g", time);
}

static double clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void spin(double seconds)
{
	for (double until = clock_now() + seconds; clock_now() < until;)
		;
}

/* A processor for two that want it all the time: the clock says twice what each has had. */
Test(patience, does_not_count_time_in_which_a_backend_had_no_processor)
{
	struct drain_deadline patience;
	cpu_set_t all, one;
	double began;
	int first = 0;
	pid_t pid;

	if (schedstat_run_delay(getpid()) < 0)
		cr_skip_test("this kernel does not tell how long a process waited for a processor");
	cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	pid = child_that(true);
	began = clock_now();
	drain_deadline_begin(&patience, began);
	drain_deadline_is_over(&patience, began, pid, 1);
	while (clock_now() - began < .6) {
		spin(.05);
		drain_deadline_is_over(&patience, clock_now(), pid, 1);
	}
	end(pid);
	cr_expect_lt(patience.idle, .75 * (clock_now() - began));
}
