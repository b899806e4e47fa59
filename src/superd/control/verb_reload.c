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
	json_object_open(out);
	json_text_field(out, "diagnostic", diag->message);
	json_text_field(out, "file", diag->file);
	json_count_field(out, "line", diag->line);
	json_count_field(out, "column", diag->column);
	json_text_field(out, "severity", severity_name(diag->severity));
	if (diag->hint)
		json_text_field(out, "hint", diag->hint);
	json_object_close(out);
	buf_char(out, '\n');
}

void table_wait_begin(struct table_wait *wait, struct session *session, void (*on_timeout)(struct alarm *alarm))
{
	wait->session = session;
	alarm_init(&wait->timeout, &session->supervisor->engine, on_timeout);
	if (session->request.options & ASKS_TIMEOUT)
		alarm_set(&wait->timeout, session->request.timeout);
}

void table_wait_end(struct table_wait *wait)
{
	alarm_stop(&wait->timeout);
	buf_free(&wait->lines);
}

void table_wait_hear(struct table_wait *wait, const struct diags *diags)
{
	wait->table_was_read = true;
	if (diags->errors)
		diags_summarize(diags, wait->errors);
	for (size_t n = 0; n < diags->count; n++)
		add_diagnostic(&wait->lines, &diags->list[n]);
	line_io_want_room(&wait->session->io, true);
}

bool table_wait_is_over(struct table_wait *wait)
{
	struct session *session = wait->session;

	if (!wait->table_was_read)
		line_io_want_room(&session->io, false);
	while (wait->sent < wait->lines.length && line_io_has_room(&session->io)) {
		const char *start = wait->lines.data + wait->sent;
		size_t length = strcspn(start, "\n");

		buf_add(&session->line, start, length);
		wait->sent += length + 1;
		session_send_line(session);
	}
	return wait->table_was_read && wait->sent >= wait->lines.length;
}

const char *diff_name(int diff)
{
	return diff == DIFF_ADDED ? "added" : diff == DIFF_REMOVED ? "removed" : "changed";
}

void reload_counts_add(const struct reload_counts *counts, struct buf *line)
{
	json_count_field(line, "unchanged", counts->unchanged);
	json_count_field(line, "changed", counts->changed);
	json_count_field(line, "added", counts->added);
	json_count_field(line, "removed", counts->removed);
}

struct reload_request {
	struct table_wait wait;
	bool good;                      /* the new table is in effect */
	struct reload_counts counts;    /* numbers of services, by what the reload did */
	bool is_cut;                    /* memory was lacking for the answer */
	size_t failed;                  /* number of services that failed */
	struct buf results;             /* a copy of server->reload_results */
	size_t at;                      /* bytes of `results` that are reported */
};

static void note_reloaded(struct session *session, bool good, const struct diags *diags,
			  const struct reload_counts *counts)
{
	struct reload_request *reload = session->state;

	if (reload->wait.table_was_read)
		return;
	table_wait_hear(&reload->wait, diags);
	reload->good = good;
	reload->counts = *counts;
	buf_add(&reload->results, buf_string(&session->server->reload_results), session->server->reload_results.length);
	reload->is_cut = reload->results.failed || session->server->reload_results.failed || reload->wait.lines.failed;
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

/* Reports a service. false: its result is not known yet. */
static bool report_service(struct reload_request *reload, int kind, const char *name, const char *options)
{
	struct session *session = reload->wait.session;
	struct service_match match = selection_find(session->supervisor, name);
	struct service_runtime *runtime = match.runtime;
	struct buf *line = &session->line, message = { 0 };
	bool is_wrong = kind == RELOAD_WRONG, ok = false;

	if (is_wrong) {                 /* its entry has errors */
		buf_addf(&message, "%s%s%s", match.left_out ? left_out_reason(match.left_out) : "",
			 match.left_out ? "; " : "",
			 runtime ? "it keeps its previous configuration" : "it is left out");
	} else if (runtime && runtime_is_being_restored(runtime)) {
		return false;
	} else if (runtime && runtime_has_old_options(runtime)) {
		buf_text(&message, "its socket keeps its old options until its program has ended");
	} else if (runtime && runtime_state(runtime) == BINDING) {
		if (sockets_are_under_way(runtime))
			return false;
		buf_text(&message, runtime_reason(runtime));
	} else {
		ok = true;
		if (runtime && runtime_is_removed(runtime))
			old_entry_describe_removed(runtime, &message);
		else if (runtime)
			old_entry_describe(runtime, &message);
	}
	reload->failed += !ok && !is_wrong;
	json_object_open(line);
	json_text_field(line, "service", name);
	json_text_field(line, "result", ok ? diff_name(kind) : "failed");
	json_flag_field(line, "ok", ok);
	json_text_field(line, "state", runtime ? runtime_state_name(runtime) : state_name(OFF));
	add_words(line, "options", is_wrong ? "" : options);
	if (runtime && old_entry_count(runtime))
		json_count_field(line, "outdated", old_entry_count(runtime));
	if (message.length)
		json_text_field(line, "message", buf_string(&message));
	json_object_close(line);
	line->failed |= message.failed;
	session_send_line(session);
	buf_free(&message);
	return true;
}

/* Reports services while there is room and time. true: all are reported. */
static bool report_services(struct reload_request *reload)
{
	double begun = clock_now();

	while (reload->at < reload->results.length) {
		const char *entry = reload->results.data + reload->at, *options = entry + strlen(entry) + 1;

		if (!line_io_has_room(&reload->wait.session->io) || clock_now() - begun > TURN_SECONDS)
			return false;
		if (!report_service(reload, *entry - 1, entry + 1, options)) {
			line_io_want_room(&reload->wait.session->io, false);
			return false;
		}
		reload->at += strlen(entry) + 1 + strlen(options) + 1;
	}
	return true;
}

static void finish_reload(struct reload_request *reload)
{
	struct session *session = reload->wait.session;
	struct buf *line = &session->line;

	json_object_open(line);
	reload_counts_add(&reload->counts, line);
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

static void on_reload_room(struct session *session)
{
	struct reload_request *reload = session->state;

	if (!table_wait_is_over(&reload->wait))
		return;
	if (!reload->good)
		session_fail(session, CODE_FAILED, "the previous configuration stays in effect", "not reloaded: %s",
			     *reload->wait.errors ? reload->wait.errors
			     : session->supervisor->engine.stopping ? "superd is stopping" : "out of memory");
	else if (report_services(reload))
		finish_reload(reload);
}

static void on_reload_change(struct session *session)
{
	struct reload_request *reload = session->state;

	if (reload->wait.table_was_read)
		line_io_want_room(&session->io, true);
}

static void on_reload_timeout(struct alarm *alarm)
{
	struct reload_request *reload = container_of(alarm, struct reload_request, wait.timeout);
	char what[WAIT_NOTE_MOST];
	double seconds;

	if (!reload->wait.table_was_read && wait_note_read(what, &seconds))
		session_fail(reload->wait.session, CODE_FAILED,
			     "the previous configuration stays in effect; the reload continues when it answers",
			     "not reloaded in time: %s does not answer", what);
	else
		session_fail(reload->wait.session, CODE_FAILED, "", "not done in time, but under way");
}

static void on_reload_free(struct session *session)
{
	struct reload_request *reload = session->state;
	struct server *server = session->server;

	table_wait_end(&reload->wait);
	buf_free(&reload->results);
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
	table_wait_begin(&reload->wait, session, on_reload_timeout);
	session->server->reload_waiters++;
	supervisor->service_list.report = &session->server->reload_results;
	session_watch_changes(session);
	session_begin(session, &reload_ops, reload, false);
	signals_reload(supervisor, session->request.options & ASKS_ALLOW_EMPTY);
}
