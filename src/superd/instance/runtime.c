/* Answers questions about a service from its data, posts events, and keeps the reason and the timer of its pauses. */
#include "superd/instance/runtime.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "os/proc/process.h"
#include "table/services/diff.h"

_Static_assert(STATES <= 16, "posted_state has 4 bits");

void runtime_post(struct service_runtime *runtime, unsigned event)
{
	if (!events_posted(&runtime->posted))
		runtime->posted_state = runtime_state(runtime);
	events_post(runtime->engine, &runtime->posted, (unsigned char)event);
}

struct service_state runtime_next(const struct service_runtime *runtime)
{
	struct service_state state = runtime->state;

	for (size_t n = 0; n < POSTED_MOST && runtime->posted.events[n]; n++) {
		unsigned event = runtime->posted.events[n] - 1u;

		if (event < SERVICE_EVENTS)
			state = service_transition(runtime->service->exec->accept, state,
						   (enum service_event)event).next;
	}
	return state;
}

enum state runtime_next_state(const struct service_runtime *runtime)
{
	return state_of(runtime_next(runtime));
}

static void on_run_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	runtime_post(timer->data, TIMER);
}

static void on_socket_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	runtime_post(timer->data, SOCKETS_DUE);
}

void runtime_stop_timer(struct service_runtime *runtime)
{
	if (runtime->run)
		ev_timer_stop(runtime->engine->loop, &runtime->run->timer);
}

static void run_init(struct service_run *run, struct service_runtime *runtime)
{
	run->runtime = runtime;
	list_init(&run->leaving);
	list_init(&run->fd_wait);
	list_init(&run->start.link);
	list_init(&run->wanting);
	ev_init(&run->timer, on_run_timer);
	run->timer.data = runtime;
	ev_init(&run->socket_timer, on_socket_timer);
	run->socket_timer.data = runtime;
	list_init(&run->instances);
	start_kit_init(&run->kit, runtime->engine);
	run->stats.state_times.entered = runtime->since;
}

void runtime_note_change(struct service_runtime *runtime)
{
	runtime->unsaved = true;
	runtime->engine->unsaved = true;
}

struct service_run *runtime_make_run(struct service_runtime *runtime)
{
	if (runtime->run)
		return runtime->run;
	runtime->run = calloc(1, sizeof(*runtime->run));
	if (runtime->run)
		run_init(runtime->run, runtime);
	return runtime->run;
}

const struct service_stats *runtime_stats(const struct service_runtime *runtime)
{
	return runtime && runtime->run ? &runtime->run->stats : &no_stats;
}

struct list *runtime_instances(struct service_runtime *runtime)
{
	static const struct list none = { (struct list *)(uintptr_t)&none, (struct list *)(uintptr_t)&none };

	return runtime->run ? &runtime->run->instances : (struct list *)(uintptr_t)&none;
}

bool runtime_is_empty(struct service_runtime *runtime)
{
	return list_empty(runtime_instances(runtime));
}

bool runtime_is_full(const struct service_runtime *runtime)
{
	return runtime->instance_count >= (uint64_t)runtime->service->groups->access->instances;
}

bool runtime_is_complete(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (!listener_is_open(&runtime->listeners[n]) && !listener_absence(&runtime->listeners[n]))
			return false;
	}
	return true;
}

struct file_id *runtime_list_sockets(const struct service_runtime *runtime, size_t *count)
{
	struct file_id *list = calloc(runtime->listener_count + 1, sizeof(*list));
	struct stat status;

	*count = 0;
	for (size_t n = 0; list && n < runtime->listener_count; n++) {
		if (listener_is_open(&runtime->listeners[n]) && fstat(runtime->listeners[n].fd, &status) == 0)
			list[(*count)++] = (struct file_id){ status.st_dev, status.st_ino };
	}
	return list;
}

bool runtime_is_being_restored(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_is_asked(&runtime->listeners[n]))
			return true;
	}
	return false;
}

bool runtime_has_old_options(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (runtime->listeners[n].is_old)
			return true;
	}
	return false;
}

bool runtime_refuses(const struct service_runtime *runtime)
{
	return runtime_state(runtime) == BACKOFF && runtime->backoff.failures &&
		runtime->service->groups->lifecycle->backoff_refuse;
}

static void set_reason(struct service_run *run, const char *event, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void set_reason(struct service_run *run, const char *event, const char *format, va_list arguments)
{
	if (!run)
		return;
	run->unlogged_event = event;
	vsnprintf(run->reason, sizeof(run->reason), format, arguments);
}

const char *runtime_reason(const struct service_runtime *runtime)
{
	return runtime->run && *runtime->run->reason ? runtime->run->reason : "out of memory";
}

double runtime_pause_left(const struct service_runtime *runtime)
{
	bool pauses = runtime_state(runtime) == BACKOFF || runtime_state(runtime) == BINDING;

	if (!pauses || !runtime->run || !ev_is_active(&runtime->run->timer))
		return -1;
	return number_max(ev_timer_remaining(runtime->engine->loop, &runtime->run->timer), 0);
}

void runtime_pause(struct service_runtime *runtime, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_reason(runtime_make_run(runtime), NULL, format, arguments);
	va_end(arguments);
}

void runtime_fail(struct service_runtime *runtime, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set_reason(runtime_make_run(runtime), event, format, arguments);
	va_end(arguments);
}

void runtime_fail_alike(struct service_runtime *runtime)
{
	if (runtime->run)
		runtime->run->reason_logged = true;
}

void runtime_end_superd(struct service_runtime *runtime, int status)
{
	struct engine *engine = runtime->engine;

	log_error(engine->log, "%s: on_failure = exit: leaving", runtime->service->name);
	if (engine->events.failed)
		return;
	engine->events.failed = true;
	if (WIFSIGNALED(status))
		engine->events.exit_status = 128 + WTERMSIG(status);
	else
		engine->events.exit_status = WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
	events_feed(engine);
}

/* A service with sockets is started by its next client. superd must start one without sockets itself. */
bool runtime_starts_again(const struct service_runtime *runtime)
{
	const struct exec_options *options = runtime->service->exec;

	return options->start == START_BOOT && options->type != TYPE_ONESHOT && !runtime->listener_count &&
	       runtime->service->groups->restart->restart == RESTART_DEFAULT;
}

void runtime_start_anew(struct service_runtime *runtime)
{
	if (runtime->service->groups->restart->restart == RESTART_DEFAULT)
		runtime->started = false;
}

/* runtime_start_due has the time of a start by `restart`. */
bool runtime_starts_at_boot(const struct service_runtime *runtime)
{
	const struct exec_options *options = runtime->service->exec;

	return options->start == START_BOOT && !options->accept && !runtime->halted &&
	       (!runtime->started || runtime_starts_again(runtime));
}

bool runtime_waits_for_order(const struct service_runtime *runtime)
{
	return !runtime->listener_count && runtime_start_due(runtime) <= 0 && !runtime_starts_at_boot(runtime);
}

void runtime_start_timer(struct service_runtime *runtime, double seconds)
{
	runtime_stop_timer(runtime);
	ev_timer_set(&runtime->run->timer, seconds, 0.);
	ev_timer_start(runtime->engine->loop, &runtime->run->timer);
}

bool runtime_keeps_instances(const struct service_runtime *runtime)
{
	bool would_serve_on = runtime_is_disabled(runtime) &&
		!runtime->service->exec->accept;     /* its instance has the sockets */

	return service_on_remove(runtime->service, runtime->service) != REMOVE_STOP && !runtime->engine->stopping &&
	       !would_serve_on;
}

enum history_phase runtime_phase(const struct service_runtime *runtime)
{
	bool has_failed = runtime->backoff.failures;

	switch (runtime_state(runtime)) {
	case LISTENING:
		return runtime->instance_count ? HISTORY_RUNNING : HISTORY_ASLEEP;
	case QUEUED:
	case STARTING:
		return HISTORY_STARTING;
	case RUNNING:
	case STOPPING:
	case CLOSING:
		return HISTORY_RUNNING;
	case FULL:
		return runtime->instance_count ? HISTORY_RUNNING : HISTORY_STARTING;
	case FROZEN:
		return HISTORY_FROZEN;
	case HELD:
		return HISTORY_PAUSED;
	case BACKOFF:
		return has_failed ? HISTORY_FAILED : HISTORY_PAUSED;
	case BINDING:
		return has_failed ? HISTORY_FAILED : HISTORY_OFF;
	case OFF:
	case STATES:
		break;
	}
	return HISTORY_OFF;
}

void runtime_note_phase(struct service_runtime *runtime)
{
	struct history *history = runtime->run ? &runtime->run->history : NULL;
	enum history_phase phase;

	if (!history)
		return;
	phase = runtime_phase(runtime);
	if (!history->has_begun)
		history_begin(history, phase, runtime->since, &runtime->engine->history_bytes);
	if (history_now(history) != phase)
		history_enter(history, phase, clock_now());
}
