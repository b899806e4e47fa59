/* Turns a client into an instance. Everything that is counted for a client must be undone exactly once: by
 * pending_dismiss, or by the end of the instance. */
#include "superd/accept/pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "superd/accept/accept_state.h"
#include "superd/accept/admission_state.h"
#include "superd/accept/builtin_channel.h"
#include "superd/accept/shared_clients.h"
#include "superd/accept/tcpmux.h"
#include "superd/accept/xinetd_record.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/foreground.h"
#include "superd/instance/notify_handle.h"
#include "superd/instance/notify_receive.h"
#include "superd/launch/fd_map.h"
#include "superd/loop/close_socket.h"
#include "superd/runtime/prepare_start.h"

enum refusal pending_park(struct service_runtime *runtime, const struct pending_client *pending)
{
	if (runtime_refuses(runtime))
		return REFUSED_BACKOFF;
	if (!listener_park(pending->listener, &pending->client, pending->progress, pending->until))
		return REFUSED_UNKEPT;
	if (pending->until)
		tcpmux_wait(runtime->engine, pending->until);
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

enum refusal pending_enter(struct service_runtime *runtime, struct pending_client *pending)
{
	struct instance *instance = instance_new(runtime->engine, runtime->service);
	enum refusal refusal;

	if (!instance)
		return REFUSED_MEMORY;
	instance->context = runtime;
	refusal = count_source(runtime, &pending->client, instance);
	if (refusal) {
		instance_free(instance);
		return refusal;
	}
	pending->instance = instance;
	return ADMITTED;
}

bool pending_fits(const struct service_runtime *runtime, const struct pending_client *pending)
{
	const struct access_options *access = runtime->service->groups->access;
	const struct source_counts *counts = &runtime->engine->instances->by_source;
	unsigned char source[SOURCE_SIZE];

	if (instances_are_full(runtime->engine) || runtime_is_full(runtime))
		return false;
	return access->per_source == UNLIMITED ||
	       !client_source(&pending->client, (unsigned)access->per_source_prefix, source) ||
	       source_count_count(counts, runtime, source) < (uint64_t)access->per_source;
}

void pending_leave(struct service_runtime *runtime, struct pending_client *pending)
{
	if (pending->instance->client.counted)
		source_count_leave(&runtime->engine->instances->by_source, runtime, pending->instance->client.source);
	instance_free(pending->instance);
	pending->instance = NULL;
}

void pending_dismiss(struct service_runtime *runtime, struct pending_client *pending)
{
	if (!pending->instance)
		return;
	pending_leave(runtime, pending);
	runtime->instance_count--;
	runtime_note_phase(runtime);
}

bool pending_plan(struct service_runtime *runtime, struct pending_client *pending, struct buf *why)
{
	struct instance *instance = pending->instance;
	bool plain = runtime->service->groups->environment->instance_names == INSTANCE_NAMES_PLAIN;

	if (!runtime->run->kit.plan->per_connection || (instance->sequence && instance->plan))
		return true;
	if (!*pending->name)
		client_instance_name(&pending->client, runtime->run->accept->named_instances++, plain, pending->name,
				     sizeof(pending->name));
	plan_free(instance->plan);
	instance->plan = runtime_plan_connection(runtime, pending->name, why);
	return instance->plan;
}

struct start_note pending_note(const struct service_runtime *runtime, const struct pending_client *pending)
{
	int client = -1, channel = pending->instance ? builtin_channel_descriptor(pending->instance, &client) : -1;

	return (struct start_note){
		.owner = runtime_number(runtime), .client = guard_noted_fd(pending->client.fd),
		.channel = guard_noted_fd(channel), .channel_client = guard_noted_fd(client),
	};
}

bool pending_equip(struct service_runtime *runtime, struct pending_client *pending, struct spawn_request *launch,
		   struct buf *why)
{
	struct start_kit *kit = &runtime->run->kit;
	int socket = pending->client.fd < 0 ? pending->listener->fd : pending->client.fd;

	pending->instance->service = runtime->service;  /* a reload may have changed it since */
	if (!pending_plan(runtime, pending, why))
		return false;
	if (!notify_receive_join(kit->notify, pending->instance)) {
		buf_text(why, "out of memory");
		return false;
	}
	if (!launch_wire(&pending->fd_map, kit, runtime->service, &socket, 1,
			 foreground_console(pending->instance), why) ||
	    !passed_files_open(&pending->fd_map, runtime->service, why) ||
	    !builtin_channel_open(runtime, pending->instance, &pending->fd_map, &pending->client, why)) {
		fd_map_close(&pending->fd_map);
		return false;
	}
	if (!launch_fill_for(launch, kit, &pending->fd_map, runtime->service, pending->listener, &pending->client,
			     &pending->caller)) {
		buf_text(why, "out of memory");
		fd_map_close(&pending->fd_map);
		return false;
	}
	launch->private_id = instance_private_tmp(pending->instance);
	if (pending->instance->plan)
		launch->plan = pending->instance->plan;
	if (!foreground_fill(pending->instance, launch)) {
		buf_text(why, "out of memory");
		fd_map_close(&pending->fd_map);
		return false;
	}
	if (instance_cgroup_enter(&pending->instance->cgroup, runtime->engine, runtime->service, launch, why))
		return true;
	fd_map_close(&pending->fd_map);
	return false;
}

static void log_start(struct service_runtime *runtime, const struct pending_client *pending, pid_t pid)
{
	struct event event = { .name = "started", .service = runtime->service->name, .pid = pid };
	enum level level = xinetd_record_run_level(runtime);

	event.peer = pending->caller.address;
	if (log_wants(runtime->engine->log, level))
		log_event(runtime->engine->log, level, &event, "started, pid %ld, for %s%s", (long)pid,
			  *event.peer ? event.peer : "a local client",
			  pending->instance->foreground ? ", in the foreground" : "");
}

/* Notes the client's address, and the time since superd began to accept its batch. If memory is short, the instance
 * has no address. */
static void note_peer(struct service_runtime *runtime, const struct pending_client *pending)
{
	struct service_stats *stats = &runtime->run->stats;
	const char *peer = pending->caller.address;
	double now = clock_now();

	snprintf(stats->last_peer, sizeof(stats->last_peer), "%.63s", peer);
	pending->instance->client.peer = *peer ? strdup(peer) : NULL;
	stats->last_latency = now - stats->last_request;
	histogram_add(&stats->latency, stats->last_latency);
	if (history_set_delay(&runtime->run->history, false, now))
		history_set_client(&runtime->run->history, false, stats->last_peer);
	stats->failing = false;
}

void pending_note_start(struct service_runtime *runtime, const struct pending_client *pending)
{
	struct instance *instance = pending->instance;

	if (!instance->sequence)
		list_add(&runtime->run->instances, &instance->link);
	runtime->run->stats.activations++;
	runtime->run->stats.last_start = clock_now();
	note_peer(runtime, pending);
	if (instance_is_starting(instance))
		instance_limit(instance, runtime->service->groups->lifecycle->timeout_start);
	else if (!instance->sequence)
		pending_begin_running(instance);
	else
		instance_limit(instance, SCAN_INFINITY);
	log_start(runtime, pending, instance->pid);
	foreground_note_run(instance);
	xinetd_record_start(runtime, instance->pid, &pending->client);
}

static bool share_for(struct service_runtime *runtime, struct pending_client *pending)
{
	struct instance *instance = pending->instance;
	pid_t pid;

	if (pending->client.fd < 0 || !shared_clients_give(runtime, instance, &pending->client, &pid))
		return false;
	instance->service = runtime->service;
	instance_begin(instance, pid, clock_now());
	client_address(&pending->client, pending->caller.address, sizeof(pending->caller.address));
	pending_note_start(runtime, pending);
	runtime_note_change(runtime);
	return true;
}

size_t pending_share(struct service_runtime *runtime, struct pending_client *pending, size_t count)
{
	size_t left = 0;

	for (size_t n = 0; n < count; n++) {
		if (share_for(runtime, &pending[n]))
			close_socket_client(runtime->engine, runtime->service->name, &pending[n].client);
		else if (left++ != n)
			pending[left - 1] = pending[n];
	}
	return left;
}

bool pending_begin(struct service_runtime *runtime, struct pending_client *pending, const struct spawn_request *launch,
		   struct buf *why)
{
	struct instance *instance = pending->instance;

	fd_map_close(&pending->fd_map);
	if (launch->pid >= 0) {
		shared_clients_begin(instance, launch->pid);
		shared_clients_welcome(instance);
		instance_begin(instance, launch->pid, launch->begun);
		runtime_note_change(runtime);
		pending_note_start(runtime, pending);
		return true;
	}
	start_kit_note_fault(&runtime->run->kit, &launch->fault);
	if (!why->length)
		launch_describe_fault(runtime->service, &launch->fault, why);
	pending_dismiss(runtime, pending);
	return false;
}


static const struct state_field pending_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, pending_client, "client", client.fd) },
	{ STATE_STRUCT(pending_client, client, &client_state) },
	{ STATE_FIELD(pending_client, "progress", progress), .most = ADMISSION_PASSED, .missing = ADMISSION_PASSED },
	{ STATE_FIELD(pending_client, "instance_name", name) },
};
const struct field_table pending_state = FIELD_TABLE(NULL, pending_client, pending_fields);
