/* A timer that signals this thread again and again, as a signal that comes before the call interrupts nothing. The
 * signal is SIGURG: nobody watches it, so it is not blocked, and its default is to be ignored. */
#include "os/socket/interrupt.h"

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

static void ignore(int signal)
{
	(void)signal;
}

/* NULL: there is none. A handler without SA_RESTART, which an exec takes away. */
static timer_t *timer_of_thread(void)
{
	static timer_t timer;
	static bool is_made;
	struct sigaction harmless = { .sa_handler = ignore };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGURG };

	if (is_made)
		return &timer;
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (sigaction(SIGURG, &harmless, NULL) < 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
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
#else
static void set(long every)
{
	(void)every;
}
#endif

void interrupt_begin(void)
{
	set(EVERY);
}

void interrupt_end(void)
{
	set(0);
}
