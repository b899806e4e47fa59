/* Opens the sockets of a service. superd logs all required sockets that fail in one line, together with the pause
 * that follows. An optional socket that fails is left out, and has a line of its own.
 *
 * A table with more sockets than superd may have descriptors would fill the log with one line for each try of each
 * service. The first service that lacks one has a line, and the others have none until a socket opens again. */
#include "engine/service/runtime_bind.h"

#include <errno.h>

#include "engine/accept/refuse.h"
#include "engine/drain/drain.h"
#include "engine/drain/standby_socket.h"
#include "engine/listener/listeners.h"
#include "engine/orphans/orphan.h"

static void log_unbound(struct service_runtime *runtime, const char *text)
{
	struct event event = { .name = "bind_error", .service = runtime->service->name, .reason = text };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "%s", text);
}

/* The sockets of a service that did not open. */
struct failed_sockets {
	struct buf text;                /* the reasons, of required ones */
	bool lacks_descriptors;         /* one of them for want of descriptors */
};

/* Opens a listener unless it is open. false: a required listener failed, and the reason was added to `failed`. */
static bool open_listener(struct service_runtime *runtime, struct listener *listener, struct failed_sockets *failed)
{
	struct buf why = { 0 }, text = { 0 };
	bool optional = listener->listen->options->optional;

	if (listener_is_open(listener))
		return true;
	if (!runtime->service->exec->accept || !endpoint_accepts(listener->listen->endpoint))
		listener_expect_holders(listener, runtime->service->account);
	if (listener_open(listener, runtime->engine, runtime->service->name, &why)) {
		runtime->engine->listeners->shortage_logged = false;
		buf_free(&why);
		return true;
	}
	failed->lacks_descriptors |= errno == EMFILE || errno == ENFILE;
	if (errno == EADDRINUSE) {
		drain_hurry_holder(runtime, listener);
		orphan_explain(runtime->engine, runtime->service->name, listener->listen->address, &why);
	}
	buf_text(&text, "cannot listen on ");
	endpoint_format(listener->listen->endpoint, &text);
	buf_addf(&text, ": %s", buf_string(&why));
	origin_cite(listener->listen->at, &text);
	if (optional)
		log_unbound(runtime, buf_string(&text));
	else
		buf_addf(&failed->text, "%s%s", failed->text.length ? ", " : "", buf_string(&text));
	buf_free(&why);
	buf_free(&text);
	return optional;
}

static void log_shortage(struct service_runtime *runtime)
{
	struct listeners *listeners = runtime->engine->listeners;

	if (listeners->shortage_logged) {
		runtime_fail_alike(runtime);
		return;
	}
	listeners->shortage_logged = true;
	log_warn(runtime->engine->log,
		 "superd has too few descriptors for its sockets (RLIMIT_NOFILE, ulimit -Hn): this is logged for %s "
		 "alone; superctl list shows the other services", runtime->service->name);
}

bool runtime_bind(struct service_runtime *runtime)
{
	struct failed_sockets failed = { 0 };
	bool complete = true;

	for (size_t n = 0; n < runtime->listener_count; n++)
		complete &= open_listener(runtime, &runtime->listeners[n], &failed);
	if (!complete) {
		runtime_fail(runtime, "bind_error", "%s", buf_string(&failed.text));
		if (failed.lacks_descriptors)
			log_shortage(runtime);
	}
	buf_free(&failed.text);
	return complete;
}

void runtime_close_listeners(struct service_runtime *runtime)
{
	standby_sockets_free(runtime);
	for (size_t n = 0; n < runtime->listener_count; n++) {
		refuse_parked(&runtime->listeners[n], REFUSED_CLOSED);
		listener_close(&runtime->listeners[n], runtime->engine);
	}
}
