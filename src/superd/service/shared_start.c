/* Starts an instance that gets the listeners: at once, or, if commands run before the program (ExecStartPre,
 * ExecCondition), with an exec sequence. An instance with a sequence becomes the current one before it has a
 * process. */
#include "superd/service/shared_start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/proc/process_mark.h"
#include "superd/accept/xinetd_record.h"
#include "superd/clients/activator.h"
#include "superd/health/exit_verdict.h"
#include "superd/health/queue_notes.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/foreground.h"
#include "superd/instance/forking.h"
#include "superd/instance/notify_receive.h"
#include "superd/instance/outdated.h"
#include "superd/instance/ready.h"
#include "superd/instance/relay_start.h"
#include "superd/launch/fd_map.h"
#include "superd/loop/unreaped.h"
#include "superd/runtime/prepare_start.h"
#include "superd/runtime/start_queue.h"
#include "superd/service/service_cgroup.h"

static bool give_listeners(struct service_runtime *runtime, struct buf *why)
{
	struct engine *engine = runtime->engine;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!listener_is_open(listener))
			continue;
		if (!listener_filter_lent(listener, engine, runtime->service->name, why))
			return false;
		if (!listener_give(listener, engine, runtime->run->kit.plan->account)) {
			buf_addf(why, "remembering the address of %s: %s", listener->listen->name, strerror(errno));
			return false;
		}
	}
	return true;
}

/* Prepares a start: plan, pipes, and the O_NONBLOCK flag of each listener. The last backend may have changed the
 * flag, which all copies of a socket share. */
static bool prepare_start(struct service_runtime *runtime, const struct instance *instance, struct fd_map *fd_map,
			  struct buf *why)
{
	struct start_kit *kit = &runtime->run->kit;
	bool is_relayed = service_is_relayed(runtime->service), good;
	bool passes_sockets = runtime->service->exec->pass == PASS_SYSTEMD && !is_relayed;
	size_t count = 0;
	int *sockets;

	if (!runtime_prepare_start(runtime, why))
		return false;
	fdstore_keep_own(runtime->run->kit.store, service_user(runtime->service));
	sockets = give_listeners(runtime, why) ? calloc(runtime->listener_count + 1, sizeof(*sockets)) : NULL;
	if (!sockets) {
		if (!why->length)
			buf_text(why, "out of memory");
		return false;
	}
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!listener_is_open(listener))
			continue;       /* an optional socket that could not be opened */
		fd_set_nonblocking(listener->fd, listener->listen->options->non_blocking);
		if (!is_relayed)
			sockets[count++] = listener->fd;
	}
	good = launch_wire(fd_map, kit, runtime->service, sockets, count, foreground_console(instance), why) &&
	       fd_map_add_store(fd_map, kit->store, why) && passed_files_open(fd_map, runtime->service, why) &&
	       start_kit_name_sockets(kit, runtime->listeners, passes_sockets ? runtime->listener_count : 0,
				      fd_map->file_names);
	free(sockets);
	if (!good)
		fd_map_close(fd_map);
	if (!good && !why->length)
		buf_text(why, "out of memory");
	return good;
}

/* pass = bind: the program will ask for the listeners. */
static bool prepare_bind_calls(struct service_runtime *runtime, struct instance *instance, struct fd_map *fd_map,
			       struct spawn_request *launch, struct buf *why)
{
	if (bind_calls_make(instance, runtime) && bind_calls_add_channel(instance->bind_calls, fd_map, launch))
		return true;
	buf_addf(why, "making a channel for its filter: %s", strerror(errno));
	return false;
}

/* Starts the process of an instance. false: that failed, for the reason in why. */
static bool launch_instance(struct service_runtime *runtime, struct instance *instance, struct spawn_request *launch,
			    struct client *sender, struct buf *why)
{
	struct fd_map fd_map;

	if (!prepare_start(runtime, instance, &fd_map, why))
		return false;
	if (!notify_receive_join(runtime->run->kit.notify, instance) ||
	    !forking_expect(instance, runtime->table) ||
	    !ready_expect(instance, runtime)) {
		buf_text(why, "out of memory");
		fd_map_close(&fd_map);
		return false;
	}
	exit_verdict_note_queue(runtime);
	xinetd_record_find_sender(runtime, sender);
	launch_fill(launch, &runtime->run->kit, &fd_map, runtime->service);
	if (bind_calls_are_needed(runtime->service) && !prepare_bind_calls(runtime, instance, &fd_map, launch, why)) {
		fd_map_close(&fd_map);
		return false;
	}
	if (!foreground_fill(instance, launch)) {
		buf_text(why, "out of memory");
		fd_map_close(&fd_map);
		return false;
	}
	launch->mark = instance->mark = process_mark_new();
	launch->private_id = instance_private_tmp(instance);
	if (!instance_cgroup_enter(&instance->cgroup, runtime->engine, runtime->service, launch, why)) {
		fd_map_close(&fd_map);
		return false;
	}
	service_cgroup_enter(runtime, instance, launch);
	if (instance->sequence) {
		launch->invocation = instance->sequence->command.invocation;
		launch->checks = instance->sequence->command.checks && launch->plan->condition_count;
	}
	outdated_free(&instance->outdated);     /* the entry may have changed since the order to start */
	launch->note.owner = runtime_number(runtime);
	unreaped_start(runtime->engine, launch);
	fd_map_close(&fd_map);
	service_cgroup_entered(runtime, instance, launch);
	runtime_note_change(runtime);
	if (launch->pid >= 0)
		return true;
	start_kit_note_fault(&runtime->run->kit, &launch->fault);
	launch_describe_fault(runtime->service, &launch->fault, why);
	return false;
}

static void note_time(struct service_stats *stats)
{
	stats->last_start = clock_now();
	stats->last_wait = stats->last_request > 0 ? stats->last_start - stats->last_request : 0;
	stats->last_latency = 0;        /* of the start before */
}

/* activator_ask has found the client, or will. A start for clients whose instance has failed is no further wake, but an
 * order is. */
static void note_wake(struct service_run *run)
{
	struct history_wake wake = { .at = run->stats.last_start - run->stats.last_wait, .delay = -1,
				     .slept = (float)run->slept };

	if (run->stats.retries && !*run->stats.last_peer)
		return;
	memcpy(wake.by, run->stats.last_peer, sizeof(wake.by));
	history_add_wake(&run->history, &wake);
}

#define NAP 1.                          /* seconds: a shorter sleep is no news */

/* by: who has ordered it; "": a client, which superd/clients/activator logs. */
static void log_start(struct service_runtime *runtime, struct event *event, const char *by, bool in_foreground)
{
	char span[DURATION_MOST];

	event->duration = runtime->run->slept;
	event->has_duration = event->duration >= NAP;
	runtime->run->slept = 0;
	log_event(runtime->engine->log, LEVEL_INFO, event, "started, pid %ld%s%s%s%s%s%s", (long)event->pid,
		  in_foreground ? ", in the foreground" : "", *by ? ", by " : "", by,
		  event->has_duration ? ", after " : "",
		  event->has_duration ? duration_write(span, event->duration) : "",
		  event->has_duration ? " asleep" : "");
}

void shared_start_record(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;

	if (!run || !run->unrecorded)
		return;
	if (*run->stats.last_peer)
		xinetd_record_start_for(runtime, run->unrecorded, run->stats.last_peer);
	else
		xinetd_record_start(runtime, run->unrecorded, NULL);
	run->unrecorded = 0;
}

/* Logs START; if it has the address of a TCP client, once that is known. */
static void record_start(struct service_runtime *runtime, pid_t pid, const struct client *sender)
{
	bool waits = runtime->run->activator_query &&
		     runtime->service->groups->logging->log_on_success & SUCCESS_HOST;

	if (waits)
		runtime->run->unrecorded = pid;
	else
		xinetd_record_start(runtime, pid, sender);
}

/* Called when the program runs: logs that, and begins its first time limit. */
static void note_start(struct service_runtime *runtime, struct instance *instance, const struct client *sender)
{
	struct event event = { .name = "started", .service = runtime->service->name, .pid = instance->pid };
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	const char *by = *runtime->run->start_by ? runtime->run->stats.last_peer : "";
	bool knows_writer = runtime->service->exec->type != TYPE_FORKING && list_has_one(&runtime->run->instances);

	shared_start_record(runtime);   /* of the instance before, while its client is known */
	runtime->run->stats.activations++;
	runtime->run->stats.skipped_starts = 0;
	activator_ask(runtime, runtime->run->notes->queued_at_start);
	note_time(&runtime->run->stats);
	note_wake(runtime->run);
	record_start(runtime, instance->pid, sender);
	start_queue_note_run(runtime, event.pid);
	start_kit_forget_line(&runtime->run->kit);
	start_kit_name(&runtime->run->kit, knows_writer ? event.pid : 0);
	ready_begin(instance);
	log_start(runtime, &event, by, instance->foreground);
	foreground_note_run(instance);
	if (instance->bind_calls) {
		bind_calls_begin(instance->bind_calls);
		instance_limit(instance, lifecycle->timeout_start);
		return;
	}
	switch ((enum service_type)runtime->service->exec->type) {
	case TYPE_FORKING:
	case TYPE_NOTIFY:
	case TYPE_NOTIFY_RELOAD:
		instance_limit(instance, lifecycle->timeout_start);
		break;
	case TYPE_ONESHOT:
		instance_limit(instance, lifecycle->runtime_max);
		break;
	default:
		instance_limit(instance, instance->ready || service_awaits_target(runtime->service)
					 ? lifecycle->timeout_start
					 : SCAN_INFINITY);
	}
	if (!instance->facts.unready || service_awaits_target(runtime->service))
		shared_start_relay(instance);
}

void shared_start_relay(struct instance *instance)
{
	struct event event = { .name = "started", .service = instance->service->name, .pid = instance->pid };

	if (relay_begin(instance))
		return;
	log_event(instance->engine->log, LEVEL_ERROR, &event, "its relay cannot be started: out of memory");
	instance->facts.failed = true;
	instance->ops->limit(instance);
}

/* A start with an exec sequence. Owner: instance->sequence. */
struct sequence_start {
	struct exec_sequence sequence;
	struct client sender;
};

static struct sequence_start *sequence_start_of(const struct instance *instance)
{
	return container_of(instance->sequence, struct sequence_start, sequence);
}

bool shared_start_launch(struct instance *instance, struct spawn_request *launch, struct buf *why)
{
	return launch_instance(instance->context, instance, launch, &sequence_start_of(instance)->sender, why);
}

void shared_start_note(struct instance *instance)
{
	note_start(instance->context, instance, &sequence_start_of(instance)->sender);
}

void shared_start_drop(struct instance *instance)
{
	struct sequence_start *start = instance->sequence ? sequence_start_of(instance) : NULL;

	if (!start)
		return;
	exec_sequence_free(&start->sequence);
	instance->sequence = NULL;
	free(start);
}

struct exec_sequence *shared_start_resume(struct service_runtime *runtime, struct instance *instance)
{
	struct sequence_start *start = calloc(1, sizeof(*start));

	if (!start)
		return NULL;
	exec_sequence_load(&start->sequence, runtime, instance);
	return &start->sequence;
}

/* false: that failed, for the reason in why. */
static bool start_sequence(struct service_runtime *runtime, struct instance *instance, struct buf *why,
			   void (*take_over)(struct service_runtime *runtime, struct instance *instance))
{
	struct sequence_start *start = calloc(1, sizeof(*start));

	if (!start) {
		buf_text(why, "out of memory");
		return false;
	}
	exec_sequence_init(&start->sequence, runtime, instance);
	take_over(runtime, instance);
	/* Its first commands may send notifications, too. The launch of the main process reports a lack of memory. */
	notify_receive_join(runtime->run->kit.notify, instance);
	exec_sequence_begin(&start->sequence);
	return true;
}

static bool start_at_once(struct service_runtime *runtime, struct instance *instance, struct buf *why,
			  void (*take_over)(struct service_runtime *runtime, struct instance *instance))
{
	struct client sender;
	struct spawn_request launch;

	if (!launch_instance(runtime, instance, &launch, &sender, why))
		return false;
	instance_begin(instance, launch.pid, launch.begun);
	take_over(runtime, instance);
	note_start(runtime, instance, &sender);
	if (instance->state == INSTANCE_READY)
		runtime_post(runtime, READY);
	return true;
}

bool shared_start(struct service_runtime *runtime, struct buf *why,
		  void (*take_over)(struct service_runtime *runtime, struct instance *instance))
{
	struct start_kit *kit = &runtime->run->kit;
	struct instance *instance = instance_new(runtime->engine, runtime->service);
	bool good;

	if (!instance) {
		buf_text(why, "out of memory");
		return false;
	}
	foreground_take(runtime, instance);
	good = kit->plan || runtime_prepare_start(runtime, why);
	if (good && exec_sequence_is_needed(runtime->service, runtime->run->kit.plan))
		good = start_sequence(runtime, instance, why, take_over);
	else if (good)
		good = start_at_once(runtime, instance, why, take_over);
	if (!good)
		instance_free(instance);
	return good;
}
