/* From a client to an instance. All that is counted for a guest must be given back at any end: either by
 * guest_dismiss or by the end of the instance, never by both. */
#include "engine/accept/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "config/option/option_name.h"
#include "engine/accept/channel.h"
#include "engine/accept/mux.h"
#include "engine/accept/record.h"
#include "engine/accept/run_say.h"
#include "engine/accept/shortage.h"
#include "engine/core/closing.h"
#include "engine/instance/course.h"
#include "engine/instance/hearing.h"
#include "engine/instance/leavings.h"
#include "engine/instance/notice_act.h"
#include "engine/launch/handed_files.h"

enum refusal guest_park(struct keeper *keeper, const struct guest *guest)
{
	if (keeper_refuses(keeper))
		return REFUSED_BACKOFF;
	if (!listener_park(guest->listener, &guest->client, guest->progress, guest->until))
		return REFUSED_UNKEPT;
	if (guest->until)
		mux_wait(keeper->engine, guest->until);
	return ADMITTED;
}

void guest_begin_running(struct instance *instance)
{
	instance_limit(instance, instance->service->groups->lifecycle->runtime_max);
	notice_watch(instance);
}

/* The instance was not ready in time, or has run for as long as it may. */
static void on_limit(struct instance *instance)
{
	struct event event = { .name = "stopping", .service = instance->service->name, .pid = instance->pid };

	if (instance->starting && !instance->stopping) {
		instance->failed = true;
		log_event(instance->engine->log, LEVEL_NOTICE, &event,
			  "stopping pid %ld: it was not ready within %s", (long)instance->pid,
			  option_name_of(instance->service, "timeout_start"));
	}
	instance_expire(instance);
}

static void clear_if_empty(struct keeper *keeper)
{
	if (!keeper_is_empty(keeper))
		return;
	leavings_remove(keeper);
	means_rest(&keeper->activity->means, keeper->engine);
}

/* The instance has run, and has ended. */
static void take_end(struct keeper *keeper, struct instance *instance, const struct ending *ending)
{
	bool retired = instance->retired, unread, failed;

	channel_finish(instance);
	means_drain(&keeper->activity->means, keeper_is_empty(keeper));
	failed = run_note_end(keeper, instance, ending);
	if (instance->give_back)
		instance->give_back(instance);
	unread = instance->unread;
	instance_free(instance);
	clear_if_empty(keeper);
	if (!retired) {
		keeper->instance_count--;
		keeper_post(keeper, failed ? CRASHED : EXITED);
		if (!keeper_is_full(keeper))
			keeper_post(keeper, ROOM);
		if (keeper_is_empty(keeper))
			keeper_post(keeper, GONE);
		if (unread)
			keeper_post(keeper, EXEC_ERROR);
	}
}

static void on_end(struct instance *instance, const struct ending *ending)
{
	struct keeper *keeper = instance->context;
	bool retired = instance->retired;

	if (instance->course && !instance->course->has_run) {
		instance->course->owner->unserved(instance, ending);
		clear_if_empty(keeper);
		if (!retired && keeper_is_empty(keeper))
			keeper_post(keeper, GONE);
	} else {
		take_end(keeper, instance, ending);
		shortage_pass(keeper->engine);
	}
	keeper->engine->has_room = true;
	keeper_post(keeper, LOOK);
}

/* Counts the client for per_source. The end of the instance gives the count back. */
static enum refusal count_source(struct keeper *keeper, const struct client *client, struct instance *instance)
{
	const struct access_options *access = keeper->service->groups->access;

	if (access->per_source == UNLIMITED)
		return ADMITTED;
	if (!client_source(client, (unsigned)access->per_source_prefix, instance->source))
		return ADMITTED;
	if (!gate_enter(&keeper->engine->sources, keeper, instance->source, access->per_source))
		return REFUSED_PER_SOURCE;
	instance->gate = keeper;
	instance->counted = true;
	return ADMITTED;
}

void guest_own(struct keeper *keeper, struct instance *instance)
{
	instance->context = keeper;
	instance->on_end = on_end;
	instance->on_limit = on_limit;
	instance->on_ready = guest_begin_running;
}

enum refusal guest_enter(struct keeper *keeper, struct guest *guest)
{
	struct instance *instance = instance_new(keeper->engine, keeper->service);
	enum refusal refusal;

	if (!instance)
		return REFUSED_MEMORY;
	guest_own(keeper, instance);
	refusal = count_source(keeper, &guest->client, instance);
	if (refusal) {
		instance_free(instance);
		return refusal;
	}
	guest->instance = instance;
	return ADMITTED;
}

bool guest_fits(const struct keeper *keeper, const struct guest *guest)
{
	const struct access_options *access = keeper->service->groups->access;
	unsigned char source[SOURCE_SIZE];

	if (engine_is_full(keeper->engine) || keeper_is_full(keeper))
		return false;
	return access->per_source == UNLIMITED ||
	       !client_source(&guest->client, (unsigned)access->per_source_prefix, source) ||
	       gate_count(&keeper->engine->sources, keeper, source) < (uint64_t)access->per_source;
}

void guest_leave(struct keeper *keeper, struct guest *guest)
{
	if (guest->instance->counted)
		gate_leave(&keeper->engine->sources, keeper, guest->instance->source);
	instance_free(guest->instance);
	guest->instance = NULL;
}

void guest_dismiss(struct keeper *keeper, struct guest *guest)
{
	if (!guest->instance)
		return;
	guest_leave(keeper, guest);
	keeper->instance_count--;
}

/* A service that names its instances has a plan for each. */
bool guest_plan(struct keeper *keeper, struct guest *guest, struct buf *why)
{
	struct instance *instance = guest->instance;
	bool plain = keeper->service->groups->environment->instance_names == INSTANCE_NAMES_PLAIN;

	if (!keeper->activity->means.plan->per_connection || (instance->course && instance->plan))
		return true;
	if (!*guest->name)
		client_instance_name(&guest->client, keeper->activity->named++, plain, guest->name,
				     sizeof(guest->name));
	plan_free(instance->plan);
	instance->plan = means_make_plan(&keeper->activity->means, keeper->engine, keeper->service, keeper->listeners,
					 guest->name, why);
	return instance->plan;
}

bool guest_equip(struct keeper *keeper, struct guest *guest, struct spawn_request *launch, struct buf *why)
{
	struct means *means = &keeper->activity->means;
	int socket = guest->client.fd < 0 ? guest->listener->io.fd : guest->client.fd;

	guest->instance->service = keeper->service;     /* a reload may have been since it was made */
	if (!guest_plan(keeper, guest, why))
		return false;
	if (!hearing_join(means->notify, guest->instance)) {
		buf_text(why, "out of memory");
		return false;
	}
	if (!launch_wire(&guest->wiring, means, keeper->engine, keeper->service, &socket, 1, why) ||
	    !handed_files_open(&guest->wiring, keeper->service, why) ||
	    !channel_open(keeper, guest->instance, &guest->wiring, &guest->client, why)) {
		wiring_close(&guest->wiring);
		return false;
	}
	if (!launch_fill_for(launch, means, &guest->wiring, keeper->service, guest->listener, &guest->client,
			     &guest->caller)) {
		buf_text(why, "out of memory");
		wiring_close(&guest->wiring);
		return false;
	}
	launch->private_id = instance_private_tmp(guest->instance);
	if (guest->instance->plan)
		launch->plan = guest->instance->plan;
	if (group_enter(&guest->instance->cgroup, keeper->engine, keeper->service, launch, why))
		return true;
	wiring_close(&guest->wiring);
	return false;
}

static void say_start(struct keeper *keeper, const struct guest *guest, pid_t pid)
{
	struct event event = { .name = "started", .service = keeper->service->name, .pid = pid };
	enum level level = record_run_level(keeper);

	event.peer = guest->caller.address;
	if (log_wants(keeper->engine->log, level))
		log_event(keeper->engine->log, level, &event, "started, pid %ld, for %s", (long)pid,
			  *event.peer ? event.peer : "a local client");
}

/* Notes the client's address and how long it has waited since superd looked at its batch. Without memory for it the
 * instance has no address. */
static void note_peer(struct keeper *keeper, const struct guest *guest)
{
	struct activity *activity = keeper->activity;
	const char *peer = guest->caller.address;

	snprintf(activity->last_peer, sizeof(activity->last_peer), "%.63s", peer);
	guest->instance->peer = *peer ? strdup(peer) : NULL;
	activity->last_latency = clock_now() - activity->asked;
	latency_add(&activity->latency, activity->last_latency);
	activity->failing = false;
}

void guest_note_start(struct keeper *keeper, const struct guest *guest)
{
	struct instance *instance = guest->instance;

	if (!instance->course)
		list_add(&keeper->activity->instances, &instance->link);
	shortage_end(keeper);
	keeper->activity->activations++;
	keeper->activity->last_start = clock_now();
	note_peer(keeper, guest);
	if (instance->starting)
		instance_limit(instance, keeper->service->groups->lifecycle->timeout_start);
	else if (!instance->course)
		guest_begin_running(instance);
	else
		instance_limit(instance, SCAN_INFINITY);
	say_start(keeper, guest, instance->pid);
	record_start(keeper, instance->pid, &guest->client);
}

static bool reuse_for(struct keeper *keeper, struct guest *guest)
{
	struct instance *instance = guest->instance;
	pid_t pid;

	if (guest->client.fd < 0 || !channel_reuse(keeper, instance, &guest->client, &pid))
		return false;
	instance->service = keeper->service;
	if (!instance_begin(instance, pid, clock_now())) {
		instance->close_channel(instance);
		group_leave(&instance->cgroup, keeper->engine, 0, false);
		return false;
	}
	client_address(&guest->client, guest->caller.address, sizeof(guest->caller.address));
	guest_note_start(keeper, guest);
	return true;
}

size_t guest_reuse(struct keeper *keeper, struct guest *guests, size_t count)
{
	size_t left = 0;

	for (size_t n = 0; n < count; n++) {
		if (reuse_for(keeper, &guests[n]))
			closing_client(keeper->engine, keeper->service->name, &guests[n].client);
		else if (left++ != n)
			guests[left - 1] = guests[n];
	}
	return left;
}

bool guest_begin(struct keeper *keeper, struct guest *guest, const struct spawn_request *launch, struct buf *why)
{
	struct instance *instance = guest->instance;

	wiring_close(&guest->wiring);
	if (launch->pid >= 0 && instance_begin(instance, launch->pid, launch->begun)) {
		guest_note_start(keeper, guest);
		return true;
	}
	if (launch->pid < 0)
		means_note_fault(&keeper->activity->means, &launch->fault);
	if (!why->length && launch->pid < 0)
		launch_describe_fault(keeper->service, &launch->fault, why);
	else if (!why->length)
		buf_text(why, "out of memory");
	guest_dismiss(keeper, guest);
	return false;
}

#define NONE(path, why) STATE_NONE(guest, path, why)

static const struct state_field guest_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, guest, "client", client.fd) },
	{ STATE_STRUCT(guest, client, &client_state) },
	{ STATE_FIELD(guest, "progress", progress), .most = PASSED, .missing = PASSED },
	{ STATE_FIELD(guest, "instance_name", name) },
	{ NONE(listener, "the keys of and at") },
	{ NONE(instance, "the one in front of it") },
	{ NONE(has_waited, "only before it has an instance") },
	{ NONE(until, "only before it has an instance") },
	{ NONE(asked, "the upgrade waits for the answers") },
	{ NONE(wiring, "made anew, where its program does not run yet") },
	{ NONE(caller, "made anew, where its program does not run yet") },
};
const struct state_table guest_state = STATE_TABLE(NULL, guest, guest_fields);
