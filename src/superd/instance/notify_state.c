/* Logs about an instance, fails it, and watches that it is not silent. */
#include "superd/instance/notify_state.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/scan.h"

void notify_state_say(const struct notify_state *notice, enum level level, const char *name, const char *format, ...)
{
	const struct instance *instance = notice->instance;
	struct event event = { .name = name, .service = instance->service->name, .pid = instance->pid };
	struct log *log = instance->engine->log;
	char text[512];
	va_list arguments;

	if (!log_wants(log, level))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_event(log, level, &event, "%s", text);
}

void notify_state_fail(struct notify_state *notice, int stop_signal, const char *reason)
{
	struct instance *instance = notice->instance;

	instance->facts.stop_signal = stop_signal;
	notify_state_say(notice, LEVEL_NOTICE, "stopping", "stopping pid %ld: %s", (long)instance->pid, reason);
	instance->facts.failed = true;
	instance->ops->limit(instance);
}

/* ---- the watchdog ---- */

/* It fires once: an instance that is being stopped, for this or any other reason, need not send anything any more.
 *
 * Silence proves nothing while superd did not run either: a SIGSTOP of all, a frozen container or a paused virtual
 * machine would otherwise have every instance killed when it is over. */
#define HELD_UP 1.                      /* seconds after its time that the timer of a superd that runs never fires */

void watchdog_start(struct notify_state *notice, double seconds)
{
	struct ev_loop *loop = notice->instance->engine->loop;

	ev_timer_stop(loop, &notice->watchdog);
	if (seconds <= 0. || notice->instance->facts.stopped || !notice->watched || notice->paused)
		return;
	ev_timer_set(&notice->watchdog, seconds, 0.);
	ev_timer_start(loop, &notice->watchdog);
}

void watchdog_pause(struct notify_state *notice, bool pauses)
{
	notice->paused = pauses;
	watchdog_start(notice, notice->every);
}

void watchdog_end(struct notify_state *notice)
{
	ev_timer_stop(notice->instance->engine->loop, &notice->watchdog);
	notice->watched = false;
}

void watchdog_bark(struct notify_state *notice, const char *reason)
{
	struct instance *instance = notice->instance;

	watchdog_end(notice);
	if (instance->facts.stopped)
		return;
	if (!instance->facts.result)
		instance->facts.result = RESULT_WATCHDOG;
	notify_state_fail(notice, instance->service->groups->lifecycle->watchdog_signal, reason);
}

/* libev leaves the time to go in a timer that has fired, so that it is negative. */
static void on_silence(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct notify_state *notice = timer->data;
	bool was_held_up = -ev_timer_remaining(loop, timer) > HELD_UP;
	char every[32], reason[96];

	(void)events;
	if (was_held_up) {
		watchdog_start(notice, notice->every);
		return;
	}
	scan_duration_format((int64_t)(notice->every * 1e6), every);
	snprintf(reason, sizeof(reason), "it has not sent WATCHDOG=1 for %s", every);
	watchdog_bark(notice, reason);
}

void watchdog_init(struct notify_state *notice)
{
	ev_init(&notice->watchdog, on_silence);
	notice->watchdog.data = notice;
	notice->every = -1.;
}
