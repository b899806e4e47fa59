/* One client's answers: lines of JSON, of which the last is "done" or an error.
 *
 * An answer may end within the call that began it, or many turns of the loop later. session_done and session_fail end
 * it exactly once. */
#include "superd/control/session.h"

#include <stdarg.h>

#include "lib/json.h"
#include "superd/control/server.h"

static const char *const codes[] = {
	[CODE_UNKNOWN] = "unknown", [CODE_DENIED] = "denied", [CODE_USAGE] = "usage",
	[CODE_FAILED] = "failed",   [CODE_BUSY] = "busy",
};

void session_begin(struct session *session, const struct request_ops *ops, void *state, bool wants_room)
{
	session->ops = ops;
	session->state = state;
	line_io_begin(&session->io, wants_room);
}

void session_watch_changes(struct session *session)
{
	session->server->change_waiters++;
	session->supervisor->engine.changes = &session->server->changes;
}

void session_unwatch_changes(struct session *session)
{
	if (!--session->server->change_waiters)
		session->supervisor->engine.changes = NULL;
}

void session_send_event(struct session *session)
{
	buf_char(&session->line, '\n');
	line_io_send(&session->io, &session->line);
}

/* What superd says that it has done must outlive it: the state for the guard is saved first. */
void session_send_line(struct session *session)
{
	struct engine *engine = &session->supervisor->engine;

	if (engine->save_changes)
		engine->save_changes(engine);
	session_send_event(session);
}

void session_end_request(struct session *session)
{
	const struct request_ops *ops = session->ops;

	session->ops = NULL;
	if (ops && ops->free)
		ops->free(session);
	session->state = NULL;
}

void session_done(struct session *session)
{
	json_object_open(&session->line);
	json_flag_field(&session->line, "done", true);
	json_object_close(&session->line);
	session_send_line(session);
	session_end_request(session);
	line_io_end(&session->io);
}

void session_fail(struct session *session, enum code code, const char *hint, const char *format, ...)
{
	struct buf text = { 0 };
	va_list arguments;

	va_start(arguments, format);
	buf_vaddf(&text, format, arguments);
	va_end(arguments);
	buf_clear(&session->line);
	json_object_open(&session->line);
	json_text_field(&session->line, "error", buf_string(&text));
	json_text_field(&session->line, "code", codes[code]);
	if (*hint)
		json_text_field(&session->line, "hint", hint);
	json_object_close(&session->line);
	session_send_line(session);
	buf_free(&text);
	session_end_request(session);
	line_io_end(&session->io);
}
