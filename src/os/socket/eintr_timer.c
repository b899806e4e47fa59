/* A timer that signals this thread again and again, as a signal that comes before the call interrupts nothing. The
 * signal is SIGURG, which is ignored by default. superd blocks it, as it watches stray signals by a descriptor: while
 * the timer runs, the signal is let through to a handler of its own. */
#include "os/socket/eintr_timer.h"

#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

#define EVERY 1000000l                  /* nanoseconds */

#if defined(SIGEV_THREAD_ID) && defined(SYS_gettid)
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid /* glibc has no name for it before 2.41 */
#endif

static struct sigaction before;
static sigset_t mask_before;

static void ignore(int signal)
{
	(void)signal;
}

/* NULL: there is none. */
static timer_t *timer_of_thread(void)
{
	static timer_t timer;
	static bool is_made;
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGURG };

	if (is_made)
		return &timer;
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return NULL;
	is_made = true;
	return &timer;
}

static void set(long every)
{
	struct itimerspec time = { .it_interval.tv_nsec = every, .it_value.tv_nsec = every };
	timer_t *timer = timer_of_thread();

	if (timer)
		timer_settime(*timer, 0, &time, NULL);
}

/* The handler is without SA_RESTART, so that the call ends. */
static void let_through(void)
{
	const struct sigaction harmless = { .sa_handler = ignore };
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, SIGURG);
	sigaction(SIGURG, &harmless, &before);
	pthread_sigmask(SIG_UNBLOCK, &only, &mask_before);
}

static void hold_back(void)
{
	pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
	sigaction(SIGURG, &before, NULL);
}
#else
static void set(long every)
{
	(void)every;
}

static void let_through(void)
{
}

static void hold_back(void)
{
}
#endif

void eintr_timer_begin(void)
{
	let_through();
	set(EVERY);
}

void eintr_timer_end(void)
{
	set(0);
	hold_back();
}
