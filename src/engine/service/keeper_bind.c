/* However many sockets fail, superd logs the required ones once for each attempt, in one line with the pause that
 * follows; an optional one is left out, and has a line of its own. */
#include "engine/service/keeper_bind.h"

#include <errno.h>

#include "engine/drain/drain.h"
#include "engine/drain/twins.h"
#include "engine/orphans/orphan.h"

static void say_unbound(struct keeper *keeper, const char *text)
{
	struct event event = { .name = "bind_error", .service = keeper->service->name, .reason = text };

	log_event(keeper->engine->log, LEVEL_WARNING, &event, "%s", text);
}

/* Opens a listener that is not open. Adds to failed why a required one could not be opened. false: it is required. */
static bool open_listener(struct keeper *keeper, struct listener *listener, struct buf *failed)
{
	struct buf why = { 0 }, text = { 0 };
	bool optional = listener->listen->options->optional;

	if (listener_is_open(listener) || listener_open(listener, keeper->engine, keeper->service->name, &why)) {
		buf_free(&why);
		return true;
	}
	if (errno == EADDRINUSE) {
		drain_hurry_holder(keeper, listener);
		orphan_explain(keeper->engine, keeper->service->name, listener->listen->address, &why);
	}
	buf_text(&text, "cannot listen on ");
	endpoint_format(listener->listen->endpoint, &text);
	buf_addf(&text, ": %s", buf_string(&why));
	origin_cite(listener->listen->at, &text);
	if (optional)
		say_unbound(keeper, buf_string(&text));
	else
		buf_addf(failed, "%s%s", failed->length ? ", " : "", buf_string(&text));
	buf_free(&why);
	buf_free(&text);
	return optional;
}

bool keeper_bind(struct keeper *keeper)
{
	struct buf failed = { 0 };
	bool complete = true;

	for (size_t n = 0; n < keeper->listener_count; n++)
		complete &= open_listener(keeper, &keeper->listeners[n], &failed);
	if (!complete)
		keeper_fail(keeper, "bind_error", "%s", buf_string(&failed));
	buf_free(&failed);
	return complete;
}

void keeper_close_listeners(struct keeper *keeper)
{
	twins_free(keeper);
	for (size_t n = 0; n < keeper->listener_count; n++)
		listener_close(&keeper->listeners[n], keeper->engine);
}
