/* Compares runtimes with their entries, listeners with the descriptors of the kernel, and the instances of all
 * services with their total. The total may be larger: it also has clients with a lookup under way, and instances of
 * removed services. */
#include "superd/supervisor/self_check.h"

#include <fcntl.h>

#include "lib/log/log.h"

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

size_t self_check(struct engine *engine, const struct service_list *service_list, const struct table *table)
{
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
	return inspection.faults;
}
