/* Compares superd's state with itself: runtimes with their rows, listeners with the kernel's descriptors, the
 * instances of each service with the count of all. That count may be larger: it also has clients that are still
 * being asked about and removed services that still run. */
#include "engine/supervisor/self_check.h"

#include <fcntl.h>

#include "base/log/log.h"

/* One run of the comparison, and the number of faults that it found. */
struct inspection {
	struct engine *engine;
	size_t wrong;
};

static void complain(struct inspection *inspection, const struct service_runtime *runtime, const char *what)
{
	inspection->wrong++;
	log_error(inspection->engine->log, "%s%sconsistency check: %s", runtime ? runtime->service->name : "",
		  runtime ? ": " : "", what);
}

static size_t inspect_instances(struct inspection *inspection, struct service_runtime *runtime)
{
	size_t count = 0;

	LIST_EACH(link, runtime_instances(runtime)) {
		const struct instance *instance = container_of(link, struct instance, link);

		count++;
		if (instance->pid <= 0)
			complain(inspection, runtime, "an instance has no process");
	}
	return count;
}

static void inspect_listeners(struct inspection *inspection, const struct service_runtime *runtime)
{
	if (runtime->listener_count != runtime->service->socket_count)
		complain(inspection, runtime, "it has other sockets than its row");
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (listener_is_open(listener) && listener->io.fd >= 0 && fcntl(listener->io.fd, F_GETFD) < 0)
			complain(inspection, runtime, "a socket is not open");
	}
	if (runtime_state(runtime) == LISTENING && !runtime_is_complete(runtime))
		complain(inspection, runtime, "it listens without all of its sockets");
}

size_t self_check(struct engine *engine, const struct service_list *service_list, const struct table *table)
{
	struct inspection inspection = { .engine = engine };
	size_t instances = 0;

	if (service_list->count < table->count)
		complain(&inspection, NULL, "there are other services than in the table");
	for (size_t n = 0; n < service_list->count && n < table->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime)
			continue;
		if (runtime->table != table || runtime->service != &table->services[n] ||
			runtime_state(runtime) >= STATES) {
			complain(&inspection, NULL, "a service is not in its place");
			continue;
		}
		instances += inspect_instances(&inspection, runtime);
		inspect_listeners(&inspection, runtime);
	}
	if (instances > engine->instances->count)
		complain(&inspection, NULL, "there are more instances than were counted");
	if (inspection.wrong)
		log_error(engine->log, "consistency check failed: %zu things do not agree", inspection.wrong);
	else
		log_info(engine->log, "consistency check passed");
	return inspection.wrong;
}
