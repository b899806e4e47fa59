/* Runs the instances that get the listeners: whether one may start now, its start, its end, and how it is stopped. A
 * start may take time: if commands run before the program (ExecStartPre, ExecCondition), the instance has an exec
 * sequence (superd/instance/exec_sequence) and becomes the current one before it has a process. It may fail or be
 * stopped before it has one. */
#include "superd/service/shared_run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/proc/process_mark.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/datagram_sender.h"
#include "superd/service/fd_shortage.h"
#include "superd/service/limit_pause.h"
#include "superd/service/refuse.h"
#include "superd/service/sensor.h"
#include "superd/service/socket_rest.h"
#include "superd/service/start_log.h"
#include "superd/service/xinetd_record.h"
#include "superd/stop/activator.h"
#include "superd/stop/exit_verdict.h"
#include "superd/stop/queue_notes.h"
#include "superd/instance/background.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking.h"
#include "superd/instance/notify.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/outdated.h"
#include "superd/instance/ready.h"
#include "superd/instance/relay.h"
#include "superd/instance/thaw.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/unreaped.h"
#include "superd/instance/start_request.h"
#include "superd/instance/start_queue.h"
#include "superd/instance/wants.h"
#include "superd/service/service_cgroup.h"
#include "superd/stop/freeze.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "table/option/option_name.h"

/* ---- may it start now ---- */

static bool has_address_rules(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (listen_prepared(&service->sockets[n])->access)
			return true;
	}
	return false;
}

static bool has_limited_socket(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (service->sockets[n].options->trigger_limit_burst != UNLIMITED)
			return true;
	}
	return false;
}

/* Whether the service may start for a client of one of its sockets, or starts without one. Counts the start for all
 * sockets with clients. */
static bool sockets_permit(struct service_runtime *runtime)
{
	bool may = runtime_start_due(runtime) > 0, any_waits = false;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!listener_has_socket(listener) || !client_waits(listener->fd))
			continue;
		any_waits = true;
		if (socket_rest_left(runtime, listener) > 0)
			continue;
		if (socket_rest_is_due(runtime, listener)) {
			socket_rest_begin(runtime, listener);
			continue;
		}
		socket_rest_count(runtime, listener);
		may = true;
	}
	return may || !any_waits;
}

/* Before the start superd can only see the sender of a datagram. The kernel filters connections
 * (os/bpf/socket_filter), or they wait in the accept queue. false: not now; *instead gets the event that happens in
 * place of the start. */
static bool may_start(struct service_runtime *runtime, enum service_event *instead)
{
	const struct service *service = runtime->service;
	bool counts_senders = service->groups->access->per_source_cpm != UNLIMITED, is_guarded = true;

	if ((has_address_rules(service) || service->groups->access->access_times ||
	     service->groups->access->libwrap || counts_senders || sensor_has_any(runtime->engine)) &&
	    datagram_sender_sift(runtime)) {
		runtime->run->notes->queued_at_end = 0;
		*instead = EXITED;              /* watch the socket again, without a start */
		return false;
	}
	for (size_t n = 0; n < runtime->listener_count; n++)
		is_guarded &= listener_guard(&runtime->listeners[n], runtime->engine, service->name);
	if (!is_guarded) {
		runtime->started = false;
		*instead = EXITED;              /* it starts when that is done */
		return false;
	}
	if (limit_pause_begin(runtime, NULL, NULL) || limit_pause_for_moment(runtime)) {
		runtime->started = false;
		*instead = LIMITED;
		return false;
	}
	if (has_limited_socket(service) && !sockets_permit(runtime)) {
		runtime->run->notes->queued_at_end = 0;
		*instead = limit_pause_for_rests(runtime) ? LIMITED : EXITED;
		return false;
	}
	rate_limit_count(&runtime->run->accept->rate, 1., clock_now());
	if (counts_senders)
		datagram_sender_count(runtime);
	return true;
}

/* ---- it starts ---- */

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
 * flag, which all copies of a socket share. false without a reason: out of memory. */
static bool prepare_start(struct service_runtime *runtime, struct fd_map *fd_map,
			  struct buf *why)
{
	if (!runtime_prepare_start(runtime, why))
		return false;
	fdstore_keep_own(runtime->run->kit.store, service_user(runtime->service));
	if (!give_listeners(runtime, why))
		return false;
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (listener_is_open(listener))
			fd_set_nonblocking(listener->fd, listener->listen->options->non_blocking);
	}
	return launch_wire(fd_map, runtime, -1, NULL, why);
}

/* The same of the launch itself. */
static bool prepare_launch(struct service_runtime *runtime, struct instance *instance, struct fd_map *fd_map,
			   struct spawn_request *launch, struct buf *why)
{
	if (!prepare_start(runtime, fd_map, why) ||
	    !notify_join(runtime->run->kit.notify, instance) || !forking_expect(instance, runtime->table) ||
	    !ready_expect(instance, runtime))
		return false;
	queue_notes_note_start(runtime);
	launch_fill(launch, runtime, fd_map);
	/* pass = bind: the program will ask for the listeners. */
	if (runtime->service->exec->pass == PASS_BIND &&
	    (!bind_calls_make(instance, runtime) || !bind_calls_add_channel(instance->bind_calls, fd_map, launch))) {
		buf_addf(why, "making a channel for its filter: %s", strerror(errno));
		return false;
	}
	launch->mark = instance->mark = process_mark_new();
	launch->private_id = instance_private_tmp(instance);
	return instance_cgroup_enter(&instance->cgroup, runtime->engine, runtime->service, launch, why);
}

/* Starts the process of an instance. false: that failed, for the reason in why. */
static bool launch_instance(struct service_runtime *runtime, struct instance *instance, struct spawn_request *launch,
			    struct client *sender, struct buf *why)
{
	struct fd_map fd_map = { 0 };

	if (!prepare_launch(runtime, instance, &fd_map, launch, why)) {
		fd_map_close(&fd_map);
		if (!why->length)
			buf_text(why, "out of memory");
		return false;
	}
	xinetd_record_find_sender(runtime, sender);
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

/* by: who has ordered it; "": a client, which superd/stop/activator logs. */
static void log_start(struct service_runtime *runtime, struct event *event, const char *by)
{
	char span[DURATION_MOST];

	event->duration = runtime->run->slept;
	event->has_duration = event->duration >= NAP;
	runtime->run->slept = 0;
	log_event(runtime->engine->log, LEVEL_INFO, event, "started, pid %ld%s%s%s%s%s", (long)event->pid,
		  *by ? ", by " : "", by, event->has_duration ? ", after " : "",
		  event->has_duration ? duration_write(span, event->duration) : "",
		  event->has_duration ? " asleep" : "");
}

void shared_run_record(struct service_runtime *runtime)
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

/* Begins its relay, if it has one: when the program runs, or once it has announced that it is ready. */
static void start_relay(struct instance *instance)
{
	struct event event = { .name = "started", .service = instance->service->name, .pid = instance->pid };

	if (relay_begin(instance))
		return;
	log_event(instance->engine->log, LEVEL_ERROR, &event, "its relay cannot be started: out of memory");
	instance->facts.failed = true;
	instance->ops->limit(instance);
}

/* Called when the program runs: logs that, and begins its first time limit. */
static void note_start(struct service_runtime *runtime, struct instance *instance, const struct client *sender)
{
	struct event event = { .name = "started", .service = runtime->service->name, .pid = instance->pid };
	struct service_stats *stats = &runtime->run->stats;
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	const char *by = *runtime->run->start_by ? stats->last_peer : "";
	bool knows_writer = runtime->service->exec->type != TYPE_FORKING && list_has_one(&runtime->run->instances);

	shared_run_record(runtime);     /* of the instance before, while its client is known */
	stats->activations++;
	stats->skipped_starts = 0;
	activator_ask(runtime, runtime->run->notes->queued_at_start);
	stats->last_start = clock_now();
	stats->last_wait = stats->last_request > 0 ? stats->last_start - stats->last_request : 0;
	stats->last_latency = 0;                /* of the start before */
	note_wake(runtime->run);
	record_start(runtime, instance->pid, sender);
	start_queue_note_run(runtime, event.pid);
	start_kit_forget_line(&runtime->run->kit);
	start_kit_name(&runtime->run->kit, knows_writer ? event.pid : 0);
	ready_begin(instance);
	log_start(runtime, &event, by);
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
		start_relay(instance);
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

static bool launch_shared(struct instance *instance, struct spawn_request *launch, struct buf *why)
{
	return launch_instance(instance->context, instance, launch, &sequence_start_of(instance)->sender, why);
}

static void note_run(struct instance *instance)
{
	note_start(instance->context, instance, &sequence_start_of(instance)->sender);
}

struct exec_sequence *shared_run_resume(struct service_runtime *runtime, struct instance *instance)
{
	struct sequence_start *start = calloc(1, sizeof(*start));

	if (!start)
		return NULL;
	exec_sequence_load(&start->sequence, runtime, instance);
	return &start->sequence;
}

/* ---- it ends ---- */

/* Closes the waiting clients of a Unix socket. They may have sent descriptors, so superd/loop/close_socket closes them:
 * a superd-accept that did would hang, and keep those of other services waiting. */
static void flush_clients(struct service_runtime *runtime, const struct listener *listener)
{
	struct client client;

	for (int n = 0; n < DROPS_MOST && client_waits(listener->fd) &&
	     client_accept_shared(listener->fd, listener->listen, &client) == ACCEPTED; n++)
		close_socket_client(runtime->engine, runtime->service->name, &client);
}

/* flush_pending: drops clients that came before the end of the instance, so that they start nothing. */
static void flush_listeners(struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!listener_is_open(listener) || !listener->listen->options->flush_pending)
			continue;
		if (listener->listen->address->kind == ENDPOINT_UNIX ||
		    listener->listen->address->kind == ENDPOINT_SEQPACKET)
			flush_clients(runtime, listener);
		else
			listener_drop(listener, runtime->engine, runtime->service->name, DROPS_MOST);
		runtime->run->notes->queued_at_end = 0;
	}
}

#define BIND_SOON 10.                   /* seconds: a program that cannot have its port ends soon */

/* Sets the time of a start by `restart`. */
static void plan_restart(struct service_runtime *runtime, const struct ending *ending)
{
	if (!ending->stopped && result_restarts(runtime->service, ending->result, ending->status))
		runtime->run->start_due = clock_now() + exit_verdict_restart(runtime, ending);
}

/* The commonest first mistake: its program binds the port that superd has bound before. Its last line has strerror's
 * "Address already in use", or the like. */
static void add_bind_hint(struct service_runtime *runtime, const struct ending *ending)
{
	const struct service *service = runtime->service;
	/* Its streams may be superd's own, as with -l, so that superd does not know what it has printed. */
	bool is_heard = service->groups->streams->error.kind != STREAM_INHERIT;
	struct failures *failures = &runtime->run->stats.failed;
	enum failure_hint hint = is_heard ? HINT_PORT_TAKEN : HINT_PORT_PERHAPS;
	bool may_lack_port = WIFEXITED(ending->status) && WEXITSTATUS(ending->status) && ending->lasted < BIND_SOON;
	struct buf reason = { 0 };

	if (service->exec->pass == PASS_BIND || service->exec->accept || service->exec->redirect ||
	    !runtime->listener_count)
		return;
	if (is_heard ? !strcasestr(start_kit_last_line(&runtime->run->kit), "in use") : !may_lack_port)
		return;
	buf_text(&reason, runtime_reason(runtime));
	if (!reason.failed)
		runtime_pause(runtime, "%s%s", buf_string(&reason), failure_hint(hint));
	if (failures->count && ending->result != RESULT_SUCCESS)
		failures->kept[0].hint = (unsigned char)hint;
	buf_free(&reason);
}

/* Opens a socket beside the one that an instance drains at; -1: there is no such socket, or it failed. */
static int open_beside(struct service_runtime *runtime, const struct listener *listener)
{
	int partner = listener->listen->address->kind == ENDPOINT_TCP ? stop_find_socket(runtime, listener->fd) : -1;
	struct buf why = { 0 }, warnings = { 0 };
	int fd = partner >= 0 ? reuseport_open(partner, listener->listen, &why, &warnings) : -1;

	buf_free(&why);
	buf_free(&warnings);
	return fd;
}

static void reopen_listener(struct service_runtime *runtime, struct listener *listener)
{
	struct event event = { .name = "rebind", .service = runtime->service->name };
	int beside = open_beside(runtime, listener);
	struct buf why = { 0 };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "a program has shut its listener down: opening it "
							       "again");
	runtime->run->notes->queued_at_end = 0; /* no client is left in its queue */
	refuse_parked(listener, REFUSED_CLOSED);
	listener_close(listener, runtime->engine);
	if (beside >= 0 && listener_resume(listener, runtime->engine, runtime->service->name, beside))
		return;
	if (!listener_open(listener, runtime->engine, runtime->service->name, &why))
		log_event(runtime->engine->log, LEVEL_ERROR, &event, "cannot open it: %s", buf_string(&why));
	buf_free(&why);
}

/* Opens listeners anew that a backend has shut down. If an instance still drains at another socket of the same port,
 * the new one must be opened beside it, with SO_REUSEPORT. */
static void reopen_shut_listeners(struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (listener_has_socket(listener) && endpoint_accepts(listener->listen->endpoint) &&
		    bind_is_shut(listener->fd))
			reopen_listener(runtime, listener);
	}
}

static void handle_end(struct service_runtime *runtime, const struct ending *ending, const char *why)
{
	struct service_run *run = runtime->run;
	bool had_standby = run->standby_sockets;
	enum service_event service_event;
	unsigned waiting;

	standby_sockets_settle(runtime);
	waiting = queue_notes_count(runtime);
	accept_latency_end(runtime, had_standby ? UINT_MAX : waiting);
	service_event = exit_verdict_end(runtime, ending, waiting, why);
	if (background_serves(runtime))
		run->notes->queued_at_end = 0;  /* its clients start nothing */
	if (service_event == CRASHED)
		add_bind_hint(runtime, ending);
	reopen_shut_listeners(runtime);
	flush_listeners(runtime);
	run->stats.retries = service_event == CRASHED && !ending->stopped &&
		ending->lasted * 1e6 <= (double)runtime->service->groups->lifecycle->backoff_max;
	if (service_event == CRASHED) {
		run->stats.failing = true;
		runtime_start_anew(runtime);
	} else if (!queue_notes_wants_proof(runtime)) {
		backoff_reset(&runtime->backoff);
	}
	plan_restart(runtime, ending);
	if (service_event == CRASHED && !ending->stopped &&
	    runtime->service->groups->lifecycle->on_failure == FAILURE_EXIT && !runtime->engine->stopping &&
	    !runtime_is_removed(runtime))
		runtime_end_superd(runtime, ending->status);
	runtime_post(runtime, service_event);
	if (had_standby)                /* until now unreachable sockets were not opened anew */
		runtime_post(runtime, UNREACHABLE);
}

/* Called when an instance has ended before it ran its program. */
static void handle_failed_start(struct service_runtime *runtime, const struct ending *ending, const char *why)
{
	bool starting = runtime_state(runtime) == STARTING;

	flush_listeners(runtime);
	if (ending->stopped) {
		runtime_post(runtime, EXITED);
	} else if (result_is_good(ending->result)) {
		runtime->started = false;
		start_log_skip(runtime, why);
		runtime_post(runtime, starting ? LIMITED : EXITED);
	} else {
		runtime_start_anew(runtime);
		plan_restart(runtime, ending);
		start_log_failure(runtime, NULL, why);
		runtime_post(runtime, starting ? EXEC_ERROR : CRASHED);
	}
}

static struct buf take_reason(struct instance *instance)
{
	struct buf why = { 0 };

	if (instance->sequence) {
		why = instance->sequence->why;
		instance->sequence->why = (struct buf){ 0 };
	}
	return why;
}

static void drop_shared(struct instance *instance)
{
	struct sequence_start *start;

	stop_forget(instance);
	freeze_forget(instance);
	if (!instance->sequence)
		return;
	start = sequence_start_of(instance);
	exec_sequence_free(&start->sequence);
	instance->sequence = NULL;
	free(start);
}

static void end_shared(struct instance *instance, const struct ending *ending)
{
	struct service_runtime *runtime = instance->context;
	struct service_run *run = runtime->run;
	struct engine *engine = runtime->engine;
	bool retired = instance->retired, ran = !instance->sequence || instance->sequence->has_run;
	struct buf why = take_reason(instance);
	bool left_some = !instance_cgroup_is_empty(&instance->cgroup, engine);

	if (ending->unbound && !ending->stopped && !why.length)
		bind_calls_describe(instance, &why);
	if (ran) {
		shared_run_record(runtime);
		start_kit_drain(&run->kit, true);
		start_log_end(runtime, instance, ending);
	}
	if (run->current == instance)
		run->current = NULL;
	instance_free(instance);
	if (runtime_is_empty(runtime)) {
		fdstore_end_run(runtime->run->kit.store,
				runtime->service->groups->lifecycle->file_descriptor_store_preserve,
				ending->stopped || ending->result == RESULT_SUCCESS);
		cleanup_remove(runtime);
		start_kit_rest(&run->kit);
	}
	if (ran && !ending->stopped && !ending->status && left_some)
		background_look(runtime);
	if (!retired && ran)
		handle_end(runtime, ending, buf_string(&why));
	else if (!retired)
		handle_failed_start(runtime, ending, buf_string(&why));
	else if (runtime_state(runtime) == BINDING)
		runtime_start_timer(runtime, 0);        /* it may have held the address that is needed */
	else
		stop_go_on(runtime);
	buf_free(&why);
	runtime_post(runtime, LOOK);
	if (ran)
		fd_shortage_pass(engine);
}

static void note_ready(struct instance *instance)
{
	struct service_runtime *runtime = instance->context;

	bind_calls_note(instance);
	if (instance->retired)
		return;
	start_relay(instance);
	runtime_post(runtime, READY);
}

static void limit_shared(struct instance *instance)
{
	struct service_runtime *runtime = instance->context;

	if (instance->retired && !instance->facts.stopped)
		stop_end(instance);
	else if (instance->retired)
		instance_expire(instance);
	else
		runtime_post(runtime, TIMER);
}

static const struct instance_ops shared_ops = {
	.launch = launch_shared,
	.runs = note_run,
	.ready = note_ready,
	.limit = limit_shared,
	.ended = end_shared,
	.drop = drop_shared,
};

void shared_run_own(struct service_runtime *runtime, struct instance *instance)
{
	instance->context = runtime;
	instance->ops = &shared_ops;
	list_add(&runtime->run->instances, &instance->link);
}

bool shared_run_owns(const struct instance *instance)
{
	return instance->ops == &shared_ops;
}

static void add_current(struct service_runtime *runtime, struct instance *instance)
{
	shared_run_own(runtime, instance);
	runtime->run->current = instance;
}

/* false: that failed, for the reason in why. */
static bool start_sequence(struct service_runtime *runtime, struct instance *instance, struct buf *why)
{
	struct sequence_start *start = calloc(1, sizeof(*start));

	if (!start) {
		buf_text(why, "out of memory");
		return false;
	}
	exec_sequence_init(&start->sequence, runtime, instance);
	add_current(runtime, instance);
	/* Its first commands may send notifications, too. The launch of the main process reports a lack of memory. */
	notify_join(runtime->run->kit.notify, instance);
	exec_sequence_begin(&start->sequence);
	return true;
}

static bool start_at_once(struct service_runtime *runtime, struct instance *instance, struct buf *why)
{
	struct client sender;
	struct spawn_request launch;

	if (!launch_instance(runtime, instance, &launch, &sender, why))
		return false;
	instance_begin(instance, launch.pid, launch.begun);
	add_current(runtime, instance);
	note_start(runtime, instance, &sender);
	if (instance->state == INSTANCE_READY)
		runtime_post(runtime, READY);
	return true;
}

/* It is the current instance once only its process can still fail; READY follows, or its end. false: the start failed,
 * for the reason in why. */
static bool start_instance(struct service_runtime *runtime, struct buf *why)
{
	struct start_kit *kit = &runtime->run->kit;
	struct instance *instance = instance_new(runtime->engine, runtime->service);
	bool good;

	if (!instance) {
		buf_text(why, "out of memory");
		return false;
	}
	good = kit->plan || runtime_prepare_start(runtime, why);
	if (good && exec_sequence_is_needed(runtime->run->kit.plan))
		good = start_sequence(runtime, instance, why);
	else if (good)
		good = start_at_once(runtime, instance, why);
	if (!good)
		instance_free(instance);
	return good;
}

bool shared_run_prepare(struct service_runtime *runtime)
{
	return queue_notes_make(runtime) && accept_state_make(runtime);
}

void shared_run_spawn(struct service_runtime *runtime)
{
	struct buf why = { 0 };
	enum service_event instead;

	if (!shared_run_prepare(runtime)) {
		runtime_pause(runtime, "out of memory");
		runtime_post(runtime, EXEC_ERROR);
		return;
	}
	runtime_stop_timer(runtime);
	if (!may_start(runtime, &instead)) {
		runtime_post(runtime, instead);
		return;
	}
	runtime->run->start_due = 0;
	if (!wants_are_there(runtime, &why) || !start_instance(runtime, &why)) {
		start_log_failure(runtime, NULL, buf_string(&why));
		runtime_start_anew(runtime);
		plan_restart(runtime, &(struct ending){ .result = RESULT_RESOURCES });
		flush_listeners(runtime);
		runtime_post(runtime, EXEC_ERROR);
	}
	buf_free(&why);
}

void shared_run_note(struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;

	run->stats.failing = false;
	if (!run->current)              /* it has already ended; the runtime handles that event next */
		return;
	accept_latency_begin(runtime);
	instance_limit(run->current, runtime->service->groups->lifecycle->runtime_max);
	notify_state_watch(run->current);
	runtime_post(runtime, DRAIN_DUE);
}

/* ---- it is stopped ---- */

/* A current one without a stop has got its signal, or waits for it (stop_begin) and had no memory for the record. */
void shared_run_dismiss(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->stop || instance != runtime_current(runtime))
			stop_end(instance);
	}
}

/* Adds what a start waits for: "it has not bound tcp:80", what it has not said, or who does not answer. */
static void describe_awaited(const struct instance *instance, struct buf *out)
{
	bind_calls_describe(instance, out);
	if (!out->length)
		ready_describe(instance, out);
	if (!out->length && instance->relay && service_awaits_target(instance->service))
		relay_describe_silence(instance->relay, out);
}

void shared_run_stop(struct service_runtime *runtime, enum service_event cause)
{
	struct instance *instance = runtime_current(runtime);
	struct event event = { .name = "stopping", .service = runtime->service->name };

	if (!instance)
		return;
	event.pid = instance->pid;
	if (cause == TIMER && !instance->facts.failed) {      /* a start that has failed was logged before */
		bool late = instance_is_starting(instance);
		struct buf awaited = { 0 };

		instance->facts.failed = late;
		if (late)
			describe_awaited(instance, &awaited);
		log_event(runtime->engine->log, LEVEL_NOTICE, &event, "stopping pid %ld: %s%s%s%s%s", (long)event.pid,
			  late ? "it was not ready within " : "",
			  option_name_of(runtime->service, late ? "timeout_start" : "runtime_max"),
			  late ? "" : " is over", awaited.length ? ": " : "", buf_string(&awaited));
		buf_free(&awaited);
	}
	if (cause != UNNEEDED)
		runtime->run->stop_reason = cause == TIMER ? STOP_LIMIT :
					    runtime->run->restarts ? STOP_RESTART : STOP_ORDER;
	stop_begin(runtime);
	if (cause == HALT)
		shared_run_dismiss(runtime);
}

void shared_run_kill(struct service_runtime *runtime)
{
	if (runtime_current(runtime))
		instance_expire(runtime_current(runtime));
}

void shared_run_retire(struct service_runtime *runtime, bool stop)
{
	struct service_run *run = runtime->run;

	admission_recall(runtime);
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->sequence)
			exec_sequence_retire(instance->sequence, !shared_run_owns(instance));
		stop_give_up(instance);
		if (stop && runtime->engine->stopping)
			instance_stop(instance);
		else if (stop)
			stop_end(instance);
		else
			instance_thaw(instance);
		if (runtime_state(runtime) == CLOSING && stop)
			continue;
		instance->retired = true;
		instance->client.busy = NULL;
	}
	if (run && run->current && run->current->retired)
		run->current = NULL;
	if (runtime_state(runtime) != CLOSING)
		runtime->instance_count = 0;    /* retired instances do not count */
	runtime_note_phase(runtime);
}

static bool has_datagrams_alone(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (!endpoint_is_datagram(service->sockets[n].endpoint))
			return false;
	}
	return service->socket_count > 0;
}

void shared_run_end_answering(struct service_runtime *runtime)
{
	const struct service *service = runtime->service;
	bool hands_over = !service->exec->accept && has_datagrams_alone(service);

	if (!service->exec->builtin)
		return;
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->client.busy || hands_over)
			instance_stop(instance);
	}
}

void shared_run_abandon(struct service_runtime *runtime)
{
	admission_recall(runtime);
	activator_forget(runtime);
	LIST_EACH(link, runtime_instances(runtime)) {
		struct instance *instance = container_of(link, struct instance, link);

		list_remove(&instance->link);
		list_remove(&instance->linger);
		runtime->engine->instances->count--;
		instance->private_tmp = 0;      /* it runs on, and needs its folders */
		relay_abandon(instance);
		instance_free(instance);
	}
}
