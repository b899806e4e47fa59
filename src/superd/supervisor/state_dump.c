/* superd's own state, at a signal: a line for each service (SIGUSR1), whether it is consistent (SIGABRT). */
#include "superd/supervisor/internal.h"

#include <fcntl.h>

#include "lib/json.h"
#include "lib/log/log.h"
#include "superd/instance/instance.h"
#include "superd/runtime/runtime.h"
#include "superd/runtime/service_list.h"
#include "superd/service/runtime_event.h"

#define MANY 100                        /* services in a table that is not logged whole */

static void dump_service(struct engine *engine, struct service_runtime *runtime, struct buf *out)
{
	const struct event event = { .name = "state", .service = runtime->service->name,
				     .reason = runtime_state_name(runtime) };
	struct buf row = { 0 };

	engine->service_list->describe(runtime, &row);
	if (out)
		buf_addf(out, "%s\n", buf_string(&row));
	else
		log_event(engine->log, LEVEL_NOTICE, &event, "%s", buf_string(&row));
	buf_free(&row);
}

void state_dump(struct engine *engine, struct buf *out)
{
	const struct event event = { .name = "state" };
	const struct service_list *service_list = engine->service_list;
	size_t services = 0, unlisted = 0;
	struct buf sum = { 0 };

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];
		bool is_listed = runtime && (out || runtime->run || runtime_state(runtime) != LISTENING ||
					     service_list->count <= MANY);

		services += runtime != NULL;
		unlisted += runtime && !is_listed;
		if (is_listed)
			dump_service(engine, runtime, out);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		dump_service(engine, runtime_leaving(link), out);
	json_object_open(&sum);
	json_count_field(&sum, "services", services);
	json_count_field(&sum, "unlisted", unlisted);
	json_count_field(&sum, "instances", engine->instances->count - engine->instances->ahead);
	json_object_close(&sum);
	if (out)
		buf_addf(out, "%s\n", buf_string(&sum));
	else
		log_event(engine->log, LEVEL_NOTICE, &event, "%s", buf_string(&sum));
	buf_free(&sum);
}

/* The check compares runtimes with their entries, listeners with the descriptors of the kernel, and the instances of
 * all services with their total. The total may be larger: it also has clients with a lookup under way, and instances
 * of removed services. */

/* One run of the check, and the number of faults it has found. */
struct inspection {
	struct engine *engine;
	size_t faults;
};

static void report_fault(struct inspection *inspection, const struct service_runtime *runtime, const char *what)
{
	inspection->faults++;
	log_error(inspection->engine->log, "%s%sconsistency check: %s", runtime ? runtime->service->name : "",
		  runtime ? ": " : "", what);
}

static size_t check_instances(struct inspection *inspection, struct service_runtime *runtime)
{
	size_t count = 0;

	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		count++;
		if (instance->pid <= 0)
			report_fault(inspection, runtime, "an instance has no process");
	}
	return count;
}

static void check_listeners(struct inspection *inspection, const struct service_runtime *runtime)
{
	if (runtime->listener_count != runtime->service->socket_count)
		report_fault(inspection, runtime, "its sockets differ from its configuration");
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (listener_is_open(listener) && listener->fd >= 0 && fcntl(listener->fd, F_GETFD) < 0)
			report_fault(inspection, runtime, "a socket is not open");
	}
	if (runtime_state(runtime) == LISTENING && !runtime_is_complete(runtime))
		report_fault(inspection, runtime, "it listens without all of its sockets");
}

void self_check(struct supervisor *supervisor)
{
	struct engine *engine = &supervisor->engine;
	const struct service_list *service_list = &supervisor->service_list;
	const struct table *table = supervisor->table;
	struct inspection inspection = { .engine = engine };
	size_t instances = 0;

	if (service_list->count < table->count)
		report_fault(&inspection, NULL, "the services differ from those of the configuration");
	for (size_t n = 0; n < service_list->count && n < table->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime || table->services[n].is_left_out)
			continue;
		if (runtime->table != table || runtime->service != &table->services[n] ||
			runtime_state(runtime) >= STATES) {
			report_fault(&inspection, NULL, "a service is not in its place");
			continue;
		}
		instances += check_instances(&inspection, runtime);
		check_listeners(&inspection, runtime);
	}
	if (instances > engine->instances->count)
		report_fault(&inspection, NULL, "there are more instances than were counted");
	if (inspection.faults)
		log_error(engine->log, "consistency check failed: %zu things do not agree", inspection.faults);
	else
		log_info(engine->log, "consistency check passed");
}
