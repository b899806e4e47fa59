/* `upgrade`: starts an upgrade, and answers when it fails, or when --check has a result.
 *
 * The client may be gone before the result comes, and the result may come within the call that asks for it. So
 * struct upgrade_request outlives the session. When the upgrade succeeds, this superd is gone, and the new one
 * answers (control/session_transfer.h). */
#include "control/verb_upgrade.h"

#include <stdlib.h>
#include <string.h>

#include "base/build_id.h"
#include "base/json.h"
#include "engine/core/fd_watch.h"
#include "engine/upgrade/upgrade.h"

struct upgrade_request {
	struct session *session; /* NULL: the client is gone */
	struct alarm timeout;
	bool calls, over; /* on_upgrade has not returned yet; on_done was called */
};

static void on_free(struct session *session)
{
	struct upgrade_request *upgrade = session->state;

	upgrade->session = NULL;
	alarm_stop(&upgrade->timeout);
}

static const struct request_ops upgrade_ops = { .free = on_free };

static void say_good(struct session *session, const char *text)
{
	json_object_open(&session->line);
	json_flag_field(&session->line, "ok", true);
	json_text_field(&session->line, "message", text);
	json_object_close(&session->line);
	session_say(session);
	session_done(session);
}

/* Answers with the result of a check, or with the failure of an upgrade. */
static void on_done(void *context, bool good, const char *text)
{
	struct upgrade_request *upgrade = context;
	struct session *session = upgrade->session;

	if (session && good)
		say_good(session, text);
	else if (session)
		session_fail(session, strncmp(text, "busy", 4) ? CODE_FAILED : CODE_BUSY, "", "not upgraded: %s", text);
	upgrade->over = true;
	if (!upgrade->calls)
		free(upgrade);
}

static void on_timeout(struct alarm *alarm)
{
	struct session *session = container_of(alarm, struct upgrade_request, timeout)->session;
	bool checks = session->request.options & ASKS_CHECK;

	session_fail(session, CODE_FAILED, "",
		     checks ? "it has not answered in time whether it can take over"
			    : "not upgraded in time, but under way: the log tells what comes of it");
}

static struct upgrade_request *wait_for_it(struct session *session)
{
	struct upgrade_request *upgrade = calloc(1, sizeof(*upgrade));

	if (!upgrade) {
		session_fail(session, CODE_FAILED, "", "out of memory");
		return NULL;
	}
	upgrade->session = session;
	alarm_init(&upgrade->timeout, &session->supervisor->engine, on_timeout);
	session_begin(session, &upgrade_ops, upgrade, false);
	return upgrade;
}

void verb_upgrade_begin(struct session *session)
{
	const struct request *request = &session->request;
	struct upgrade_request *upgrade;

	upgrade = wait_for_it(session);
	if (!upgrade)
		return;
	if (request->options & ASKS_TIMEOUT)
		alarm_set(&upgrade->timeout, request->timeout);
	upgrade->calls = true;
	upgrade_begin(&session->supervisor->upgrade, request->options & ASKS_CHECK, on_done, upgrade);
	upgrade->calls = false;
	if (upgrade->over)
		free(upgrade);
	else if (request->options & ASKS_NO_WAIT)
		say_good(session, "under way");
}

bool verb_upgrade_is_pending(const struct session *session)
{
	return session->ops == &upgrade_ops && !(session->request.options & ASKS_CHECK);
}

void verb_upgrade_resume(struct session *session)
{
	wait_for_it(session);
}

void verb_upgrade_answer(struct session *session, const char *from)
{
	struct upgrade_request *upgrade = session->state;
	struct buf text = { 0 };

	buf_addf(&text, "upgraded from %s to %s", from, build_version());
	say_good(session, buf_string(&text));
	buf_free(&text);
	free(upgrade);
}
