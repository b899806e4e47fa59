/* Compares superd's state with itself: keepers with their rows, listeners with the kernel's descriptors, the
 * instances of each service with the count of all. That count may be larger: it also has clients that are still
 * being asked about and removed services that still run. */
#include "engine/supervisor/inspect.h"

#include <fcntl.h>

#include "base/log.h"

/* One run of the comparison, and the number of faults that it found. */
struct inspection {
	struct engine *engine;
	size_t wrong;
};

static void complain(struct inspection *inspection, const struct keeper *keeper, const char *what)
{
	inspection->wrong++;
	log_error(inspection->engine->log, "%s%sconsistency check: %s", keeper ? keeper->service->name : "",
		  keeper ? ": " : "", what);
}

static size_t inspect_instances(struct inspection *inspection, struct keeper *keeper)
{
	size_t count = 0;

	LIST_EACH(link, keeper_instances(keeper)) {
		const struct instance *instance = container_of(link, struct instance, link);

		count++;
		if (instance->pid <= 0)
			complain(inspection, keeper, "an instance has no process");
	}
	return count;
}

static void inspect_listeners(struct inspection *inspection, const struct keeper *keeper)
{
	if (keeper->listener_count != keeper->service->socket_count)
		complain(inspection, keeper, "it has other sockets than its row");
	for (size_t n = 0; n < keeper->listener_count; n++) {
		const struct listener *listener = &keeper->listeners[n];

		if (listener_is_open(listener) && listener->io.fd >= 0 && fcntl(listener->io.fd, F_GETFD) < 0)
			complain(inspection, keeper, "a socket is not open");
	}
	if (keeper->state == LISTENING && !keeper_is_complete(keeper))
		complain(inspection, keeper, "it listens without all of its sockets");
}

size_t inspect_state(struct engine *engine, const struct roster *roster, const struct table *table)
{
	struct inspection inspection = { .engine = engine };
	size_t instances = 0;

	if (roster->count < table->count)
		complain(&inspection, NULL, "there are other services than in the table");
	for (size_t n = 0; n < roster->count && n < table->count; n++) {
		struct keeper *keeper = roster->keepers[n];

		if (!keeper)
			continue;
		if (keeper->table != table || keeper->service != &table->services[n] || keeper->state >= STATES) {
			complain(&inspection, NULL, "a service is not in its place");
			continue;
		}
		instances += inspect_instances(&inspection, keeper);
		inspect_listeners(&inspection, keeper);
	}
	if (instances > engine->instances)
		complain(&inspection, NULL, "there are more instances than were counted");
	if (inspection.wrong)
		log_error(engine->log, "consistency check failed: %zu things do not agree", inspection.wrong);
	else
		log_info(engine->log, "consistency check passed");
	return inspection.wrong;
}
