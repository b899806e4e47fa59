/* Instances that get the listeners. A start may take time: an instance with a course (engine/instance/course)
 * becomes the current one before it has a process, and may fail, or be stopped, without one. */
#include "engine/service/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "config/option/option_name.h"
#include "engine/accept/admission.h"
#include "engine/accept/permit.h"
#include "engine/accept/run_say.h"
#include "engine/accept/shortage.h"
#include "engine/clients/first_client.h"
#include "engine/core/closing.h"
#include "engine/drain/drain.h"
#include "engine/drain/twins.h"
#include "engine/freeze/frost.h"
#include "engine/instance/course.h"
#include "engine/instance/deposit.h"
#include "engine/instance/leavings.h"
#include "engine/instance/notice_act.h"
#include "engine/queue/doubt.h"
#include "engine/queue/judge.h"
#include "engine/queue/taking.h"
#include "engine/service/broken.h"
#include "engine/service/run_start.h"
#include "os/socket/bind.h"

#define FLUSH_MOST 65536                /* clients that are flushed at once: a flood may not end */

/* Local clients may have sent descriptors, so closing is left to engine/core/closing. */
static void flush_clients(struct keeper *keeper, const struct listener *listener)
{
	struct client client;

	if (fd_set_nonblocking(listener->io.fd, true) < 0)
		return;         /* it would wait */
	for (int n = 0; n < FLUSH_MOST && client_accept(listener->io.fd, listener->listen, &client) == ACCEPTED; n++)
		closing_client(keeper->engine, keeper->service->name, &client);
}

/* flush_pending: clients that came meanwhile start nothing. */
static void flush_listeners(struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];

		if (!listener_is_open(listener) || !listener->listen->options->flush_pending)
			continue;
		if (listener->listen->address->kind == ENDPOINT_UNIX ||
		    listener->listen->address->kind == ENDPOINT_SEQPACKET)
			flush_clients(keeper, listener);
		else
			bind_flush(listener->io.fd, listener->listen);
		keeper->activity->left = 0;
	}
}

/* Sets the time at which `restart` starts the service again. */
static void plan_restart(struct keeper *keeper, const struct ending *ending)
{
	if (!ending->stopped && result_restarts(keeper->service, ending->result, ending->status))
		keeper->activity->eager = clock_now() + judge_restart(keeper, ending);
}

/* The instance has run, and has ended. */
static void take_end(struct keeper *keeper, const struct ending *ending, const char *why)
{
	struct activity *activity = keeper->activity;
	enum happening happening;
	bool had_twins;

	taking_end(keeper);
	had_twins = activity->twins;
	activity->postponed = 0;
	twins_settle(keeper);
	happening = judge_end(keeper, ending, why);
	broken_replace(keeper);
	flush_listeners(keeper);
	if (happening == CRASHED) {
		activity->failing = true;
		keeper_start_anew(keeper);
	} else if (!doubt_is_open(keeper)) {
		backoff_reset(&keeper->backoff);
	}
	plan_restart(keeper, ending);
	if (happening == CRASHED && !ending->stopped &&
	    keeper->service->groups->lifecycle->on_failure == FAILURE_EXIT && !keeper->engine->stopping &&
	    !keeper->removed)
		keeper_end_superd(keeper, ending->status);
	keeper_post(keeper, happening);
	if (had_twins)                  /* until now nothing was opened anew */
		keeper_post(keeper, UNREACHABLE);
}

/* The instance has ended before it ran its program. */
static void take_failed_start(struct keeper *keeper, const struct ending *ending, const char *why)
{
	bool starting = keeper->state == STARTING;

	flush_listeners(keeper);
	if (ending->stopped) {
		keeper_post(keeper, EXITED);
	} else if (result_is_good(ending->result)) {
		keeper->started = false;
		run_skip(keeper, why);
		keeper_post(keeper, starting ? LIMITED : EXITED);
	} else {
		keeper_start_anew(keeper);
		plan_restart(keeper, ending);
		run_say_failure(keeper, NULL, why);
		keeper_post(keeper, starting ? EXEC_ERROR : CRASHED);
	}
}

static struct buf take_reason(struct instance *instance)
{
	struct buf why = { 0 };

	if (instance->course) {
		why = instance->course->why;
		instance->course->why = (struct buf){ 0 };
	}
	return why;
}

static void end_postponed(struct keeper *keeper);

static void free_instance(struct instance *instance)
{
	drain_forget(instance);
	frost_forget(instance);
	instance_free(instance);
}

static void on_end(struct instance *instance, const struct ending *ending)
{
	struct keeper *keeper = instance->context;
	struct activity *activity = keeper->activity;
	struct engine *engine = keeper->engine;
	bool retired = instance->retired, ran = !instance->course || instance->course->has_run;
	struct buf why = take_reason(instance);

	if (ran) {
		means_drain(&activity->means, true);
		run_note_end(keeper, instance, ending);
	}
	if (activity->current == instance)
		activity->current = NULL;
	free_instance(instance);
	if (keeper_is_empty(keeper)) {
		deposit_end_run(keeper, ending->stopped || ending->result == RESULT_SUCCESS);
		leavings_remove(keeper);
		means_rest(&activity->means, keeper->engine);
	}
	if (!retired && ran)
		take_end(keeper, ending, buf_string(&why));
	else if (!retired)
		take_failed_start(keeper, ending, buf_string(&why));
	else if (keeper->state == BINDING)
		keeper_post(keeper, TIMER);    /* it may have held the address that is wanted */
	else
		end_postponed(keeper);
	buf_free(&why);
	keeper_post(keeper, LOOK);
	if (ran)
		shortage_pass(engine);
}

static void on_ready(struct instance *instance)
{
	struct keeper *keeper = instance->context;

	if (!instance->retired)
		keeper_post(keeper, READY);
}

static void on_limit(struct instance *instance)
{
	struct keeper *keeper = instance->context;

	if (instance->retired && !instance->stopping)
		drain_end(instance);
	else if (instance->retired)
		instance_expire(instance);
	else
		keeper_post(keeper, TIMER);
}

void run_own(struct keeper *keeper, struct instance *instance)
{
	instance->context = keeper;
	instance->on_end = on_end;
	instance->on_ready = on_ready;
	instance->on_limit = on_limit;
	list_add(&keeper->activity->instances, &instance->link);
}

bool run_owns(const struct instance *instance)
{
	return instance->on_end == on_end;
}

static void take_over(struct keeper *keeper, struct instance *instance)
{
	run_own(keeper, instance);
	keeper->activity->current = instance;
}

void run_spawn(struct keeper *keeper)
{
	struct buf why = { 0 };
	enum happening instead;

	if (!keeper_activity(keeper)) {
		keeper_post(keeper, EXEC_ERROR);
		return;
	}
	keeper_stop_timer(keeper);
	if (!permit_start(keeper, &instead)) {
		keeper_post(keeper, instead);
		return;
	}
	keeper->activity->eager = 0;
	keeper->activity->outdated = false;
	keeper->activity->asked = clock_now();
	if (!run_start(keeper, &why, take_over)) {
		run_say_failure(keeper, NULL, buf_string(&why));
		keeper_start_anew(keeper);
		plan_restart(keeper, &(struct ending){ .result = RESULT_RESOURCES });
		flush_listeners(keeper);
		keeper_post(keeper, EXEC_ERROR);
	}
	buf_free(&why);
}

void run_note(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	activity->failing = false;
	if (!activity->current)         /* it has ended right after, of which the keeper hears next */
		return;
	taking_begin(keeper);
	instance_limit(activity->current, keeper->service->groups->lifecycle->runtime_max);
	notice_watch(activity->current);
	keeper_post(keeper, DRAIN_DUE);
}

/* Ends all instances but the current one, which is being ended already. */
void run_dismiss(struct keeper *keeper)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance != keeper->activity->current)
			drain_end(instance);
	}
}

static void end_current(struct keeper *keeper)
{
	if (keeper->activity->current)
		instance_stop(keeper->activity->current);
}

/* A client that was quicker than the end of an idle instance is served to the end. */
static bool stay_for_clients(struct keeper *keeper)
{
	if (drain_begin(keeper, false)) {
		keeper_post(keeper, DRAINS);
		return true;
	}
	if (keeper->activity->current) {
		instance_thaw(keeper->activity->current);
		instance_limit(keeper->activity->current, 0);   /* which went on with it */
	}
	return false;
}

/* An address has two sockets at most: while an instance drains, new clients cannot be kept from its successor. true:
 * an instance drains, and was told to end soon. */
static bool hurry_drains(struct keeper *keeper)
{
	bool any = false;

	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (!drain_has_twin(instance))
			continue;
		drain_end(instance);
		any = true;
	}
	return any;
}

/* An instance accepts until its signal arrives, and a client that it accepts last would be lost with it. So new clients
 * come to twins first. */
static void end_apart(struct keeper *keeper, enum happening cause)
{
	struct instance *instance = keeper->activity->current;
	bool is_last = keeper->engine->stopping || keeper->removed, serves = !instance->starting && !is_last;

	keeper->activity->postponed = 0;
	if (serves && hurry_drains(keeper)) {
		keeper->activity->postponed = (unsigned char)(1 + cause);
		instance_thaw(instance);
		instance_limit(instance, 0);
		return;
	}
	if (serves)
		twins_open(keeper, NULL);
	if (cause != IDLE)
		instance_thaw(instance);
	instance_limit(instance, 0);    /* until it gets its signal */
	twins_wait(keeper, end_current, cause == IDLE ? stay_for_clients : NULL);
}

static void end_postponed(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	if (activity->postponed && activity->current && keeper->state == STOPPING)
		end_apart(keeper, (enum happening)(activity->postponed - 1));
}

void run_go_on(struct keeper *keeper)
{
	const struct instance *instance = keeper->activity ? keeper->activity->current : NULL;

	if (keeper->state != STOPPING || !instance || instance->stopping)
		return;
	if (!keeper->activity->postponed)
		twins_wait(keeper, end_current, NULL);
	else if (!drain_is_under_way(keeper))
		end_postponed(keeper);
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
		log_event(keeper->engine->log, LEVEL_NOTICE, &event, "stopping pid %ld: %s%s%s", (long)event.pid,
			  late ? "it was not ready within " : "",
			  option_name_of(keeper->service, late ? "timeout_start" : "runtime_max"),
			  late ? "" : " is over");
	}
	end_apart(keeper, cause);
	if (cause == HALT)
		run_dismiss(keeper);
}

void run_kill(struct keeper *keeper)
{
	if (keeper->activity && keeper->activity->current)
		instance_expire(keeper->activity->current);
}

void run_retire(struct keeper *keeper, bool stop)
{
	struct activity *activity = keeper->activity;

	admission_recall(keeper);
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->course)
			course_retire(instance->course);
		if (stop && keeper->engine->stopping)
			instance_stop(instance);
		else if (stop)
			drain_end(instance);
		else
			instance_thaw(instance);
		if (keeper->state == CLOSING && stop)
			continue;
		instance->retired = true;
		instance->busy = NULL;
	}
	if (activity && activity->current && activity->current->retired)
		activity->current = NULL;
	if (keeper->state != CLOSING)
		keeper->instance_count = 0;     /* retired instances do not count */
}

static bool has_datagrams_alone(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (!endpoint_is_datagram(service->sockets[n].endpoint))
			return false;
	}
	return service->socket_count > 0;
}

void run_end_answering(struct keeper *keeper)
{
	const struct service *service = keeper->service;
	bool hands_over = !service->exec->accept && has_datagrams_alone(service);

	if (!service->exec->builtin)
		return;
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->busy || hands_over)
			instance_stop(instance);
	}
}

void run_abandon(struct keeper *keeper)
{
	admission_recall(keeper);
	first_client_forget(keeper);
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		list_remove(&instance->link);
		list_remove(&instance->linger);
		keeper->engine->instances--;
		instance->private_tmp = 0;      /* it runs on, with its folders */
		free_instance(instance);
	}
}
