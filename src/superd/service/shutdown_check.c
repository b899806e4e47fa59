/* Opens listeners anew that a backend has shut down. If an instance still drains at another socket of the same port,
 * the new one must be opened beside it, with SO_REUSEPORT. */
#include "superd/service/shutdown_check.h"

#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/accept/refuse.h"
#include "superd/health/queue_notes.h"
#include "superd/stop/standby_socket.h"
#include "superd/stop/stop.h"

/* Opens a socket beside the one that an instance drains at; -1: there is no such socket, or it failed. */
static int open_beside(struct service_runtime *runtime, const struct listener *listener)
{
	int partner = listener->listen->address->kind == ENDPOINT_TCP ? stop_find_socket(runtime, listener->fd) : -1;
	struct buf why = { 0 }, warnings = { 0 };
	int fd = partner >= 0 ? reuseport_open(partner, listener->listen, &why, &warnings) : -1;

	buf_free(&why);
	buf_free(&warnings);
	return fd;
}

static void reopen_listener(struct service_runtime *runtime, struct listener *listener)
{
	struct event event = { .name = "rebind", .service = runtime->service->name };
	int beside = open_beside(runtime, listener);
	struct buf why = { 0 };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "a program has shut its listener down: opening it "
							       "again");
	runtime->run->notes->queued_at_end = 0; /* no client is left in its queue */
	refuse_parked(listener, REFUSED_CLOSED);
	listener_close(listener, runtime->engine);
	if (beside >= 0 && listener_resume(listener, runtime->engine, runtime->service->name, beside))
		return;
	if (!listener_open(listener, runtime->engine, runtime->service->name, &why))
		log_event(runtime->engine->log, LEVEL_ERROR, &event, "cannot open it: %s", buf_string(&why));
	buf_free(&why);
}

void shutdown_check_replace(struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (listener_has_socket(listener) && endpoint_accepts(listener->listen->endpoint) &&
		    bind_is_shut(listener->fd))
			reopen_listener(runtime, listener);
	}
}
