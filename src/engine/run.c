/* Instances that are handed the listeners. The hard thing is to judge an end: exit 0 is good however short its
 * life, but a backend that ends again and again without taking anybody from the queue would spin. The queue's
 * length hints at it; before anybody is made to wait the identities of those queued must prove it (sys/backlog). */
#include "engine/run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/scan.h"
#include "engine/advice.h"
#include "engine/daemon.h"
#include "engine/permit.h"
#include "engine/record.h"
#include "engine/run_say.h"
#include "sys/bind.h"
#include "sys/directories.h"

#define PATIENCE_MOST 4096              /* a backend proved to take its clients is looked at ever more rarely */
#define UNPROVED 60                     /* ends in a row that look fruitless where nothing can be proved */
#define AT_ONCE 1.0                     /* seconds: a backend without sockets that ends sooner has failed */

static unsigned count_waiting(const struct keeper *keeper)
{
	unsigned waiting = 0;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		int queued = bind_queue(keeper->listeners[n].io.fd, keeper->listeners[n].listen);

		if (queued < 0) {
			struct pollfd ready = { keeper->listeners[n].io.fd, POLLIN, 0 };

			queued = poll(&ready, 1, 0) > 0;
		}
		waiting += (unsigned)queued;
	}
	return waiting;
}

static void note_queue(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	activity->waiting = activity->left ? activity->left : count_waiting(keeper);
	activity->left = 0;
	activity->exact = false;
	for (size_t n = 0; activity->fruitless >= activity->patience && n < keeper->listener_count && !activity->exact;
	     n++) {
		activity->exact =
			backlog_take(keeper->listeners[n].io.fd, keeper->listeners[n].listen, &activity->backlog) &&
			activity->backlog.count;
	}
}

/* With several listeners it suffices that one has moved; the one whose queue was noted is found by its own
 * identities. */
static bool has_moved(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (!backlog_moved(keeper->listeners[n].io.fd, keeper->listeners[n].listen, &keeper->activity->backlog))
			return false;
	}
	return true;
}

/* Whether this good end is one of a row of ends that took nothing. */
static bool is_fruitless(struct keeper *keeper, const struct ending *ending)
{
	struct activity *activity = keeper->activity;
	unsigned waiting;

	if (!keeper->listener_count)
		return ending->lasted < AT_ONCE && keeper->service->what->type != TYPE_ONESHOT;
	activity->left = waiting = count_waiting(keeper);
	if (!waiting || waiting < activity->waiting || ending->lasted > AT_ONCE) {
		activity->fruitless = 0;
		return false;
	}
	if (++activity->fruitless <= activity->patience)
		return false;
	if (!activity->exact)
		return activity->fruitless > activity->patience + UNPROVED;
	if (!has_moved(keeper)) {
		activity->patience = PATIENCE;
		return true;
	}
	activity->fruitless = 0;
	if (activity->patience < PATIENCE_MOST)
		activity->patience *= 8;
	return false;
}

/* What an end means for the table of transitions. */
static enum happening judge(struct keeper *keeper, const struct ending *ending)
{
	char text[48];

	if (ending->stopped)
		return EXITED;
	if (WIFEXITED(ending->status) && WEXITSTATUS(ending->status) == 0) {
		if (!is_fruitless(keeper, ending))
			return EXITED;
		keeper->activity->left = 0;
		keeper_pause(keeper,
			     keeper->listener_count ? "it ends without taking anything from the queue"
						    : "it ended at once");
		return CRASHED;
	}
	instance_describe_status(ending->status, text);
	keeper_pause(keeper, "it ended with %s", text);
	backoff_forgive(&keeper->backoff, ending->lasted, keeper->service->life->backoff_max);
	return CRASHED;
}

/* A backend that shut a listener down (shutdown(2) works on all its copies) left it useless: it is opened anew. */
static void replace_broken(struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];
		struct pollfd state = { listener->io.fd, 0, 0 };
		struct event event = { .name = "rebind", .service = keeper->service->name };
		struct buf why = { 0 };

		if (!listener_is_open(listener) || !endpoint_accepts(listener->listen->endpoint))
			continue;
		if (poll(&state, 1, 0) <= 0 || !(state.revents & (POLLHUP | POLLERR | POLLNVAL)))
			continue;
		log_event(keeper->engine->log, LEVEL_WARNING, &event,
			  "a backend has shut its listener down: opening it anew");
		listener_close(listener, keeper->engine);
		if (!listener_open(listener, keeper->engine, keeper->service->name, &why))
			log_event(keeper->engine->log, LEVEL_ERROR, &event, "cannot open it: %s", buf_string(&why));
		buf_free(&why);
	}
}

static void on_end(struct instance *instance, const struct ending *ending)
{
	struct keeper *keeper = instance->context;
	struct activity *activity = keeper->activity;
	enum happening happening;
	bool retired = instance->retired;

	means_drain(&activity->means, true);
	run_say_end(keeper, instance->pid, ending);
	activity->last_end = ev_now(keeper->engine->loop);
	activity->last_status = ending->status;
	if (activity->current == instance)
		activity->current = NULL;
	instance_free(instance);
	if (keeper_is_empty(keeper)) {
		directories_remove(keeper->table, keeper->service, &keeper->engine->heritage);
		means_rest(&activity->means, keeper->engine);
	}
	if (!retired) {
		happening = judge(keeper, ending);
		replace_broken(keeper);
		if (happening == CRASHED) {
			activity->failures++;
			keeper->started = false;
		} else {
			backoff_reset(&keeper->backoff);
		}
		if (happening == CRASHED && keeper->service->life->on_failure == FAILURE_EXIT &&
		    !keeper->engine->stopping)
			keeper->engine->on_fatal(keeper->engine, keeper, ending->status);
		keeper_event(keeper, happening);
	} else if (keeper->state == BINDING) {
		keeper_event(keeper, TIMER);    /* it may have held the address that is wanted */
	}
	keeper_check_over(keeper);
}

static void on_ready(struct instance *instance)
{
	struct keeper *keeper = instance->context;

	if (!instance->retired)
		keeper_event(keeper, READY);
}

static void on_limit(struct instance *instance)
{
	struct keeper *keeper = instance->context;

	if (instance->retired)
		instance_expire(instance);
	else
		keeper_event(keeper, TIMER);
}

static bool guard_listeners(struct keeper *keeper, struct buf *why)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		if (listener_is_open(&keeper->listeners[n]) && !listener_guard(&keeper->listeners[n], why))
			return false;
	}
	return true;
}

/* Opens the way for a start: plan, pipes, and each listener's O_NONBLOCK, which the last backend may have changed
 * for all. */
static bool prepare(struct keeper *keeper, struct wiring *wiring, struct buf *why)
{
	struct means *means = &keeper->activity->means;
	size_t count = 0;
	bool good;
	int *sockets;

	if (!means_prepare(means, keeper->engine, keeper->service, keeper->listeners, why))
		return false;
	sockets = calloc(keeper->listener_count + 1, sizeof(*sockets));
	if (!sockets) {
		buf_text(why, "out of memory");
		return false;
	}
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];

		if (!listener_is_open(listener))
			continue;       /* optional, and not to be had */
		listener->shared = true;
		fd_set_nonblocking(listener->io.fd, listener->listen->options->non_blocking);
		sockets[count++] = listener->io.fd;
	}
	good = wiring_make(wiring, means, keeper->engine, keeper->service, sockets, count, why) &&
	       means_name_sockets(means, keeper->listeners, keeper->listener_count) && guard_listeners(keeper, why);
	free(sockets);
	if (!good) {
		wiring_close(wiring);
		means_free_resting(keeper->engine);     /* descriptors may have been short */
	}
	if (!good && !why->length)
		buf_text(why, "out of memory");
	return good;
}

static struct instance *start(struct keeper *keeper, struct buf *why)
{
	struct instance *instance = instance_new(keeper->engine, keeper->service);
	struct client sender;
	struct wiring wiring;
	struct launch launch;

	if (!instance) {
		buf_text(why, "out of memory");
		return NULL;
	}
	if (!prepare(keeper, &wiring, why)) {
		instance_free(instance);
		return NULL;
	}
	if (!daemon_expect(instance, keeper->table, keeper->listeners, keeper->listener_count)) {
		buf_text(why, "out of memory");
		wiring_close(&wiring);
		instance_free(instance);
		return NULL;
	}
	note_queue(keeper);
	record_find_sender(keeper, &sender);
	launch_fill(&launch, &keeper->activity->means, &wiring, keeper->service);
	spawn_start(&launch);
	wiring_close(&wiring);
	if (launch.pid < 0 || !instance_begin(instance, launch.pid)) {
		if (launch.pid < 0)
			launch_describe_fault(keeper->service, &launch.fault, why);
		else
			buf_text(why, "out of memory");
		instance_free(instance);
		return NULL;
	}
	instance->context = keeper;
	instance->on_end = on_end;
	instance->on_ready = on_ready;
	instance->on_limit = on_limit;
	list_add(&keeper->activity->instances, &instance->link);
	record_start(keeper, launch.pid, &sender);
	return instance;
}

void run_spawn(struct keeper *keeper)
{
	struct event event = { .name = "started", .service = keeper->service->name };
	struct instance *instance = NULL;
	struct buf why = { 0 };
	bool knows_writer;

	if (!keeper_activity(keeper)) {
		keeper_event(keeper, EXEC_ERROR);
		return;
	}
	if (!permit_start(keeper))
		return;
	instance = start(keeper, &why);
	if (!instance) {
		run_say_failure(keeper, buf_string(&why));
		buf_free(&why);
		keeper->started = false;
		keeper_event(keeper, EXEC_ERROR);
		return;
	}
	buf_free(&why);
	keeper->activity->current = instance;
	keeper->activity->activations++;
	keeper->activity->last_start = ev_now(keeper->engine->loop);
	event.pid = instance->child.pid;
	knows_writer = keeper->service->what->type != TYPE_FORKING && list_has_one(&keeper->activity->instances);
	means_name(&keeper->activity->means, knows_writer ? event.pid : 0);
	log_event(keeper->engine->log, LEVEL_INFO, &event, "started, pid %ld", (long)event.pid);
	switch ((enum service_type)keeper->service->what->type) {
	case TYPE_FORKING:
		instance_limit(instance, keeper->service->life->timeout_start);
		break;
	case TYPE_ONESHOT:
		instance_limit(instance, keeper->service->life->runtime_max);
		break;
	default:
		keeper_event(keeper, READY);
	}
}

void run_note(struct keeper *keeper)
{
	instance_limit(keeper->activity->current, keeper->service->life->runtime_max);
}

void run_stop(struct keeper *keeper, enum happening cause)
{
	struct instance *instance = keeper->activity ? keeper->activity->current : NULL;
	struct event event = { .name = "stopping", .service = keeper->service->name };

	if (!instance)
		return;
	event.pid = instance->pid;
	if (cause == TIMER && !instance->failed) {      /* a start that has failed was told of */
		bool late = instance->starting;

		instance->failed = late;
		log_event(keeper->engine->log, LEVEL_NOTICE, &event, "stopping pid %ld: %s", (long)event.pid,
			  late ? "it was not ready within timeout_start" : "runtime_max is over");
	}
	instance_stop(instance);
}

void run_kill(struct keeper *keeper)
{
	if (keeper->activity && keeper->activity->current)
		instance_expire(keeper->activity->current);
}

void run_retire(struct keeper *keeper, bool stop)
{
	struct activity *activity = keeper->activity;

	advice_cancel(keeper);
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (stop)
			instance_stop(instance);
		if (keeper->state == CLOSING && stop)
			continue;
		instance->retired = true;
		instance->busy = NULL;
	}
	if (activity && activity->current && activity->current->retired)
		activity->current = NULL;
	if (keeper->state != CLOSING)
		keeper->instance_count = 0;     /* those retired count no more */
}

void run_abandon(struct keeper *keeper)
{
	advice_cancel(keeper);
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		list_remove(&instance->link);
		list_remove(&instance->linger);
		keeper->engine->instances--;
		instance_free(instance);
	}
}
