/* Runs the instances that get the listeners. A start may take time: an instance with an exec sequence
 * (superd/instance/exec_sequence) becomes the current one before it has a process. It may fail or be stopped before
 * it has one. */
#include "superd/service/shared_run.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/socket/bind.h"
#include "superd/accept/accept_state.h"
#include "superd/accept/admission.h"
#include "superd/accept/fd_shortage.h"
#include "superd/accept/start_log.h"
#include "superd/clients/activator.h"
#include "superd/health/accept_latency.h"
#include "superd/health/exit_verdict.h"
#include "superd/health/queue_notes.h"
#include "superd/instance/background.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/foreground.h"
#include "superd/instance/notify_handle.h"
#include "superd/instance/ready.h"
#include "superd/instance/relay.h"
#include "superd/instance/thaw.h"
#include "superd/loop/close_socket.h"
#include "superd/runtime/wants.h"
#include "superd/service/shared_start.h"
#include "superd/service/shutdown_check.h"
#include "superd/service/start_permit.h"
#include "superd/stop/freeze.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"
#include "table/option/option_name.h"

#define FLUSH_MOST 65536                /* number of clients that are flushed at once, because a flood may not end */

/* Closes the waiting clients of a Unix socket. They may have sent descriptors, so superd/loop/close_socket closes
 * them. */
static void flush_clients(struct service_runtime *runtime, const struct listener *listener)
{
	struct client client;

	if (fd_set_nonblocking(listener->fd, true) < 0)
		return;         /* accept(2) would block */
	for (int n = 0; n < FLUSH_MOST && client_accept(listener->fd, listener->listen, &client) == ACCEPTED; n++)
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
			bind_flush(listener->fd, listener->listen);
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

static void handle_end(struct service_runtime *runtime, const struct ending *ending, const char *why)
{
	struct service_run *run = runtime->run;
	bool had_standby = run->standby_sockets;
	enum service_event service_event;
	struct queue_look look;

	if (had_standby)
		fd_close(&run->notes->arrivals); /* it may watch sockets that are no listeners any more */
	standby_sockets_settle(runtime);
	look = exit_verdict_look(runtime);
	accept_latency_end(runtime, had_standby ? UINT_MAX : look.waiting);
	service_event = exit_verdict_end(runtime, ending, &look, why);
	if (background_serves(runtime))
		run->notes->queued_at_end = 0;  /* its clients start nothing */
	if (service_event == CRASHED)
		add_bind_hint(runtime, ending);
	shutdown_check_replace(runtime);
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
	stop_forget(instance);
	freeze_forget(instance);
	shared_start_drop(instance);
}

/* The operator hears how his run in the foreground has ended. */
static void tell_operator(struct instance *instance, const struct ending *ending, bool ran, const char *why)
{
	if (ran)
		foreground_note_end(instance, ending->status);
	else
		foreground_note_failure(instance, why);
}

static void end_shared(struct instance *instance, const struct ending *own_ending)
{
	struct service_runtime *runtime = instance->context;
	struct service_run *run = runtime->run;
	struct engine *engine = runtime->engine;
	bool retired = instance->retired, ran = !instance->sequence || instance->sequence->has_run;
	const struct ending seen = foreground_ending(instance, own_ending), *ending = &seen;
	struct buf why = take_reason(instance);
	bool left_some = !instance_cgroup_is_empty(&instance->cgroup, engine);

	if (ending->unbound && !ending->stopped && !why.length)
		bind_calls_describe(instance, &why);
	if (ran) {
		shared_start_record(runtime);
		start_kit_drain(&run->kit, true);
		start_log_end(runtime, instance, ending);
	}
	runtime->halted |= instance->foreground != NULL;        /* nothing but a client or an order starts it again */
	tell_operator(instance, ending, ran, buf_string(&why));
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
	shared_start_relay(instance);
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
	.launch = shared_start_launch,
	.runs = shared_start_note,
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

bool shared_run_prepare(struct service_runtime *runtime)
{
	return queue_notes_make(runtime) && accept_state_make(runtime);
}

void shared_run_spawn(struct service_runtime *runtime)
{
	struct buf why = { 0 };
	enum service_event instead;
	bool in_foreground = foreground_waits(runtime);

	if (!shared_run_prepare(runtime)) {
		runtime_pause(runtime, "out of memory");
		runtime_post(runtime, EXEC_ERROR);
		return;
	}
	runtime_stop_timer(runtime);
	if (!start_permit(runtime, &instead)) {
		runtime_post(runtime, instead);
		return;
	}
	runtime->run->start_due = 0;
	if (!wants_are_there(runtime, &why) || !shared_start(runtime, &why, add_current)) {
		start_log_failure(runtime, NULL, buf_string(&why));
		runtime->halted |= in_foreground;
		if (!in_foreground) {
			runtime_start_anew(runtime);
			plan_restart(runtime, &(struct ending){ .result = RESULT_RESOURCES });
		}
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

/* A current one without a stop waits until an earlier one has ended (stop_begin), or has got its signal. */
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
		runtime->run->stop_reason = cause == TIMER ? STOP_LIMIT : STOP_ORDER;
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
