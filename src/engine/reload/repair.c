/* Compares a touched node with its socket, and opens the socket anew, as a reload does, where the node is no longer
 * the socket's. A service that closes needs no repair, and a service that starts must not lose a socket, so its node
 * is looked at later. */
#include "engine/reload/repair.h"

#include "engine/listener/nodes.h"
#include "engine/reload/reload.h"
#include "engine/service/keeper.h"
#include "os/fs/path_watch.h"

static bool is_touched(const struct listener *listener, const struct watch_ids *marks)
{
	return listener_has_socket(listener) && endpoint_is_path(listener->listen->address) &&
	       (listener->node || marks->all) && watch_ids_have(marks, listener->node);
}

/* true: at least one of its nodes has to be looked at now. */
static bool look_at(struct keeper *keeper, const struct watch_ids *marks)
{
	bool touched = false;

	if (keeper->state == OFF || keeper->state == CLOSING)
		return false;
	for (size_t n = 0; n < keeper->listener_count; n++) {
		const struct listener *listener = &keeper->listeners[n];

		if (!is_touched(listener, marks))
			continue;
		if (keeper->state == STARTING)
			nodes_look_later(keeper->engine, listener->node);
		else
			touched = true;
	}
	return touched;
}

void repair_nodes(struct engine *engine)
{
	const struct roster *roster = engine->roster;

	for (size_t n = 0; n < roster->count && !engine->stopping; n++) {
		struct keeper *keeper = roster->keepers[n];

		if (keeper && look_at(keeper, nodes_touched(engine)))
			keeper_reopen_unreachable(keeper);
	}
}
