/* The query verbs: status, list, show, why, idle, timeline, metrics, health, version.
 *
 * An answer about many services takes several turns of the loop, and a reload may come between two turns. So it keeps
 * names, not pointers, and skips a service that is gone by its turn.
 *
 * status counts who is connected. The kernel takes long for that where it has many connections, or memory for
 * many, and then a thread asks it (superd/stop/conn_query). One question counts for several services. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/build_id.h"
#include "lib/build_info.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "os/guard/guard_link.h"
#include "superd/control/selection.h"
#include "superd/control/server.h"
#include "superd/control/show.h"
#include "superd/control/verbs.h"
#include "superd/stop/health.h"
#include "superd/service/runtime_event.h"
#include "superd/stop/idle.h"
#include "table/option/option_table.h"
#include "table/option/service_mark.h"
#include "table/services/service_conf.h"
#include "table/services/service_json.h"

#define AHEAD 64                        /* services that are counted at once */

/* Writes the row of a service as JSON: its options, where each was set, and the row as superd.conf.
 *
 * Only options that the service sets itself have a place. All other values are defaults. */
struct service_row_writer {
	struct conf_defaults defaults;  /* of a table, whose values it borrows */
	struct buf text;                /* these defaults as superd.conf; "": the table has none */
	double loaded;                  /* supervisor->loaded of that table; 0: none yet */
	bool hides;                     /* secrets are left out */
};

/* hides: secrets are left out, for a client that may only read. NULL: out of memory. */
static struct service_row_writer *service_row_writer_new(bool hides)
{
	struct service_row_writer *writer = calloc(1, sizeof(*writer));

	if (writer)
		writer->hides = hides;
	return writer;
}

void service_row_writer_free(struct service_row_writer *writer)
{
	if (!writer)
		return;
	conf_defaults_free(&writer->defaults);
	buf_free(&writer->text);
	free(writer);
}

/* Derives the defaults anew if the table was loaded at another time than the last one: it takes long where there are
 * many services. Call it in each turn of the loop, as a reload frees the table. false: out of memory. */
static bool service_row_writer_follow(struct service_row_writer *writer, const struct table *table, double loaded)
{
	const struct conf_style style = { .defaults = &writer->defaults, .hides = writer->hides };

	if (writer->defaults.pool && writer->loaded == loaded)
		return true;
	conf_defaults_free(&writer->defaults);
	buf_clear(&writer->text);
	writer->loaded = loaded;
	if (!conf_defaults_make(&writer->defaults, table))
		return false;
	service_conf_add_defaults(&writer->text, &style);
	if (writer->text.failed)
		conf_defaults_free(&writer->defaults); /* the next call tries again */
	return writer->defaults.pool;
}

static void add_text(const struct service_row_writer *writer, const struct service *row,
		     const struct left_out *left_out, struct buf *out)
{
	const struct conf_style style = { .defaults = &writer->defaults, .comments = true, .hides = writer->hides };
	struct buf text = { 0 };

	if (left_out)
		buf_addf(&text, "# %s is left out: %s\n", row->name, left_out_reason(left_out));
	else
		service_conf_add(&text, row, &style);
	out->failed |= text.failed;
	json_text_field(out, "defaults", buf_string(&writer->text));
	json_text_field(out, "text", buf_string(&text));
	buf_free(&text);
}

/* left_out: its entry, if that has errors and nothing runs by an earlier one, or NULL; superd could not read it back,
 * so its text is a comment. */
static void service_row_write(const struct service_row_writer *writer, const struct service *row,
		       const struct left_out *left_out, struct buf *out)
{
	json_object_open(out);
	json_text_field(out, "service", row->name);
	if (row->at.file)
		show_place(out, "source", row->at);
	json_object_field(out, "options");
	service_json_options(row, &writer->defaults.plain, writer->hides, out);
	json_object_close(out);
	add_text(writer, row, left_out, out);
	json_object_field(out, "sources");
	for (size_t n = 0; n < directive_count; n++) {
		const struct mark *mark = service_mark(row, directives[n].name[NATIVE]);
		struct origin at = service_origin(row, directives[n].name[NATIVE]);

		if (mark && at.file)
			show_place(out, directives[n].name[NATIVE], at);
	}
	json_object_close(out);
	json_object_close(out);
}

struct query_request;

/* One of the next services of an answer. */
struct next_service {
	const char *name;               /* in selection.names */
	struct query_request *query;
	struct clients_question clients;
};

struct query_request {
	struct session *session;
	struct selection selection;     /* services that are still to be answered */
	bool counts;                    /* clients are counted first */
	struct next_service next[AHEAD]; /* from `at` on still to be answered */
	size_t at, count, uncounted;    /* uncounted: number of `next` whose count is under way */
	enum answer answer;             /* the parts of a service's line; 0: rows add it */
	bool only_failed;               /* --failed */
	struct service_row_writer *rows; /* for the verb show, the server's; NULL: another verb */
};

static bool is_wanted(const struct query_request *query, const struct service_match *match)
{
	return !query->only_failed || match->left_out || (match->runtime && health_has_failed(match->runtime));
}

static void send_service(struct query_request *query, const struct next_service *next, double now)
{
	struct session *session = query->session;
	struct service_view view = {
		.supervisor = session->supervisor, .recent_log = &session->server->recent_log,
		.request = &session->request,
		.match = selection_find(session->supervisor, next->name), .now = now,
		.offset = show_wall_offset(now), .hides_program = session->right < RIGHT_READ,
	};

	if (!view.match.row || !is_wanted(query, &view.match))
		return;
	if (query->answer)
		show_service(&view, query->answer, &session->line);
	else if (service_row_writer_follow(query->rows, session->supervisor->table, session->supervisor->loaded))
		service_row_write(query->rows, view.match.row,
				  view.match.runtime ? NULL : view.match.left_out, &session->line);
	else
		session->line.failed = true;
	session_send_line(session);
}

static void on_clients_counted(struct clients_question *clients)
{
	struct query_request *query = container_of(clients, struct next_service, clients)->query;

	if (!--query->uncounted)
		line_io_want_room(&query->session->io, true);
}

static void free_next(struct query_request *query)
{
	for (size_t n = 0; n < query->count; n++)
		list_remove(&query->next[n].clients.link);
	query->at = query->count = query->uncounted = 0;
}

/* Takes the next names, one at least if there is one, and starts to count. */
static void take_next(struct query_request *query)
{
	double begun = clock_now();
	const char *name;

	free_next(query);
	while (query->count < AHEAD && (!query->count || clock_now() - begun < TURN_SECONDS) &&
	       (name = selection_next(&query->selection))) {
		struct next_service *next = &query->next[query->count++];
		struct service_runtime *runtime = NULL;

		*next = (struct next_service){
			.name = name, .query = query, .clients.done = on_clients_counted,
		};
		list_init(&next->clients.link);
		if (query->counts)
			runtime = selection_find(query->session->supervisor, name).runtime;
		if (runtime && idle_ask(runtime, &next->clients))
			query->uncounted++;
	}
}

static void on_query_room(struct session *session)
{
	struct query_request *query = session->state;
	double begun = clock_now(), now = begun;

	if (!selection_go_on(&query->selection, session))
		return;
	while (line_io_has_room(&session->io) && now - begun < TURN_SECONDS) {
		if (query->at == query->count)
			take_next(query);
		if (!query->count) {
			if (!selection_refuse_missing(&query->selection, session))
				session_done(session);
			return;
		}
		if (query->uncounted) {
			line_io_want_room(&session->io, false);
			return;
		}
		send_service(query, &query->next[query->at++], now);
		now = clock_now();
	}
}

static void on_query_free(struct session *session)
{
	struct query_request *query = session->state;

	free_next(query);
	selection_free(&query->selection);
	free(query);
}

static const struct request_ops query_ops = { .room = on_query_room, .free = on_query_free };

/* answer 0: the caller sets rows. */
static struct query_request *begin_query(struct session *session, enum answer answer)
{
	struct selection selection;
	struct query_request *query;

	if (!selection_make(&selection, session, true))
		return NULL;
	query = calloc(1, sizeof(*query));
	if (!query) {
		selection_free(&selection);
		session_fail(session, CODE_FAILED, "", "out of memory");
		return NULL;
	}
	query->session = session;
	query->selection = selection;
	query->answer = answer;
	query->counts = answer == ANSWER_STATUS;
	query->only_failed = session->request.options & ASKS_FAILED;
	session_begin(session, &query_ops, query, true);
	return query;
}

void verb_query_begin(struct session *session, enum answer answer)
{
	begin_query(session, answer);
}

void verb_query_show(struct session *session)
{
	struct query_request *query = begin_query(session, 0);
	bool hides = session->right < RIGHT_ACT;
	struct service_row_writer **rows = &session->server->rows[hides];

	if (!query)
		return;
	if (!*rows)
		*rows = service_row_writer_new(hides);
	query->rows = *rows;
	if (!query->rows)
		session_fail(session, CODE_FAILED, "", "out of memory");
}

void verb_query_metrics(struct session *session)
{
	if (!begin_query(session, ANSWER_METRICS))
		return;
	json_object_open(&session->line);
	show_superd(session->supervisor, session->supervisor->engine.started, show_wall_offset(clock_now()),
		    &session->line);
	json_object_close(&session->line);
	session_send_line(session);
}

static void add_health(const struct supervisor *supervisor, struct buf *out)
{
	struct buf lines = { 0 }, line = { 0 };
	enum health health = health_check(&supervisor->engine, &lines);

	json_flag_field(out, "healthy", health != UNHEALTHY);
	json_flag_field(out, "degraded", health == DEGRADED);
	json_list_field(out, "reasons");
	for (const char *at = buf_string(&lines); *at; at += strcspn(at, "\n") + 1) {
		buf_add(&line, at, strcspn(at, "\n"));
		json_element_text(out, buf_string(&line));
		buf_clear(&line);
	}
	json_list_close(out);
	out->failed |= lines.failed || line.failed;
	buf_free(&lines);
	buf_free(&line);
}

void verb_query_health(struct session *session)
{
	if (session->request.name_count) {
		begin_query(session, ANSWER_HEALTH);
		return;
	}
	json_object_open(&session->line);
	add_health(session->supervisor, &session->line);
	json_object_close(&session->line);
	session_send_line(session);
	session_done(session);
}

void verb_query_version(struct session *session)
{
	json_object_open(&session->line);
	json_text_field(&session->line, "version", PACKAGE_VERSION);
	json_text_field(&session->line, "build", build_id());
	json_count_field(&session->line, "pid", (uint64_t)getpid());
	json_list_field(&session->line, "with");
	for (size_t n = 0; built_with[n]; n++)
		json_element_text(&session->line, built_with[n]);
	json_list_close(&session->line);
	if (guard_pid() > 0)
		json_count_field(&session->line, "guard", (uint64_t)guard_pid());
	else
		json_null_field(&session->line, "guard");
	json_text_field(&session->line, "reload_refused",
			*session->supervisor->service_list.refused ? session->supervisor->service_list.refused : NULL);
	json_count_field(&session->line, "starts_noted", guard_notes_used());
	show_posture(&session->line);
	json_object_close(&session->line);
	session_send_line(session);
	session_done(session);
}
