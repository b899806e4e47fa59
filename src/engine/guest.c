/* From a client to an instance. The hard thing is that counts come back at any end: what is counted for a guest is
 * taken back either by guest_dismiss or by the end of the instance, never by both. */
#include "engine/guest.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "engine/channel.h"
#include "engine/record.h"
#include "engine/run_say.h"
#include "sys/directories.h"

static void on_limit(struct instance *instance)
{
	instance_expire(instance);
}

static void on_end(struct instance *instance, const struct ending *ending)
{
	struct keeper *keeper = instance->context;
	bool well = ending->stopped || (WIFEXITED(ending->status) && WEXITSTATUS(ending->status) == 0);
	bool retired = instance->retired, unread;

	channel_finish(instance);
	means_drain(&keeper->activity->means, keeper_is_empty(keeper));
	run_say_end(keeper, instance->pid, ending);
	keeper->activity->last_end = ev_now(keeper->engine->loop);
	keeper->activity->last_status = ending->status;
	if (instance->give_back)
		instance->give_back(instance);
	unread = instance->unread;
	instance_free(instance);
	if (keeper_is_empty(keeper)) {
		directories_remove(keeper->table, keeper->service, &keeper->engine->heritage);
		means_rest(&keeper->activity->means, keeper->engine);
	}
	if (!retired) {
		keeper->instance_count--;
		keeper_event(keeper, well ? EXITED : CRASHED);
		if (!keeper_is_full(keeper))
			keeper_event(keeper, ROOM);
		if (keeper_is_empty(keeper))
			keeper_event(keeper, GONE);
		if (unread && keeper->state != OFF)
			keeper_event(keeper, EXEC_ERROR);
	}
	keeper_check_over(keeper);
}

/* The gate's own count, given back by the instance's end. */
static enum refusal count_source(struct keeper *keeper, const struct client *client, struct instance *instance)
{
	const struct gate *gate = keeper->service->gate;

	if (gate->per_source == UNLIMITED)
		return ADMITTED;
	if (!client_source(client, (unsigned)gate->per_source_prefix, instance->source))
		return ADMITTED;
	if (!gate_enter(&keeper->engine->sources, keeper, instance->source, gate->per_source))
		return REFUSED_PER_SOURCE;
	instance->gate = keeper;
	instance->counted = true;
	return ADMITTED;
}

enum refusal guest_enter(struct keeper *keeper, struct guest *guest)
{
	struct instance *instance = instance_new(keeper->engine, keeper->service);
	enum refusal refusal;

	if (!instance)
		return REFUSED_MEMORY;
	instance->context = keeper;
	instance->on_end = on_end;
	instance->on_limit = on_limit;
	refusal = count_source(keeper, &guest->client, instance);
	if (refusal) {
		instance_free(instance);
		return refusal;
	}
	guest->instance = instance;
	return ADMITTED;
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

bool guest_equip(struct keeper *keeper, struct guest *guest, struct launch *launch, struct buf *why)
{
	struct means *means = &keeper->activity->means;
	int socket = guest->client.fd < 0 ? guest->listener->io.fd : guest->client.fd;

	if (!wiring_make(&guest->wiring, means, keeper->engine, keeper->service, &socket, 1, why) ||
	    !channel_open(keeper, guest->instance, &guest->wiring, &guest->client, why)) {
		wiring_close(&guest->wiring);
		return false;
	}
	launch_fill_for(launch, means, &guest->wiring, keeper->service, guest->listener, &guest->client,
			&guest->caller);
	return true;
}

static void say_start(struct keeper *keeper, const struct guest *guest, pid_t pid)
{
	struct event event = { .name = "started", .service = keeper->service->name, .pid = pid };

	event.peer = guest->caller.address;
	if (log_wants(keeper->engine->log, LEVEL_INFO))
		log_event(keeper->engine->log, LEVEL_INFO, &event, "started, pid %ld, for %s", (long)pid,
			  *event.peer ? event.peer : "a local client");
}

bool guest_begin(struct keeper *keeper, struct guest *guest, const struct launch *launch, struct buf *why)
{
	struct instance *instance = guest->instance;

	wiring_close(&guest->wiring);
	instance->service = keeper->service;    /* a reload may have been since it was made */
	if (launch->pid >= 0 && instance_begin(instance, launch->pid)) {
		list_add(&keeper->activity->instances, &instance->link);
		keeper->activity->activations++;
		keeper->activity->last_start = ev_now(keeper->engine->loop);
		instance_limit(instance, keeper->service->life->runtime_max);
		say_start(keeper, guest, launch->pid);
		record_start(keeper, launch->pid, &guest->client);
		return true;
	}
	if (!why->length && launch->pid < 0)
		launch_describe_fault(keeper->service, &launch->fault, why);
	else if (!why->length)
		buf_text(why, "out of memory");
	guest_dismiss(keeper, guest);
	return false;
}
