/* The time of superd under test. With .clock in its setup superd has every clock (tests/clock/clock.c) ahead by what
 * the test has moved it, and all its waits end by it. Its processor time stands still. Real time goes on besides, so a
 * time limit of such a test is minutes or hours long, and is never reached but by a step:
 *
 *	struct superd *superd = clock_run("service web { … idle_timeout = 5min }");
 *	client_ask_pid(superd_port(superd, "web"));
 *	clock_advance(superd, 299 * SECOND_MS);
 *	cr_assert_not(superd_logged(superd, "web: stopping"));
 *	CLOCK_UNTIL(superd, MINUTE_MS, 10, superd_logged(superd, "web: stopping"));
 *
 * All superds of a test have one clock; only one of them may be process 1 of a namespace. Their backends have the
 * machine's clock, and so have helper programs, unless the table of one has "passenv = " CLOCK_PASSED. */
#pragma once

#include "harness.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };

#define CLOCK_PASSED "{ LD_PRELOAD, TEST_CLOCK }"

struct superd *clock_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A step forward. Before it superd and its backends have done all that there was to do, and afterwards what has become
 * due: they sleep again. What a timer begins takes its time from then on, and needs a step of its own. */
void clock_advance(struct superd *superd, long long milliseconds);
void clock_advance_beside(struct superd *superd, long long milliseconds);       /* where a backend does not sleep */
void clock_settle(struct superd *superd);       /* a step of no time */

/* Steps until the condition holds; the test fails when so many were not enough, and superd has not woken since they
 * began. What superd measures begins when it hears of it, as of the end of a connection, which the kernel may tell when
 * the steps are over; and some of its timers wait for each other. */
#define CLOCK_UNTIL(superd, milliseconds, most, condition) \
	for (struct clock_steps steps_ = clock_begin_steps(); !(condition); clock_advance(superd, milliseconds)) \
		clock_count_step(&steps_, most, #condition)

struct clock_steps {
	int count;
	unsigned long woken;            /* clock_wakes when they began */
	long long until;                /* now_ms when the test hangs */
};
struct clock_steps clock_begin_steps(void);
void clock_count_step(struct clock_steps *steps, int most, const char *condition);

void clock_move(long long milliseconds);        /* waits for nothing: for a superd that is not to sleep */
void clock_set_wall(long long milliseconds);    /* how far the time of day is ahead of all other clocks */

/* From now on time passes by steps alone, so a timer of superd's that no step has reached does not expire, however slow
 * the machine is: "at once" is what happens without a step. What superd's helper programs wait for, and timers of the
 * kernel's own, pass in real time as before. superd_stop lets time go on. */
void clock_hold(void);
void clock_go_on(void);
void clock_set_pace(long long milliseconds);            /* each look at the clock takes so long, as on a machine that stands still */

bool clock_is_quiet(struct superd *superd, int fd);     /* nothing to read and no end, two hours later */
void clock_stop(struct superd *superd, long long milliseconds); /* TERM, and steps until it has ended */

/* How often superd has gone on after a wait of its loop; a step alone is no reason to. A stop and SIGCONT, of superd or
 * of its child, is one. */
unsigned long clock_wakes(void);

/* Steps until superd has woken at most so often in so many of them; the test hangs, and fails, if it always does more. */
void clock_expect_wakes(struct superd *superd, long long milliseconds, int steps, unsigned long most);

bool clock_has_waiter(pid_t pid);       /* the process, in this test's namespace, waits by the clock */

/* For the harness: before superd's process is made, and in it. */
void clock_prepare(void);
void clock_enter(void);
