/* `upgrade`: starts an upgrade, and answers when it fails, or when --check has a result.
 *
 * The client may be gone before the result comes, and the result may come within the call that asks for it. So struct
 * upgrade_request outlives the session. When the upgrade succeeds, the connection ends with this superd, and the
 * greeting of the new one tells of it. */
#include "superd/control/verbs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "superd/loop/fd_watch.h"
#include "superd/reload/upgrade.h"

struct upgrade_request {
	struct session *session; /* NULL: the client is gone */
	struct alarm timeout;    /* of --timeout */
	bool in_call;            /* upgrade_begin has not returned yet */
	bool is_done;            /* on_upgrade_done was called */
};

static void on_upgrade_free(struct session *session)
{
	struct upgrade_request *upgrade = session->state;

	upgrade->session = NULL;
	alarm_stop(&upgrade->timeout);
}

static const struct request_ops upgrade_ops = { .free = on_upgrade_free };

static void send_success(struct session *session, const char *text)
{
	json_object_open(&session->line);
	json_flag_field(&session->line, "ok", true);
	json_text_field(&session->line, "message", text);
	json_object_close(&session->line);
	session_send_line(session);
	session_done(session);
}

/* Answers with the result of a check, or with the failure of an upgrade. */
static void on_upgrade_done(void *context, bool good, const char *text)
{
	struct upgrade_request *upgrade = context;
	struct session *session = upgrade->session;

	if (session && good)
		send_success(session, text);
	else if (session)
		session_fail(session, strncmp(text, "busy", 4) ? CODE_FAILED : CODE_BUSY, "", "%s: %s",
			     session->request.options & ASKS_CHECK ? "an upgrade would fail" : "not upgraded", text);
	upgrade->is_done = true;
	if (!upgrade->in_call)
		free(upgrade);
}

static void on_upgrade_timeout(struct alarm *alarm)
{
	struct session *session = container_of(alarm, struct upgrade_request, timeout)->session;
	bool checks = session->request.options & ASKS_CHECK;

	session_fail(session, CODE_FAILED, "",
		     checks ? "the new superd has not answered in time"
			    : "not upgraded in time, but under way: see the log for the result");
}

static struct upgrade_request *begin_waiting(struct session *session)
{
	struct upgrade_request *upgrade = calloc(1, sizeof(*upgrade));

	if (!upgrade) {
		session_fail(session, CODE_FAILED, "", "out of memory");
		return NULL;
	}
	upgrade->session = session;
	alarm_init(&upgrade->timeout, &session->supervisor->engine, on_upgrade_timeout);
	session_begin(session, &upgrade_ops, upgrade, false);
	return upgrade;
}

void verb_upgrade_begin(struct session *session)
{
	const struct request *request = &session->request;
	struct upgrade_request *upgrade;

	upgrade = begin_waiting(session);
	if (!upgrade)
		return;
	if (request->options & ASKS_TIMEOUT)
		alarm_set(&upgrade->timeout, request->timeout);
	upgrade->in_call = true;
	upgrade_begin(&session->supervisor->upgrade, request->options & ASKS_CHECK, on_upgrade_done, upgrade);
	upgrade->in_call = false;
	if (upgrade->is_done)
		free(upgrade);
	else if (request->options & ASKS_NO_WAIT)
		send_success(session, "under way");
}
