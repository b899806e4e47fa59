/* Acts on the messages of an instance. They may come at any time; one that comes too late, as READY after STOPPING,
 * or any from an instance that is being stopped, must change nothing. */
#include "superd/instance/notify_handle.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/proc/process.h"
#include "superd/instance/fdstore_policy.h"
#include "superd/instance/main_pid.h"
#include "superd/instance/watchdog.h"
#include "superd/loop/fd_watch.h"
#include "superd/runtime/runtime.h"

#define RESET_SECONDS 10.               /* seconds that an instance must have run before RESTART_RESET=1 counts */

/* It is not ready, nor was before it was stopped. */
static bool is_starting(const struct instance *instance)
{
	return instance_is_starting(instance) || instance->facts.unready;
}

static void stop_limit(struct notify_state *notice)
{
	ev_timer_stop(notice->instance->engine->loop, &notice->limit);
}

static void set_limit(struct notify_state *notice, int64_t microseconds)
{
	stop_limit(notice);
	if (microseconds <= 0 || microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&notice->limit, (double)microseconds / 1e6, 0.);
	ev_timer_start(notice->instance->engine->loop, &notice->limit);
}

static void start_limit(struct notify_state *notice, int64_t microseconds)
{
	allowance_begin(&notice->allowance, microseconds);
	set_limit(notice, microseconds);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct notify_state *notice = timer->data;

	(void)loop, (void)events;
	if (notice->instance->facts.stopped)
		return;
	if (notice->stopping) {
		notify_state_fail(notice, notice->instance->facts.stop_signal,
				  "it sent STOPPING=1, and has not ended within timeout_stop");
	} else if (notice->reloading) {
		notice->reloading = false;
		notify_state_say(notice, LEVEL_WARNING, "reloaded",
				 "pid %ld has not sent READY=1 within timeout_start of its RELOADING=1: it runs on",
				 (long)notice->instance->pid);
	}
}

struct notify_state *notify_state_new(struct instance *instance, unsigned access)
{
	struct notify_state *notice = calloc(1, sizeof(*notice));

	if (!notice)
		return NULL;
	notice->instance = instance;
	notice->access = access;
	list_init(&notice->link);
	list_init(&notice->last.link);
	ev_init(&notice->limit, on_limit);
	notice->limit.data = notice;
	watchdog_init(notice);
	main_pid_init(notice);
	return notice;
}

void notify_state_free(struct notify_state *notice)
{
	if (!notice)
		return;
	list_remove(&notice->link);
	list_remove(&notice->last.link);
	stop_limit(notice);
	watchdog_end(notice);
	main_pid_forget(notice);
	free(notice);
}

void notify_state_watch(struct instance *instance)
{
	if (instance->notice && !is_starting(instance))
		watchdog_begin(instance->notice);
}

/* Keeps the first NOTE_TEXT bytes of a text, without control characters. */
static void keep_text(char *out, struct note_text text)
{
	struct buf visible = { 0 };

	buf_visible(&visible, text.at, text.length);
	buf_cut(&visible, NOTE_TEXT);
	snprintf(out, NOTE_TEXT + 1, "%s", buf_string(&visible));
	buf_free(&visible);
}

/* As systemd since 262: without a handler for reload_signal the first reload would end the instance. */
static bool survives_reload(struct notify_state *notice)
{
	const struct instance *instance = notice->instance;
	int signal = instance->service->groups->lifecycle->reload_signal;
	char name[32];

	if (instance->service->exec->type != TYPE_NOTIFY_RELOAD || signal == SIGSTOP ||
	    process_survives(instance->pid, signal))
		return true;
	notify_state_say(notice, LEVEL_NOTICE, "stopping",
			 "pid %ld sent READY=1 without a handler of reload_signal, %s", (long)instance->pid,
			 scan_signal_name(signal, name));
	return false;
}

static void take_ready(struct notify_state *notice)
{
	struct instance *instance = notice->instance;

	if (notice->reloading) {
		notice->reloading = false;
		notice->reloads++;
		stop_limit(notice);
		notify_state_say(notice, LEVEL_INFO, "reloaded", "pid %ld has reloaded", (long)instance->pid);
	}
	watch_wake_changes(instance->engine);
	if (!instance_is_starting(instance) || instance->search)
		return;
	if (!survives_reload(notice)) {
		instance->facts.result = RESULT_PROTOCOL;
		notify_state_fail(notice, notice->instance->facts.stop_signal,
				  "its type is notify-reload");
		return;
	}
	notify_state_say(notice, LEVEL_INFO, "ready", "pid %ld is ready", (long)instance->pid);
	instance_be_ready(instance);
}

static void take_reloading(struct notify_state *notice)
{
	const struct instance *instance = notice->instance;

	if (is_starting(instance) || notice->reloading)
		return;
	notice->reloading = true;
	start_limit(notice, instance->service->groups->lifecycle->timeout_start);
	notify_state_say(notice, LEVEL_INFO, "reloading", "pid %ld reloads", (long)instance->pid);
}

/* timeout_stop counts in place of runtime_max, as in systemd; a drained instance keeps the limit of its drain. */
static void take_stopping(struct notify_state *notice)
{
	struct instance *instance = notice->instance;

	notice->stopping = true;
	notice->reloading = false;
	watchdog_end(notice);
	if (instance->facts.stopped)
		return;
	start_limit(notice, instance->service->groups->lifecycle->timeout_stop);
	if (!is_starting(instance) && !instance->retired)
		instance_limit(instance, SCAN_INFINITY);
	notify_state_say(notice, LEVEL_INFO, "stopping", "pid %ld is about to end", (long)instance->pid);
}

/* In one message STOPPING counts alone; RELOADING with READY means a reload that is done already (sd_notify(3)). */
static void take_state(struct notify_state *notice, const struct notify_message *message)
{
	if (notice->stopping) {
		if (message->ready || message->reloading)
			notify_state_say(notice, LEVEL_NOTICE, "notification",
					 "pid %ld sent READY=1 or RELOADING=1 after its STOPPING=1: STOPPING=1 is "
					 "final",
					 (long)notice->instance->pid);
		return;
	}
	if (message->stopping) {
		take_stopping(notice);
		return;
	}
	if (message->reloading)
		take_reloading(notice);
	if (message->ready)
		take_ready(notice);
}

static void take_error_name(struct notify_state *notice, char *kept, struct note_text name, const char *kind)
{
	if (!name.at || (strlen(kept) == name.length && !memcmp(kept, name.at, name.length)))
		return;
	keep_text(kept, name);
	notify_state_say(notice, LEVEL_NOTICE, "error", "pid %ld reports a %s error: %s", (long)notice->sender, kind,
			 kept);
}

static void take_texts(struct notify_state *notice, const struct notify_message *message)
{
	if (message->status.at) {
		keep_text(notice->status, message->status);
		notify_state_say(notice, LEVEL_DEBUG, "status", "pid %ld: %s", (long)notice->sender, notice->status);
	}
	if (message->error > 0 && message->error != notice->error)
		notify_state_say(notice, LEVEL_NOTICE, "error", "pid %ld reports error %d: %s", (long)notice->sender,
				 (int)message->error, strerror((int)message->error));
	if (message->error != NOTE_UNSET)
		notice->error = (int)message->error;
	take_error_name(notice, notice->bus_error, message->bus_error, "D-Bus");
	take_error_name(notice, notice->varlink_error, message->varlink_error, "Varlink");
}

/* Extends the present time limit, of the start, the run or the stop, and the watchdog. */
static void take_extend(struct notify_state *notice, int64_t microseconds)
{
	struct ev_loop *loop = notice->instance->engine->loop;
	bool patient = ev_is_active(&notice->limit);
	int64_t left = patient ? allowance_left(&notice->allowance, microseconds) : microseconds;
	bool granted = instance_extend(notice->instance, microseconds) && left == microseconds;

	watchdog_extend(notice, microseconds);
	if (patient && ev_timer_remaining(loop, &notice->limit) < (double)left / 1e6)
		set_limit(notice, left);
	if (granted || notice->extension_refused)
		return;
	notice->extension_refused = true;
	notify_state_say(notice, LEVEL_NOTICE, "notification",
			 "pid %ld requests more than ten times its limit by EXTEND_TIMEOUT_USEC: the limit is not "
			 "extended",
			 (long)notice->sender);
}

/* From an instance that has not run well for a while it would only keep the pauses between failures short. */
static void take_reset(struct notify_state *notice)
{
	struct service_runtime *runtime = notice->instance->context;
	double lasted = clock_now() - notice->instance->since;

	if (!is_starting(notice->instance) && lasted >= RESET_SECONDS)
		backoff_reset(&runtime->backoff);
	else
		notify_state_say(notice, LEVEL_DEBUG, "notification",
				 "pid %ld sent RESTART_RESET=1 within its first 10 s", (long)notice->sender);
}

static void take_watchdog(struct notify_state *notice, const struct notify_message *message)
{
	if (message->watchdog_every != NOTE_UNSET)
		watchdog_change(notice, message->watchdog_every);
	if (message->watchdog)
		watchdog_heard(notice);
	if (message->trigger)
		watchdog_bark(notice, "it sent WATCHDOG=trigger");
}

static void take_access(struct notify_state *notice, int access)
{
	static const char *const names[] = { "none", "main", "exec", "all" };

	notice->access = (unsigned)access;
	notify_state_say(notice, LEVEL_INFO, "notification", "pid %ld: notify_access is %s until it ends",
			 (long)notice->sender, names[access]);
}

void notify_state_take(struct notify_state *notice, const struct notify_message *message,
		       const struct notification *notification, struct received *received, bool by_root)
{
	notice->sender = notification->pid;
	if (message->wrong.at)
		notify_state_say(notice, LEVEL_WARNING, "notification", "pid %ld: passed over: %.*s",
				 (long)notification->pid, message->wrong.length < 80 ? (int)message->wrong.length : 80,
				 message->wrong.at);
	main_pid_take(notice, message, notification, received, by_root);
	if (message->extend != NOTE_UNSET)
		take_extend(notice, message->extend);
	take_texts(notice, message);
	fdstore_policy_take(notice->instance->context, message, received, notice->instance->user);
	if (message->access != NOTE_UNSET)
		take_access(notice, message->access);
	if (message->reset)
		take_reset(notice);
	take_watchdog(notice, message);
	take_state(notice, message);
	runtime_note_change(notice->instance->context);
}
