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

/* The watchdog of an instance (WATCHDOG=1 of sd_notify(3)). It fires once: an instance that is being stopped, for
 * this or any other reason, need not send anything any more.
 *
 * Silence proves nothing while superd did not run either: a SIGSTOP of all, a frozen container or a paused virtual
 * machine would otherwise have every instance killed when it is over. */
#define HELD_UP 1.                      /* seconds after its time that the timer of a superd that runs never fires */

static double seconds(int64_t microseconds)
{
	return (double)microseconds / 1e6;
}

static void restart_timer(struct notify_state *notice, double wait)
{
	struct ev_loop *loop = notice->instance->engine->loop;

	ev_timer_stop(loop, &notice->watchdog);
	if (wait <= 0. || notice->instance->facts.stopped || !notice->watched || notice->paused)
		return;
	ev_timer_set(&notice->watchdog, wait, 0.);
	ev_timer_start(loop, &notice->watchdog);
}

/* Whether superd itself was held up when the limit passed. libev leaves the time to go in a timer that has fired, so
 * that it is negative. */
static bool is_late(struct ev_loop *loop, ev_timer *timer)
{
	return -ev_timer_remaining(loop, timer) > HELD_UP;
}

static void on_silence(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct notify_state *notice = timer->data;
	char every[32], reason[96];

	(void)events;
	if (is_late(loop, timer)) {
		restart_timer(notice, notice->every);
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

void watchdog_begin(struct notify_state *notice)
{
	const struct service *service = notice->instance->service;

	if (notice->watched)
		return;
	notice->watched = true;
	if (notice->every < 0.)
		notice->every = service_has_watchdog(service) ? seconds(service->groups->lifecycle->watchdog) : 0.;
	restart_timer(notice, notice->every);
}

void watchdog_heard(struct notify_state *notice)
{
	restart_timer(notice, notice->every);
}

void watchdog_change(struct notify_state *notice, int64_t microseconds)
{
	notice->every = seconds(microseconds);
	restart_timer(notice, notice->every);
}

void watchdog_extend(struct notify_state *notice, int64_t microseconds)
{
	struct ev_loop *loop = notice->instance->engine->loop;

	if (ev_is_active(&notice->watchdog) && ev_timer_remaining(loop, &notice->watchdog) < seconds(microseconds))
		restart_timer(notice, seconds(microseconds));
}

void watchdog_pause(struct notify_state *notice)
{
	notice->paused = true;
	ev_timer_stop(notice->instance->engine->loop, &notice->watchdog);
}

void watchdog_resume(struct notify_state *notice)
{
	notice->paused = false;
	restart_timer(notice, notice->every);
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

void watchdog_end(struct notify_state *notice)
{
	ev_timer_stop(notice->instance->engine->loop, &notice->watchdog);
	notice->watched = false;
}
