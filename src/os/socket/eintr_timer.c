/* A timer (timer_create(2)) that signals this thread again and again, as a signal that comes before the call interrupts
 * nothing. The signal is SIGURG, whose default action is to ignore it. superd normally blocks it and reads it from a
 * descriptor; while the timer runs, it is unblocked and has a handler. */
#include "os/socket/eintr_timer.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL 1000000l               /* nanoseconds */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid /* glibc has no name for it before 2.41 */
#endif

static struct sigaction before;
static sigset_t mask_before;

static void on_timer_signal(int signal)
{
	(void)signal;
}

/* Creates the thread's timer on first use. NULL: that failed. */
static timer_t *timer_of_thread(void)
{
	static timer_t timer;
	static pid_t owner;             /* a forked process has none of its parent's timers */
	const pid_t thread = (pid_t)syscall(SYS_gettid);
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGURG };

	if (owner == thread)
		return &timer;
	event.sigev_notify_thread_id = thread;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return NULL;
	owner = thread;
	return &timer;
}

static bool set_timer(long every)
{
	struct itimerspec time = { .it_interval.tv_nsec = every, .it_value.tv_nsec = every };
	timer_t *timer = timer_of_thread();

	return timer && timer_settime(*timer, 0, &time, NULL) == 0;
}

/* The handler has no SA_RESTART, so the call fails with EINTR (signal(7)). */
static void unblock_signal(void)
{
	const struct sigaction harmless = { .sa_handler = on_timer_signal };
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, SIGURG);
	sigaction(SIGURG, &harmless, &before);
	pthread_sigmask(SIG_UNBLOCK, &only, &mask_before);
}

static void restore_signal(void)
{
	pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
	sigaction(SIGURG, &before, NULL);
}

bool eintr_timer_begin(void)
{
	unblock_signal();
	return set_timer(INTERVAL);
}

void eintr_timer_end(void)
{
	set_timer(0);
	restore_signal();
}
