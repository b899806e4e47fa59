/* Compares a touched file with its socket. If the file is no longer that of the socket, superd opens the socket
 * anew, as a reload does. A service that closes needs no repair. A service that starts must not lose a socket, so
 * superd checks its files later. */
#include "superd/reload/path_repair.h"

#include "os/fs/path_watch.h"
#include "superd/listener/socket_path_watch.h"
#include "superd/reload/reload.h"
#include "superd/service/runtime_event.h"

static bool is_touched(const struct listener *listener, const struct watch_ids *marks)
{
	return listener_has_socket(listener) && endpoint_is_path(listener->listen->address) &&
	       (listener->node || marks->all) && watch_ids_have(marks, listener->node);
}

/* Whether at least one of its socket files must be checked now. */
static bool needs_repair(struct service_runtime *runtime, const struct watch_ids *marks)
{
	bool touched = false;

	if (runtime_state(runtime) == OFF || runtime_state(runtime) == CLOSING)
		return false;
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];

		if (!is_touched(listener, marks))
			continue;
		if (runtime_state(runtime) == STARTING)
			socket_path_watch_look_later(runtime->engine, listener->node);
		else
			touched = true;
	}
	return touched;
}

void path_repair(struct engine *engine)
{
	const struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count && !engine->stopping; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (runtime && needs_repair(runtime, socket_path_watch_touched(engine)))
			runtime_reopen_unreachable(runtime);
	}
}
