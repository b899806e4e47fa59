/* An instance a connection. The hard thing is speed with fairness: what waits is accepted in a bounded batch, and
 * the batch's starts overlap (spawn_batch) when there is more than one.
 *
 * A datagram can't be accepted: its instance gets the socket itself, and nobody else does until it has ended, so a
 * burst starts one process. A datagram that instance after instance leaves in the queue is thrown away, or it
 * would start them for ever. */
#include "engine/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "engine/run.h"

#define BATCH 16
#define TRIES 3                         /* starts a datagram may cost before it is thrown away */

/* One connection on its way to an instance. */
struct guest {
	struct client client;
	struct instance *instance;
	struct wiring wiring;
	struct caller caller;
};

static void on_end(struct instance *instance, const struct ending *ending);

static void on_limit(struct instance *instance)
{
	instance_stop(instance);
}

static void refuse(struct keeper *keeper, struct client *client, const char *reason)
{
	struct event event = { .name = "refused", .service = keeper->service->name, .reason = reason };
	char address[128];

	client_address(client, address, sizeof(address));
	event.peer = address;
	keeper->activity->refused++;
	log_event(keeper->engine->log, LEVEL_NOTICE, &event, "refused %s: %s", address, reason);
	client_refuse(client);
}

/* The gate, in the order of the manual; what it counts is given back by on_end. */
static const char *admit(struct keeper *keeper, const struct client *client, struct instance *instance)
{
	const struct gate *gate = keeper->service->gate;

	if (gate->per_source == UNLIMITED)
		return NULL;
	if (!client_source(client, (unsigned)gate->per_source_prefix, instance->source))
		return NULL;
	if (!gate_enter(&keeper->engine->sources, keeper, instance->source, gate->per_source))
		return "too many from this source (per_source)";
	instance->gate = keeper;
	instance->counted = true;
	return NULL;
}

static struct instance *new_instance(struct keeper *keeper)
{
	struct instance *instance = instance_new(keeper->engine, keeper->service);

	if (!instance)
		return NULL;
	instance->context = keeper;
	instance->on_end = on_end;
	instance->on_limit = on_limit;
	return instance;
}

/* Undoes admit for somebody who will have no instance. */
static void dismiss(struct keeper *keeper, struct instance *instance)
{
	if (instance && instance->counted)
		gate_leave(&keeper->engine->sources, keeper, instance->source);
	instance_free(instance);
}

/* Lets one accepted client through the gate. false: it was refused. */
static bool receive(struct keeper *keeper, struct guest *guest)
{
	const char *reason = NULL;

	keeper->activity->accepted++;
	guest->instance = new_instance(keeper);
	if (!guest->instance)
		reason = "out of memory";
	else if (keeper_is_full(keeper))
		reason = "too many instances";
	else
		reason = admit(keeper, &guest->client, guest->instance);
	if (!reason) {
		keeper->instance_count++;
		return true;
	}
	dismiss(keeper, guest->instance);
	refuse(keeper, &guest->client, reason);
	return false;
}

static bool say_exhausted(struct keeper *keeper)
{
	struct event event = { .name = "exhausted", .service = keeper->service->name, .reason = strerror(errno) };

	engine_drop_spare(keeper->engine);
	log_event(keeper->engine->log, LEVEL_WARNING, &event, "cannot accept: %s: its clients wait", event.reason);
	engine_keep_spare(keeper->engine);
	keeper_pause(keeper, "cannot accept: %s", event.reason);
	return false;
}

/* One more guest. false when this turn is over; *happening is what to tell the table then. */
static bool take_guest(struct keeper *keeper, struct listener *listener, struct guest *guests, size_t *count,
		       enum happening *happening)
{
	if (keeper_is_full(keeper) && keeper->service->gate->overload == OVERLOAD_QUEUE) {
		*happening = FILLED;
		return false;
	}
	switch (client_accept(listener->io.fd, listener->listen, &guests[*count].client)) {
	case ACCEPTED:
		*count += receive(keeper, &guests[*count]);
		return true;
	case ACCEPT_AGAIN:
		return true;
	case ACCEPT_EXHAUSTED:
		*happening = EXEC_ERROR;
		return say_exhausted(keeper);
	case ACCEPT_BROKEN:
		*happening = BIND_ERROR;
		listener_close(listener, keeper->engine);
		return false;
	case ACCEPT_NOTHING:
		break;
	}
	return false;
}

/* Puts the descriptors of a guest in order and fills its launch. */
static bool equip(struct keeper *keeper, struct listener *listener, struct guest *guest, struct launch *launch,
		  struct buf *why)
{
	struct means *means = &keeper->activity->means;
	int socket = guest->client.fd < 0 ? listener->io.fd : guest->client.fd;

	if (!wiring_make(&guest->wiring, means, keeper->engine, keeper->service, &socket, 1, why)) {
		wiring_close(&guest->wiring);
		return false;
	}
	launch_fill_for(launch, means, &guest->wiring, keeper->service, listener, &guest->client, &guest->caller);
	return true;
}

static void say_start(struct keeper *keeper, const struct guest *guest, pid_t pid)
{
	struct event event = {
		.name = "started", .service = keeper->service->name, .pid = pid, .peer = guest->caller.address
	};

	if (log_wants(keeper->engine->log, LEVEL_INFO))
		log_event(keeper->engine->log, LEVEL_INFO, &event, "started, pid %ld, for %s", (long)pid,
			  guest->caller.address);
}

static bool begin(struct keeper *keeper, struct guest *guest, const struct launch *launch, struct buf *why)
{
	struct instance *instance = guest->instance;

	if (launch->pid < 0) {
		if (!why->length)       /* the first tells for all */
			launch_describe_fault(keeper->service, &launch->fault, why);
	} else if (instance_begin(instance, launch->pid)) {
		list_add(&keeper->instances, &instance->link);
		keeper->activity->activations++;
		keeper->activity->last_start = ev_now(keeper->engine->loop);
		instance_limit(instance, keeper->service->life->runtime_max);
		say_start(keeper, guest, launch->pid);
		return true;
	}
	keeper->instance_count--;
	dismiss(keeper, instance);
	guest->instance = NULL;
	return false;
}

static void say_failure(struct keeper *keeper, const char *why)
{
	struct event event = { .name = "failed", .service = keeper->service->name, .reason = why };

	keeper->activity->failures++;
	keeper_pause(keeper, "it could not be started: %s", why);
	log_event(keeper->engine->log, LEVEL_ERROR, &event, "cannot start: %s", why);
	if (keeper->service->life->on_failure == FAILURE_EXIT && !keeper->engine->stopping)
		keeper->engine->on_fatal(keeper->engine, keeper, 127 << 8);
}

/* Starts an instance for each guest. The connections are closed here either way: a guest that could not be served
 * sees EOF. */
static bool start_batch(struct keeper *keeper, struct listener *listener, struct guest *guests, size_t count)
{
	struct launch launches[BATCH];
	struct buf why = { 0 };
	size_t ready = 0;
	bool good = true;

	if (!means_prepare(&keeper->activity->means, keeper->engine, keeper->service, keeper->listeners, &why))
		good = false;
	for (; good && ready < count; ready++)
		good = equip(keeper, listener, &guests[ready], &launches[ready], &why);
	ready -= !good && ready;
	spawn_batch(launches, ready);
	for (size_t n = 0; n < count; n++) {
		if (n >= ready) {
			keeper->instance_count--;
			dismiss(keeper, guests[n].instance);
		} else {
			good = begin(keeper, &guests[n], &launches[n], &why) && good;
			wiring_close(&guests[n].wiring);
		}
		fd_close(&guests[n].client.fd);
	}
	if (!good)
		say_failure(keeper, buf_string(&why));
	else
		backoff_reset(&keeper->backoff);
	buf_free(&why);
	return good;
}

static void serve_connections(struct keeper *keeper, struct listener *listener)
{
	struct guest guests[BATCH];
	enum happening happening = ROOM;
	size_t count = 0;

	if (listener->shared) /* accept must not block, whatever a backend of an earlier row still does with it */
		fd_set_nonblocking(listener->io.fd, true);
	for (int n = 0; n < BATCH && take_guest(keeper, listener, guests, &count, &happening); n++)
		;
	if (count && !start_batch(keeper, listener, guests, count))
		happening = EXEC_ERROR;
	if (happening != ROOM)
		keeper_event(keeper, happening);
}

/* The address of the first datagram's sender, for the gate and for REMOTE_ADDR. */
static bool peek_sender(int fd, struct client *client)
{
	ssize_t got;

	client->fd = -1;
	client->length = sizeof(client->peer.storage);
	got = recvfrom(fd, NULL, 0, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC, &client->peer.any, &client->length);
	if (got < 0)
		client->length = 0;
	return got >= 0;
}

static void throw_away(struct keeper *keeper, int fd, const char *reason)
{
	struct event event = { .name = "refused", .service = keeper->service->name, .reason = reason };
	struct client client;
	char address[128];

	if (!peek_sender(fd, &client))
		return;
	client_address(&client, address, sizeof(address));
	event.peer = address;
	recv(fd, NULL, 0, MSG_DONTWAIT);
	keeper->activity->refused++;
	log_event(keeper->engine->log, LEVEL_NOTICE, &event, "threw a datagram of %s away: %s", address, reason);
}

static bool start_datagram(struct keeper *keeper, struct listener *listener, struct guest *guest, struct buf *why)
{
	struct activity *activity = keeper->activity;
	struct launch launch;
	bool good;

	fd_set_nonblocking(listener->io.fd, listener->listen->options->non_blocking);
	good = means_prepare(&activity->means, keeper->engine, keeper->service, keeper->listeners, why) &&
	       equip(keeper, listener, guest, &launch, why);
	if (!good) {
		keeper->instance_count--;
		dismiss(keeper, guest->instance);
		return false;
	}
	backlog_take(listener->io.fd, listener->listen, &activity->backlog);
	spawn_start(&launch);
	good = begin(keeper, guest, &launch, why);
	wiring_close(&guest->wiring);
	if (good) {
		guest->instance->busy = listener;
		listener->busy = true;
	}
	return good;
}

static void serve_datagram(struct keeper *keeper, struct listener *listener)
{
	struct guest guest = { .client.fd = -1 };
	struct buf why = { 0 };
	const char *reason;

	if (keeper_is_full(keeper) && keeper->service->gate->overload == OVERLOAD_QUEUE) {
		keeper_event(keeper, FILLED);
		return;
	}
	if (!peek_sender(listener->io.fd, &guest.client))
		return; /* taken meanwhile, or an error report of an earlier answer: reading it clears it */
	guest.instance = new_instance(keeper);
	if (!guest.instance)
		reason = "out of memory";
	else if (keeper_is_full(keeper))
		reason = "too many instances";
	else
		reason = admit(keeper, &guest.client, guest.instance);
	if (reason) {
		dismiss(keeper, guest.instance);
		throw_away(keeper, listener->io.fd, reason);
		return;
	}
	keeper->instance_count++;
	keeper->activity->accepted++;
	if (!start_datagram(keeper, listener, &guest, &why)) {
		say_failure(keeper, buf_string(&why));
		keeper_event(keeper, EXEC_ERROR);
	}
	buf_free(&why);
}

void serve_ready(struct keeper *keeper, struct listener *listener)
{
	if (keeper->state != LISTENING)
		return;
	if (!keeper_activity(keeper)) {
		keeper_event(keeper, EXEC_ERROR);
		return;
	}
	if (endpoint_accepts(listener->listen->endpoint))
		serve_connections(keeper, listener);
	else
		serve_datagram(keeper, listener);
	keeper_rewatch(keeper);
}

/* A burst is over. When its first datagram still lies there nothing was read of it. */
static void free_listener(struct keeper *keeper, struct listener *listener)
{
	struct activity *activity = keeper->activity;

	listener->busy = false;
	if (backlog_moved(listener->io.fd, listener->listen, &activity->backlog)) {
		activity->fruitless = 0;
		return;
	}
	if (++activity->fruitless >= TRIES) {
		activity->fruitless = 0;
		throw_away(keeper, listener->io.fd, "no instance reads it");
	}
}

static void on_end(struct instance *instance, const struct ending *ending)
{
	struct keeper *keeper = instance->context;
	struct listener *busy = instance->busy;
	bool well = ending->stopped || (WIFEXITED(ending->status) && WEXITSTATUS(ending->status) == 0);
	bool retired = instance->retired;

	means_drain(&keeper->activity->means, keeper->engine->instances == 1);
	run_say_end(keeper, instance->pid, ending);
	keeper->activity->last_end = ev_now(keeper->engine->loop);
	keeper->activity->last_status = ending->status;
	instance_free(instance);
	if (!retired) {
		keeper->instance_count--;
		if (busy)
			free_listener(keeper, busy);
		keeper_event(keeper, well ? EXITED : CRASHED);
		if (!keeper_is_full(keeper))
			keeper_event(keeper, ROOM);
		if (list_empty(&keeper->instances))
			keeper_event(keeper, GONE);
	}
	keeper_check_over(keeper);
}
