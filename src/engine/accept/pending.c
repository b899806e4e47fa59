/* From a client to an instance. All that is counted for a guest must be given back at any end: either by
 * pending_dismiss or by the end of the instance, never by both. */
#include "engine/accept/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "engine/accept/accept_state.h"
#include "engine/accept/admission_state.h"
#include "engine/accept/builtin_channel.h"
#include "engine/accept/fd_shortage.h"
#include "engine/accept/tcpmux.h"
#include "engine/accept/xinetd_record.h"
#include "engine/core/close_socket.h"
#include "engine/instance/instance_event.h"
#include "engine/instance/notify_handle.h"
#include "engine/instance/notify_receive.h"
#include "engine/launch/passed_files.h"
#include "engine/runtime/prepare_start.h"

enum refusal pending_park(struct service_runtime *runtime, const struct pending_client *guest)
{
	if (runtime_refuses(runtime))
		return REFUSED_BACKOFF;
	if (!listener_park(guest->listener, &guest->client, guest->progress, guest->until))
		return REFUSED_UNKEPT;
	if (guest->until)
		tcpmux_wait(runtime->engine, guest->until);
	return ADMITTED;
}

void pending_begin_running(struct instance *instance)
{
	instance_limit(instance, instance->service->groups->lifecycle->runtime_max);
	notify_state_watch(instance);
}

/* Counts the client for per_source. The end of the instance gives the count back. */
static enum refusal count_source(struct service_runtime *runtime, const struct client *client,
				 struct instance *instance)
{
	const struct access_options *access = runtime->service->groups->access;

	if (access->per_source == UNLIMITED)
		return ADMITTED;
	if (!client_source(client, (unsigned)access->per_source_prefix, instance->client.source))
		return ADMITTED;
	if (!source_count_enter(&runtime->engine->instances->by_source, runtime, instance->client.source,
				access->per_source))
		return REFUSED_PER_SOURCE;
	instance->client.counted = true;
	return ADMITTED;
}

enum refusal pending_enter(struct service_runtime *runtime, struct pending_client *guest)
{
	struct instance *instance = instance_new(runtime->engine, runtime->service);
	enum refusal refusal;

	if (!instance)
		return REFUSED_MEMORY;
	instance->context = runtime;
	refusal = count_source(runtime, &guest->client, instance);
	if (refusal) {
		instance_free(instance);
		return refusal;
	}
	guest->instance = instance;
	return ADMITTED;
}

bool pending_fits(const struct service_runtime *runtime, const struct pending_client *guest)
{
	const struct access_options *access = runtime->service->groups->access;
	const struct source_counts *counts = &runtime->engine->instances->by_source;
	unsigned char source[SOURCE_SIZE];

	if (instances_are_full(runtime->engine) || runtime_is_full(runtime))
		return false;
	return access->per_source == UNLIMITED ||
	       !client_source(&guest->client, (unsigned)access->per_source_prefix, source) ||
	       source_count_count(counts, runtime, source) < (uint64_t)access->per_source;
}

void pending_leave(struct service_runtime *runtime, struct pending_client *guest)
{
	if (guest->instance->client.counted)
		source_count_leave(&runtime->engine->instances->by_source, runtime, guest->instance->client.source);
	instance_free(guest->instance);
	guest->instance = NULL;
}

void pending_dismiss(struct service_runtime *runtime, struct pending_client *guest)
{
	if (!guest->instance)
		return;
	pending_leave(runtime, guest);
	runtime->instance_count--;
}

/* A service that names its instances has a plan for each. */
bool pending_plan(struct service_runtime *runtime, struct pending_client *guest, struct buf *why)
{
	struct instance *instance = guest->instance;
	bool plain = runtime->service->groups->environment->instance_names == INSTANCE_NAMES_PLAIN;

	if (!runtime->run->kit.plan->per_connection || (instance->sequence && instance->plan))
		return true;
	if (!*guest->name)
		client_instance_name(&guest->client, runtime->run->accept->named_instances++, plain, guest->name,
				     sizeof(guest->name));
	plan_free(instance->plan);
	instance->plan = runtime_plan_connection(runtime, guest->name, why);
	return instance->plan;
}

bool pending_equip(struct service_runtime *runtime, struct pending_client *guest, struct spawn_request *launch,
		   struct buf *why)
{
	struct start_kit *kit = &runtime->run->kit;
	int socket = guest->client.fd < 0 ? guest->listener->io.fd : guest->client.fd;

	guest->instance->service = runtime->service;    /* a reload may have been since it was made */
	if (!pending_plan(runtime, guest, why))
		return false;
	if (!notify_receive_join(kit->notify, guest->instance)) {
		buf_text(why, "out of memory");
		return false;
	}
	if (!launch_wire(&guest->fd_map, kit, runtime->engine, runtime->service, &socket, 1, why) ||
	    !passed_files_open(&guest->fd_map, runtime->service, why) ||
	    !builtin_channel_open(runtime, guest->instance, &guest->fd_map, &guest->client, why)) {
		fd_map_close(&guest->fd_map);
		return false;
	}
	if (!launch_fill_for(launch, kit, &guest->fd_map, runtime->service, guest->listener, &guest->client,
			     &guest->caller)) {
		buf_text(why, "out of memory");
		fd_map_close(&guest->fd_map);
		return false;
	}
	launch->private_id = instance_private_tmp(guest->instance);
	if (guest->instance->plan)
		launch->plan = guest->instance->plan;
	if (instance_cgroup_enter(&guest->instance->cgroup, runtime->engine, runtime->service, launch, why))
		return true;
	fd_map_close(&guest->fd_map);
	return false;
}

static void say_start(struct service_runtime *runtime, const struct pending_client *guest, pid_t pid)
{
	struct event event = { .name = "started", .service = runtime->service->name, .pid = pid };
	enum level level = xinetd_record_run_level(runtime);

	event.peer = guest->caller.address;
	if (log_wants(runtime->engine->log, level))
		log_event(runtime->engine->log, level, &event, "started, pid %ld, for %s", (long)pid,
			  *event.peer ? event.peer : "a local client");
}

/* Notes the client's address and how long it has waited since superd looked at its batch. Without memory for it the
 * instance has no address. */
static void note_peer(struct service_runtime *runtime, const struct pending_client *guest)
{
	struct service_stats *stats = &runtime->run->stats;
	const char *peer = guest->caller.address;

	snprintf(stats->last_peer, sizeof(stats->last_peer), "%.63s", peer);
	guest->instance->client.peer = *peer ? strdup(peer) : NULL;
	stats->last_latency = clock_now() - stats->last_request;
	histogram_add(&stats->latency, stats->last_latency);
	stats->failing = false;
}

void pending_note_start(struct service_runtime *runtime, const struct pending_client *guest)
{
	struct instance *instance = guest->instance;

	if (!instance->sequence)
		list_add(&runtime->run->instances, &instance->link);
	fd_shortage_end(runtime);
	runtime->run->stats.activations++;
	runtime->run->stats.last_start = clock_now();
	note_peer(runtime, guest);
	if (instance_is_starting(instance))
		instance_limit(instance, runtime->service->groups->lifecycle->timeout_start);
	else if (!instance->sequence)
		pending_begin_running(instance);
	else
		instance_limit(instance, SCAN_INFINITY);
	say_start(runtime, guest, instance->pid);
	xinetd_record_start(runtime, instance->pid, &guest->client);
}

static bool reuse_for(struct service_runtime *runtime, struct pending_client *guest)
{
	struct instance *instance = guest->instance;
	pid_t pid;

	if (guest->client.fd < 0 || !builtin_channel_reuse(runtime, instance, &guest->client, &pid))
		return false;
	instance->service = runtime->service;
	if (!instance_begin(instance, pid, clock_now())) {
		builtin_channel_free(instance);
		instance_cgroup_leave(&instance->cgroup, runtime->engine, 0, false);
		return false;
	}
	client_address(&guest->client, guest->caller.address, sizeof(guest->caller.address));
	pending_note_start(runtime, guest);
	return true;
}

size_t pending_reuse(struct service_runtime *runtime, struct pending_client *guests, size_t count)
{
	size_t left = 0;

	for (size_t n = 0; n < count; n++) {
		if (reuse_for(runtime, &guests[n]))
			close_socket_client(runtime->engine, runtime->service->name, &guests[n].client);
		else if (left++ != n)
			guests[left - 1] = guests[n];
	}
	return left;
}

bool pending_begin(struct service_runtime *runtime, struct pending_client *guest, const struct spawn_request *launch,
		   struct buf *why)
{
	struct instance *instance = guest->instance;

	fd_map_close(&guest->fd_map);
	if (launch->pid >= 0 && instance_begin(instance, launch->pid, launch->begun)) {
		pending_note_start(runtime, guest);
		return true;
	}
	if (launch->pid < 0)
		start_kit_note_fault(&runtime->run->kit, &launch->fault);
	if (!why->length && launch->pid < 0)
		launch_describe_fault(runtime->service, &launch->fault, why);
	else if (!why->length)
		buf_text(why, "out of memory");
	pending_dismiss(runtime, guest);
	return false;
}

#define NONE(path, why) STATE_NONE(pending_client, path, why)

static const struct state_field guest_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, pending_client, "client", client.fd) },
	{ STATE_STRUCT(pending_client, client, &client_state) },
	{ STATE_FIELD(pending_client, "progress", progress), .most = ADMISSION_PASSED, .missing = ADMISSION_PASSED },
	{ STATE_FIELD(pending_client, "instance_name", name) },
	{ NONE(listener, "the keys of and at") },
	{ NONE(instance, "the one in front of it") },
	{ NONE(has_waited, "only before it has an instance") },
	{ NONE(until, "only before it has an instance") },
	{ NONE(asked, "the upgrade waits for the answers") },
	{ NONE(fd_map, "made anew, where its program does not run yet") },
	{ NONE(caller, "made anew, where its program does not run yet") },
};
const struct field_table guest_state = FIELD_TABLE(NULL, pending_client, guest_fields);
