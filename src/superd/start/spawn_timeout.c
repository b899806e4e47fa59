/* A thread that kills starts which take too long, or which their user has stopped.
 *
 * It costs starts next to nothing: while there are starts it wakes by itself, so a start need not wake it; without
 * starts it sleeps without a timer. */
#include "superd/start/spawn_timeout.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "lib/thread.h"
#include "os/proc/process.h"
#include "os/rights/own_privileges.h"
#include "os/rights/required_caps.h"

#define THREAD_STACK (64 << 10)

double spawn_timeout_seconds = 5;

/* One thread for all starts of the process, whichever threads they are from. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t start_begun;      /* waits by CLOCK_MONOTONIC; initialised with the thread */
static struct spawn_timeout *starts;
static pthread_t thread;
static bool is_watching, is_made, stops;

/* superd may have been stopped itself, so that its threads have not seen yet that the program runs, and may serve a
 * client: that one does not hang. A kernel may not tell it from others, so one look is not enough. */
bool spawn_hangs(pid_t pid, double age)
{
	struct process process = { 0 };

	process_read(pid, &process);
	return !process.has_executed && (age >= spawn_timeout_seconds || (age >= SPAWN_LOOK && process.is_stopped));
}

/* Kills what hangs at two looks in a row. */
static void kill_slow_starts(double now)
{
	for (struct spawn_timeout *start = starts; start; start = start->next) {
		bool hung = start->hangs;

		if (start->pid <= 0 || start->ended)
			continue;
		start->hangs = spawn_hangs(start->pid, now - start->since);
		if (hung && start->hangs)
			start->ended = kill(start->pid, SIGKILL) == 0;
	}
}

static void wait_for_look(void)
{
	struct timespec until;
	double seconds = number_min(spawn_timeout_seconds / 2, SPAWN_LOOK);

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	while (!stops && pthread_cond_timedwait(&start_begun, &lock, &until) == 0)
		;
}

static void *watch_starts(void *unused)
{
	(void)unused;
	own_privileges_use(CAPS_TO_KILL);
	pthread_mutex_lock(&lock);
	while (!stops) {
		is_watching = starts != NULL;
		if (is_watching)
			wait_for_look();
		else
			pthread_cond_wait(&start_begun, &lock);
		kill_slow_starts(clock_now());
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* By the wall clock, a wait would last until a clock that is set back has caught up, and starts that hang as long. */
static bool make_condition(void)
{
	pthread_condattr_t attributes;
	bool made;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
	       pthread_cond_init(&start_begun, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return made;
}

static bool make_thread(void)
{
	if (!make_condition())
		return false;
	if (thread_start(&thread, THREAD_STACK, watch_starts, NULL) == 0)
		return true;
	pthread_cond_destroy(&start_begun);
	return false;
}

void spawn_timeout_begin(struct spawn_timeout *timeout)
{
	*timeout = (struct spawn_timeout){ .since = clock_now() };
	pthread_mutex_lock(&lock);
	if (!is_made)
		is_made = make_thread();
	timeout->next = starts;
	timeout->place = &starts;
	if (starts)
		starts->place = &timeout->next;
	starts = timeout;
	if (is_made && !is_watching)
		pthread_cond_signal(&start_begun);
	is_watching = true;
	pthread_mutex_unlock(&lock);
}

void spawn_timeout_end(struct spawn_timeout *timeout)
{
	pthread_mutex_lock(&lock);
	*timeout->place = timeout->next;
	if (timeout->next)
		timeout->next->place = timeout->place;
	pthread_mutex_unlock(&lock);
}

void spawn_timeout_stop(void)
{
	if (!is_made)
		return;
	pthread_mutex_lock(&lock);
	stops = true;
	pthread_cond_signal(&start_begun);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	pthread_cond_destroy(&start_begun);
	stops = is_made = is_watching = false;
}
