/* Makes superd quiet before the exec. Clients must not notice that, and must not be able to delay it. So they wait
 * in the accept queues, and nothing new begins. superd completes a start that is under way, for as long as the
 * service allows. It repeats a lookup without an answer afterwards. */
#include "superd/reload/upgrade.h"
#include "superd/runtime/start_queue.h"

#include "superd/accept/admission_state.h"
#include "superd/accept/lookup.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/notify_state.h"
#include "superd/launch/notify.h"
#include "superd/listener/rpcbind.h"
#include "superd/listener/socket_condition.h"
#include "superd/listener/socket_store.h"
#include "superd/loop/fd_watch.h"
#include "superd/runtime/service_list.h"
#include "superd/service/runtime_event.h"
#include "superd/service/service_reload.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/stop.h"
#include "superd/stop/idle.h"

static void rewatch_all(const struct service_list *service_list)
{
	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			runtime_rewatch(service_list->runtimes[n]);
	}
}

void upgrade_quiesce(struct upgrade *upgrade)
{
	upgrade->engine->quiet = true;
	rewatch_all(upgrade->engine->service_list);
}

/* Serves parked clients, and does starts that were put off. */
static void unquiesce_service(struct service_runtime *runtime)
{
	runtime_rewatch(runtime);
	if (runtime_state(runtime) == LISTENING)
		runtime_event(runtime, ENABLE);
	runtime_post(runtime, RESTORED);        /* no more than was asked for before */
	if (!runtime->service->exec->accept)
		idle_follow(runtime);
}

void upgrade_unquiesce(struct upgrade *upgrade)
{
	struct engine *engine = upgrade->engine;
	const struct service_list *service_list = engine->service_list;

	engine->quiet = false;
	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n])
			unquiesce_service(service_list->runtimes[n]);
	}
	start_queue_offer(engine);
	rpc_go_on(engine);
	socket_store_go_on(engine);
}

void upgrade_cancel_lookups(struct upgrade *upgrade)
{
	struct engine *engine = upgrade->engine;
	const struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n] && !list_empty(&engine->admission->lookups))
			lookup_cancel(service_list->runtimes[n]);
	}
	rpc_set_aside(engine);
}

static bool report_busy(struct buf *why, const struct service_runtime *runtime, const char *what)
{
	buf_addf(why, "%s: %s", runtime->service->name, what);
	return false;
}

static bool runtime_is_at_rest(struct service_runtime *runtime, struct buf *why)
{
	if (!socket_commands_is_at_rest(runtime))
		return report_busy(why, runtime, "a command around its sockets is being started");
	if (runtime->run && condition_query_is_under_way(runtime->run->conditions))
		return report_busy(why, runtime, "the conditions of its sockets are being checked");
	if (!service_reload_is_at_rest(runtime))
		return report_busy(why, runtime, "a command of exec_reload is being started");
	if (runtime->run && runtime->run->activator_query)
		return report_busy(why, runtime, "a lookup about its client is under way");
	if (runtime->run && notify_is_receiving(runtime->run->kit.notify))
		return report_busy(why, runtime, "descriptors are being received");
	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->notice &&
		    (!list_empty(&instance->notice->last.link) || notify_is_receiving(instance->notice->notify)))
			return report_busy(why, runtime, "descriptors are being received");
		if (stop_is_counting(instance))
			return report_busy(why, runtime, "clients are being counted");
		if (instance->sequence && !exec_sequence_is_at_rest(instance->sequence))
			return report_busy(why, runtime, "its program, or a command beside it, is being started");
	}
	return true;
}

static bool services_are_at_rest(struct engine *engine, struct buf *why)
{
	const struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n] && !runtime_is_at_rest(service_list->runtimes[n], why))
			return false;
	}
	LIST_EACH(link, &engine->service_list->leaving) {
		if (!runtime_is_at_rest(runtime_leaving(link), why))
			return false;
	}
	return true;
}

bool upgrade_is_too_late(const struct upgrade *upgrade)
{
	return upgrade->engine->stop_ordered || upgrade->engine->events.failed || alarm_is_set(upgrade->failing);
}

/* A reload may take any time, and may be ordered again and again, so an upgrade does not wait for it. */
bool upgrade_may_wait(const struct upgrade *upgrade)
{
	return !upgrade_is_too_late(upgrade) && !upgrade->loader->worker.busy;
}

bool upgrade_is_at_rest(struct upgrade *upgrade, struct buf *why)
{
	struct engine *engine = upgrade->engine;

	if (upgrade_is_too_late(upgrade))
		buf_text(why, "superd is stopping");
	else if (upgrade->loader->worker.busy)
		buf_text(why, "a reload is under way");
	else if (!list_empty(&engine->admission->lookups))
		buf_text(why, "lookups about clients are under way");
	else if (!list_empty(&engine->admission->slot_waits))
		buf_text(why, "clients wait for room");
	else if (rpc_is_busy(engine))
		buf_text(why, "rpcbind is being updated");
	else
		services_are_at_rest(engine, why);
	return !why->length;
}
