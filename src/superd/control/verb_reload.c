/* `reload` without a name: reads the table again, and reports the result for each service that has changed.
 *
 * A service may bind its sockets only later, after its commands have run. It is reported once it listens or has failed.
 * The answer ends with the last of them. */
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/wait_note.h"
#include "superd/control/selection.h"
#include "superd/control/server.h"
#include "superd/control/verbs.h"
#include "superd/service/old_entry.h"
#include "superd/service/runtime_event.h"
#include "superd/service/socket_commands.h"
#include "superd/supervisor/supervisor.h"
#include "table/services/diff.h"
#include "table/services/left_out.h"

/* Diagnostics as lines of JSON, for `reload` and `diff`. */
static void add_diagnostic(struct buf *out, const struct diag *diag)
{
	buf_char(out, '\n');
	json_object_open(out);
	json_text_field(out, "diagnostic", diag->message);
	json_text_field(out, "file", diag->file);
	json_count_field(out, "line", diag->line);
	json_count_field(out, "column", diag->column);
	json_text_field(out, "severity", severity_name(diag->severity));
	if (diag->hint)
		json_text_field(out, "hint", diag->hint);
	json_object_close(out);
}

void diag_lines_add(struct diag_lines *lines, const struct diags *diags)
{
	for (size_t n = 0; n < diags->count; n++)
		add_diagnostic(&lines->text, &diags->list[n]);
	buf_char(&lines->text, '\n');
}

bool diag_lines_send(struct diag_lines *lines, struct session *session)
{
	while (lines->sent + 1 < lines->text.length) {
		const char *start = lines->text.data + lines->sent + 1;
		size_t length = strcspn(start, "\n");

		if (!line_io_has_room(&session->io))
			return false;
		buf_add(&session->line, start, length);
		lines->sent += length + 1;
		if (length)
			session_send_line(session);
	}
	return true;
}

void diag_lines_free(struct diag_lines *lines)
{
	buf_free(&lines->text);
}

struct reload_request {
	struct session *session;
	bool table_was_read;
	bool good;                      /* the new table is in effect */
	struct reload_counts counts;    /* numbers of services, by what the reload did */
	bool is_cut;                    /* memory was lacking for the answer */
	char errors[DIAGS_SUMMARY_MOST]; /* how many there are in the table; empty: none */
	size_t failed;                  /* number of services that failed */
	struct buf results;             /* a copy of server->reload_results */
	size_t at;                      /* bytes of `results` that are reported */
	struct diag_lines lines;        /* diagnostics to send */
	struct alarm timeout;           /* of --timeout */
};

static const char *diff_name(int diff)
{
	return diff == DIFF_ADDED ? "added" : diff == DIFF_REMOVED ? "removed" : "changed";
}

static void note_reloaded(struct session *session, bool good, const struct diags *diags,
			  const struct reload_counts *counts)
{
	struct reload_request *reload = session->state;

	if (reload->table_was_read)
		return;
	reload->table_was_read = true;
	reload->good = good;
	reload->counts = *counts;
	if (diags->errors)
		diags_summarize(diags, reload->errors);
	diag_lines_add(&reload->lines, diags);
	buf_add(&reload->results, buf_string(&session->server->reload_results), session->server->reload_results.length);
	reload->is_cut = reload->results.failed || session->server->reload_results.failed || reload->lines.text.failed;
	line_io_want_room(&session->io, true);
}

/* Adds a list of the words in `names`, which blanks separate; nothing if there are none. */
static void add_words(struct buf *line, const char *name, const char *names)
{
	struct buf word = { 0 };

	if (!*names)
		return;
	json_list_field(line, name);
	while (*names) {
		buf_add(&word, names, strcspn(names, " "));
		names += strcspn(names, " ");
		names += *names == ' ';
		json_element_text(line, buf_string(&word));
		line->failed |= word.failed;
		buf_clear(&word);
	}
	json_list_close(line);
	buf_free(&word);
}

/* What a reload has done with a service. */
struct reload_result {
	const char *name;               /* of the service */
	const char *result;             /* "added", "removed", "changed", "failed" */
	const char *options;            /* options that have changed, separated by blanks */
	struct service_runtime *runtime; /* NULL: none */
};

static void send_reload_result(struct session *session, const struct reload_result *result, const char *message)
{
	struct service_runtime *runtime = result->runtime;
	struct buf *line = &session->line;

	json_object_open(line);
	json_text_field(line, "service", result->name);
	json_text_field(line, "result", result->result);
	json_flag_field(line, "ok", strcmp(result->result, "failed") != 0);
	json_text_field(line, "state", runtime ? runtime_state_name(runtime) : state_name(OFF));
	add_words(line, "options", result->options);
	if (runtime && old_entry_count(runtime))
		json_count_field(line, "outdated", old_entry_count(runtime));
	if (*message)
		json_text_field(line, "message", message);
	json_object_close(line);
	session_send_line(session);
}

/* Reports an entry that has errors. */
static void report_wrong(struct session *session, const char *name)
{
	struct service_match match = selection_find(session->supervisor, name);
	struct reload_result result = { name, "failed", "", match.runtime };
	struct buf message = { 0 };

	if (match.left_out)
		buf_text(&message, left_out_reason(match.left_out));
	buf_addf(&message, "%s%s", match.left_out ? "; " : "",
		 match.runtime ? "it keeps its previous configuration" : "it is left out");
	session->line.failed |= message.failed;
	send_reload_result(session, &result, buf_string(&message));
	buf_free(&message);
}

/* Reports a service. false: its result is not known yet. */
static bool report_service(struct reload_request *reload, int kind, const char *name, const char *options)
{
	struct session *session = reload->session;
	struct service_runtime *runtime = selection_find(session->supervisor, name).runtime;
	struct reload_result result = { name, diff_name(kind), options, runtime };
	struct buf message = { 0 };
	const char *reason;

	if (kind == RELOAD_WRONG) {
		report_wrong(session, name);
		return true;
	}
	if (runtime && runtime_is_being_restored(runtime))
		return false;
	if (runtime && runtime_has_old_options(runtime)) {
		reload->failed++;
		result.result = "failed";
		send_reload_result(session, &result, "its socket keeps its old options until its program has ended");
		return true;
	}
	if (!runtime || runtime_state(runtime) != BINDING) {
		if (runtime && runtime_is_removed(runtime))
			old_entry_describe_removed(runtime, &message);
		else if (runtime)
			old_entry_describe(runtime, &message);
		session->line.failed |= message.failed;
		send_reload_result(session, &result, buf_string(&message));
		buf_free(&message);
		return true;
	}
	if (sockets_are_under_way(runtime))
		return false;
	reason = runtime_reason(runtime);
	reload->failed++;
	result.result = "failed";
	send_reload_result(session, &result, reason);
	return true;
}

/* Reports services while there is room and time. true: all are reported. */
static bool report_services(struct reload_request *reload)
{
	double begun = clock_now();

	while (reload->at < reload->results.length) {
		const char *entry = reload->results.data + reload->at, *options = entry + strlen(entry) + 1;

		if (!line_io_has_room(&reload->session->io) || clock_now() - begun > TURN_SECONDS)
			return false;
		if (!report_service(reload, *entry - 1, entry + 1, options)) {
			line_io_want_room(&reload->session->io, false);
			return false;
		}
		reload->at += strlen(entry) + 1 + strlen(options) + 1;
	}
	return true;
}

static void finish_reload(struct reload_request *reload)
{
	struct session *session = reload->session;
	struct buf *line = &session->line;

	json_object_open(line);
	json_count_field(line, "unchanged", reload->counts.unchanged);
	json_count_field(line, "changed", reload->counts.changed);
	json_count_field(line, "added", reload->counts.added);
	json_count_field(line, "removed", reload->counts.removed);
	json_count_field(line, "failed", reload->failed + reload->counts.wrong);
	json_object_close(line);
	session_send_line(session);
	if (reload->is_cut && !reload->failed)
		session_fail(session, CODE_FAILED, "superctl list shows all services",
			     "reloaded, but superd cannot report the changes: out of memory");
	else if (reload->failed)
		session_fail(session, CODE_FAILED, "superd tries again by itself", "reloaded, but %zu service%s failed",
			     reload->failed, reload->failed == 1 ? "" : "s");
	else if (reload->counts.wrong)
		session_fail(session, CODE_FAILED, "", "reloaded, but %zu entr%s errors", reload->counts.wrong,
			     reload->counts.wrong == 1 ? "y has" : "ies have");
	else
		session_done(session);
}

static void refuse_reload(struct reload_request *reload)
{
	static const char hint[] = "the previous configuration stays in effect";
	struct session *session = reload->session;

	if (*reload->errors)
		session_fail(session, CODE_FAILED, hint, "not reloaded: %s", reload->errors);
	else
		session_fail(session, CODE_FAILED, hint, "not reloaded: %s",
			     session->supervisor->engine.stopping ? "superd is stopping" : "out of memory");
}

static void on_reload_room(struct session *session)
{
	struct reload_request *reload = session->state;

	if (!reload->table_was_read) {
		line_io_want_room(&session->io, false);
		return;
	}
	if (!diag_lines_send(&reload->lines, session))
		return;
	if (!reload->good)
		refuse_reload(reload);
	else if (report_services(reload))
		finish_reload(reload);
}

static void on_reload_change(struct session *session)
{
	struct reload_request *reload = session->state;

	if (reload->table_was_read)
		line_io_want_room(&session->io, true);
}

static void on_reload_timeout(struct alarm *alarm)
{
	struct reload_request *reload = container_of(alarm, struct reload_request, timeout);

	char what[WAIT_NOTE_MOST];
	double seconds;

	if (!reload->table_was_read && wait_note_read(what, &seconds))
		session_fail(reload->session, CODE_FAILED,
			     "the previous configuration stays in effect; the reload continues when it answers",
			     "not reloaded in time: %s does not answer", what);
	else
		session_fail(reload->session, CODE_FAILED, "", "not done in time, but under way");
}

static void on_reload_free(struct session *session)
{
	struct reload_request *reload = session->state;
	struct server *server = session->server;

	alarm_stop(&reload->timeout);
	buf_free(&reload->results);
	diag_lines_free(&reload->lines);
	free(reload);
	session_unwatch_changes(session);
	if (--server->reload_waiters)
		return;
	server->supervisor->service_list.report = NULL;
	buf_free(&server->reload_results);
}

static const struct request_ops reload_ops = {
	.room = on_reload_room, .change = on_reload_change, .free = on_reload_free,
};

void verb_reload_end(struct server *server, bool good, const struct diags *diags, const struct reload_counts *counts)
{
	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session->ops == &reload_ops)
			note_reloaded(session, good, diags, counts);
	}
	buf_clear(&server->reload_results);
}

void verb_reload_begin(struct session *session)
{
	struct supervisor *supervisor = session->supervisor;
	struct reload_request *reload;

	if (supervisor->engine.stopping) {
		session_fail(session, CODE_BUSY, "", "superd is stopping");
		return;
	}
	if (session->request.options & ASKS_NO_WAIT) {
		signals_reload(supervisor, session->request.options & ASKS_ALLOW_EMPTY);
		session_done(session);
		return;
	}
	reload = calloc(1, sizeof(*reload));
	if (!reload) {
		session_fail(session, CODE_FAILED, "", "out of memory");
		return;
	}
	reload->session = session;
	alarm_init(&reload->timeout, &supervisor->engine, on_reload_timeout);
	if (session->request.options & ASKS_TIMEOUT)
		alarm_set(&reload->timeout, session->request.timeout);
	session->server->reload_waiters++;
	supervisor->service_list.report = &session->server->reload_results;
	session_watch_changes(session);
	session_begin(session, &reload_ops, reload, false);
	signals_reload(supervisor, session->request.options & ASKS_ALLOW_EMPTY);
}
