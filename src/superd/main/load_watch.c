/* A thread that looks at the note of what the reading waits for, and for orders to stop, again and again. */
#include "superd/main/load_watch.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "lib/duration_text.h"
#include "lib/log/log.h"
#include "lib/thread.h"
#include "lib/wait_note.h"
#include "os/host/signals.h"
#include "superd/main/takeover.h"

#define LATE 3                          /* seconds until it is named, and doubled each time */

static void name_it(struct load_watch *load_watch, double least)
{
	char what[WAIT_NOTE_MOST], span[DURATION_MOST];
	double seconds;

	if (wait_note_read(what, &seconds) && seconds >= least)
		log_warn(load_watch->log, "not started yet: %s has not answered for %s", what,
			 duration_write_whole(span, seconds));
}

/* A signal to stop that is blocked until superd serves, as the kernel would drop it for process 1
 * (superd/process/pid1); 0: there is none. */
static int find_order(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (size_t n = 0; signals_handled(n); n++) {
		if (signal_is_stop(signals_handled(n)) && sigismember(&pending, signals_handled(n)) == 1)
			return signals_handled(n);
	}
	return 0;
}

static void take_order(int order)
{
	const struct timespec none = { 0 };
	sigset_t orders;

	sigemptyset(&orders);
	sigaddset(&orders, order);
	sigtimedwait(&orders, NULL, &none);
}

/* An order that waits since the last look ends superd, and what the superd before has left running; with SIGQUIT that
 * runs on. */
static void obey(struct load_watch *load_watch)
{
	int before = load_watch->order;

	load_watch->order = find_order();
	if (!before || !load_watch->order)
		return;
	log_notice(load_watch->log, "stop requested before the configuration was read: ending");
	if (load_watch->before && load_watch->order != SIGQUIT) {
		take_order(load_watch->order);  /* another one kills at once */
		takeover_end(load_watch->before, load_watch->options, load_watch->log);
	}
	log_finish(load_watch->log);
	_exit(128 + load_watch->order);
}

/* Looks once a second. */
static void *watch_load(void *context)
{
	struct load_watch *load_watch = context;
	int seconds = 0, pause = LATE;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	pthread_mutex_lock(&load_watch->lock);
	while (!load_watch->is_over) {
		until.tv_sec++;
		while (!load_watch->is_over &&
		       pthread_cond_timedwait(&load_watch->ended, &load_watch->lock, &until) == 0)
			;
		if (load_watch->is_over)
			break;
		obey(load_watch);
		if (++seconds < pause)
			continue;
		name_it(load_watch, LATE / 2.);
		seconds = 0;
		pause *= 2;
	}
	pthread_mutex_unlock(&load_watch->lock);
	return NULL;
}

void load_watch_begin(struct load_watch *load_watch, const struct options *options, struct state_stream *before,
		      struct log *log)
{
	pthread_condattr_t attributes;

	*load_watch = (struct load_watch){ .options = options, .before = before, .log = log };
	wait_note_follow(true);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&load_watch->lock, NULL);
	pthread_cond_init(&load_watch->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	load_watch->runs = thread_start(&load_watch->thread, 0, watch_load, load_watch) == 0;
}

void load_watch_end(struct load_watch *load_watch)
{
	wait_note_follow(false);
	pthread_mutex_lock(&load_watch->lock);
	load_watch->is_over = true;
	pthread_cond_signal(&load_watch->ended);
	pthread_mutex_unlock(&load_watch->lock);
	if (load_watch->runs)
		pthread_join(load_watch->thread, NULL);
	pthread_cond_destroy(&load_watch->ended);
	pthread_mutex_destroy(&load_watch->lock);
}
