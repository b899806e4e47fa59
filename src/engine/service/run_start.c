/* Starts an instance that gets the listeners. A start may take time: an instance with a course
 * (engine/instance/course) becomes the current one before it has a process. */
#include "engine/service/run_start.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "engine/accept/record.h"
#include "engine/accept/shortage.h"
#include "engine/clients/first_client.h"
#include "engine/core/leftover.h"
#include "engine/instance/course.h"
#include "engine/instance/daemon.h"
#include "engine/instance/deposit.h"
#include "engine/instance/hearing.h"
#include "engine/instance/outdated.h"
#include "engine/launch/handed_files.h"
#include "engine/queue/judge.h"
#include "engine/service/service_group.h"

static bool guard_listeners(struct keeper *keeper, struct buf *why)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];

		if (listener_is_open(listener) &&
		    !listener_guard(listener, keeper->engine, keeper->service->name, why))
			return false;
	}
	return true;
}

/* Prepares a start: plan, pipes, and each listener's O_NONBLOCK, which the last backend may have changed for all. */
static bool prepare(struct keeper *keeper, struct wiring *wiring, struct buf *why)
{
	struct means *means = &keeper->activity->means;
	bool passes_sockets = keeper->service->exec->pass == PASS_SYSTEMD, good;
	size_t count = 0;
	int *sockets;

	if (!means_prepare(means, keeper->engine, keeper->service, keeper->listeners, why))
		return false;
	deposit_begin_run(keeper);
	sockets = guard_listeners(keeper, why) ? calloc(keeper->listener_count + 1, sizeof(*sockets)) : NULL;
	if (!sockets) {
		if (!why->length)
			buf_text(why, "out of memory");
		return false;
	}
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct listener *listener = &keeper->listeners[n];

		if (!listener_is_open(listener))
			continue;       /* optional, and could not be opened */
		listener->shared = true;
		listener_give(listener, keeper->engine, means->plan->account);
		fd_set_nonblocking(listener->io.fd, listener->listen->options->non_blocking);
		sockets[count++] = listener->io.fd;
	}
	good = launch_wire(wiring, means, keeper->engine, keeper->service, sockets, count, why) &&
	       wiring_add_store(wiring, means->store, why) && handed_files_open(wiring, keeper->service, why) &&
	       means_name_sockets(means, keeper->listeners, passes_sockets ? keeper->listener_count : 0,
				  wiring->file_names);
	free(sockets);
	if (!good) {
		wiring_close(wiring);
		means_free_resting(keeper->engine);     /* descriptors may have been short */
	}
	if (!good && !why->length)
		buf_text(why, "out of memory");
	return good;
}

/* Starts the process of an instance. false: it failed, for the reason in why. */
static bool launch_instance(struct keeper *keeper, struct instance *instance, struct spawn_request *launch,
			    struct client *sender, struct buf *why)
{
	struct wiring wiring;

	if (!prepare(keeper, &wiring, why))
		return false;
	if (!hearing_join(keeper->activity->means.notify, instance) ||
	    !daemon_expect(instance, keeper->table, keeper->listeners, keeper->listener_count)) {
		buf_text(why, "out of memory");
		wiring_close(&wiring);
		return false;
	}
	judge_note_queue(keeper);
	record_find_sender(keeper, sender);
	launch_fill(launch, &keeper->activity->means, &wiring, keeper->service);
	launch->private_id = instance_private_tmp(instance);
	if (!group_enter(&instance->cgroup, keeper->engine, keeper->service, launch, why)) {
		wiring_close(&wiring);
		return false;
	}
	service_group_enter(keeper, instance, launch);
	if (instance->course) {
		launch->invocation = instance->course->control.invocation;
		launch->checks = instance->course->control.checks && launch->plan->condition_count;
	}
	outdated_free(&instance->outdated);     /* the row may have changed while it was on its way to here */
	leftover_start(keeper->engine, launch);
	wiring_close(&wiring);
	service_group_entered(keeper, instance, launch);
	if (launch->pid >= 0)
		return true;
	means_note_fault(&keeper->activity->means, &launch->fault);
	launch_describe_fault(keeper->service, &launch->fault, why);
	return false;
}

/* The program runs: logs that, and begins its first time limit. */
static void note_start(struct keeper *keeper, struct instance *instance, const struct client *sender)
{
	struct event event = { .name = "started", .service = keeper->service->name, .pid = instance->pid };
	const struct lifecycle_options *lifecycle = keeper->service->groups->lifecycle;
	bool knows_writer = keeper->service->exec->type != TYPE_FORKING && list_has_one(&keeper->activity->instances);

	keeper->activity->activations++;
	keeper->activity->skips = 0;
	first_client_ask(keeper);
	shortage_end(keeper);
	keeper->activity->last_start = clock_now();
	record_start(keeper, instance->pid, sender);
	means_forget_line(&keeper->activity->means);
	means_name(&keeper->activity->means, knows_writer ? event.pid : 0);
	log_event(keeper->engine->log, LEVEL_INFO, &event, "started, pid %ld", (long)event.pid);
	switch ((enum service_type)keeper->service->exec->type) {
	case TYPE_FORKING:
	case TYPE_NOTIFY:
	case TYPE_NOTIFY_RELOAD:
		instance_limit(instance, lifecycle->timeout_start);
		break;
	case TYPE_ONESHOT:
		instance_limit(instance, lifecycle->runtime_max);
		break;
	default:
		instance_limit(instance, SCAN_INFINITY);
	}
}

/* A start with a course. */
struct long_start {
	struct course course;
	struct client sender;
};

static bool course_launch(struct course *course, struct spawn_request *launch, struct buf *why)
{
	struct long_start *start = container_of(course, struct long_start, course);

	return launch_instance(course->keeper, course->instance, launch, &start->sender, why);
}

static void course_runs(struct course *course)
{
	note_start(course->keeper, course->instance, &container_of(course, struct long_start, course)->sender);
}

static void course_ready(struct course *course)
{
	if (!course->instance->retired)
		keeper_post(course->keeper, READY);
}

static void leave_course(struct instance *instance)
{
	struct long_start *start = container_of(instance->course, struct long_start, course);

	course_free(&start->course);
	free(start);
}

static void on_course_ready(struct instance *instance)
{
	course_main_is_ready(instance->course);
}

static const struct course_owner long_owner = {
	.launch = course_launch, .runs = course_runs, .ready = course_ready,
};

struct course *run_resume_course(struct keeper *keeper, struct instance *instance)
{
	struct long_start *start = calloc(1, sizeof(*start));

	if (!start)
		return NULL;
	course_resume(&start->course, keeper, instance, &long_owner);
	instance->leave_course = leave_course;
	instance->on_ready = on_course_ready;
	return &start->course;
}

/* false: it failed, for the reason in why. */
static bool start_long(struct keeper *keeper, struct instance *instance, struct buf *why,
		       void (*take_over)(struct keeper *keeper, struct instance *instance))
{
	struct long_start *start = calloc(1, sizeof(*start));

	if (!start) {
		buf_text(why, "out of memory");
		return false;
	}
	course_init(&start->course, keeper, instance, &long_owner);
	instance->leave_course = leave_course;
	take_over(keeper, instance);
	instance->on_ready = on_course_ready;
	course_begin(&start->course);
	return true;
}

static bool start_at_once(struct keeper *keeper, struct instance *instance, struct buf *why,
			  void (*take_over)(struct keeper *keeper, struct instance *instance))
{
	struct client sender;
	struct spawn_request launch;

	if (!launch_instance(keeper, instance, &launch, &sender, why))
		return false;
	if (!instance_begin(instance, launch.pid, launch.begun)) {
		buf_text(why, "out of memory");
		return false;
	}
	take_over(keeper, instance);
	note_start(keeper, instance, &sender);
	if (!instance->starting && keeper->service->exec->type != TYPE_ONESHOT)
		keeper_post(keeper, READY);
	return true;
}

bool run_start(struct keeper *keeper, struct buf *why,
	       void (*take_over)(struct keeper *keeper, struct instance *instance))
{
	struct means *means = &keeper->activity->means;
	struct instance *instance = instance_new(keeper->engine, keeper->service);
	bool good;

	if (!instance) {
		buf_text(why, "out of memory");
		return false;
	}
	if (keeper->backoff.failures && engine_has_spare(keeper->engine, ENGINE_SPARE / 2))
		engine_drop_spare(keeper->engine);      /* it keeps some while it runs: others may need the rest */
	good = means->plan || means_prepare(means, keeper->engine, keeper->service, keeper->listeners, why);
	if (good && course_is_needed(keeper->service, means->plan))
		good = start_long(keeper, instance, why, take_over);
	else if (good)
		good = start_at_once(keeper, instance, why, take_over);
	engine_keep_spare(keeper->engine);
	if (!good)
		instance_free(instance);
	return good;
}
