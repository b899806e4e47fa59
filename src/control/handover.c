/* Asking for the upgrade. The hard thing is that the client may have gone by the time there is an answer, which comes
 * all the same, and maybe at once: what waits for it outlives the session. When the upgrade succeeds there is no later
 * here, and the answer is the next superd's. */
#include "control/handover.h"

#include <stdlib.h>
#include <string.h>

#include "base/build.h"
#include "base/fields.h"
#include "engine/core/watch.h"

struct handover {
	struct session *session; /* NULL: nobody waits any more */
	struct alarm timeout;
	bool calls, over; /* on_upgrade has not returned yet; it is told already */
};

static void on_free(struct session *session)
{
	struct handover *handover = session->state;

	handover->session = NULL;
	alarm_stop(&handover->timeout);
}

static const struct duty handover_duty = { .free = on_free };

static void say_good(struct session *session, const char *text)
{
	object_open(&session->line);
	field_flag(&session->line, "ok", true);
	field_text(&session->line, "message", text);
	object_close(&session->line);
	session_say(session);
	session_done(session);
}

/* Of an upgrade itself: it was not to be. */
static void on_done(void *context, bool good, const char *text)
{
	struct handover *handover = context;
	struct session *session = handover->session;

	if (session && good)
		say_good(session, text);
	else if (session)
		session_fail(session, strncmp(text, "busy", 4) ? CODE_FAILED : CODE_BUSY, "", "not upgraded: %s", text);
	handover->over = true;
	if (!handover->calls)
		free(handover);
}

static void on_timeout(struct alarm *alarm)
{
	struct session *session = container_of(alarm, struct handover, timeout)->session;
	bool checks = session->request.options & ASKS_CHECK;

	session_fail(session, CODE_FAILED, "",
		     checks ? "it has not answered in time whether it can take over"
			    : "not upgraded in time, but under way: the log tells what comes of it");
}

static struct handover *wait_for_it(struct session *session)
{
	struct handover *handover = calloc(1, sizeof(*handover));

	if (!handover) {
		session_fail(session, CODE_FAILED, "", "out of memory");
		return NULL;
	}
	handover->session = session;
	alarm_init(&handover->timeout, &session->supervisor->engine, on_timeout);
	session_begin(session, &handover_duty, handover, false);
	return handover;
}

void handover_begin(struct session *session)
{
	struct engine *engine = &session->supervisor->engine;
	const struct request *request = &session->request;
	struct handover *handover;

	if (!engine->on_upgrade) {
		session_fail(session, CODE_FAILED, "", "this superd cannot be upgraded while it runs");
		return;
	}
	handover = wait_for_it(session);
	if (!handover)
		return;
	if (request->options & ASKS_TIMEOUT)
		alarm_set(&handover->timeout, request->timeout);
	handover->calls = true;
	engine->on_upgrade(engine, request->options & ASKS_CHECK, on_done, handover);
	handover->calls = false;
	if (handover->over)
		free(handover);
	else if (request->options & ASKS_NO_WAIT)
		say_good(session, "under way");
}

bool handover_is_waited_for(const struct session *session)
{
	return session->duty == &handover_duty && !(session->request.options & ASKS_CHECK);
}

void handover_resume(struct session *session)
{
	wait_for_it(session);
}

void handover_answer(struct session *session, const char *from)
{
	struct handover *handover = session->state;
	struct buf text = { 0 };

	buf_addf(&text, "upgraded from %s to %s", from, build_version());
	say_good(session, buf_string(&text));
	buf_free(&text);
	free(handover);
}
