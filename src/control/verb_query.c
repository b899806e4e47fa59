/* The query verbs: status, list, show, why, metrics, health, version.
 *
 * An answer about many services takes several turns of the loop, and a reload may come between two turns. So it keeps
 * names, not pointers, and skips a service that is gone by its turn. */
#include "control/verbs.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/clock.h"
#include "base/json.h"
#include "control/selection.h"
#include "control/server.h"
#include "control/service_row.h"
#include "control/show.h"
#include "control/verb_why.h"
#include "engine/service/runtime_event.h"
#include "prepare/build_info.h"

struct query_request {
	struct selection selection;     /* services that are still to be answered */
	void (*show)(const struct service_view *view, struct buf *out); /* adds the object for a service */
	struct service_row_writer *rows; /* for the verb show; NULL: another verb */
};

static void send_service(struct session *session, struct query_request *query, const char *name, double now)
{
	struct service_view view = {
		.supervisor = session->supervisor, .recent_log = &session->server->recent_log,
		.match = selection_find(session->supervisor, name), .now = now, .offset = show_wall_offset(now),
	};

	if (!view.match.row)
		return;
	if (query->rows)
		service_row_write(query->rows, view.match.row, session->right < RIGHT_ACT, &session->line);
	else
		query->show(&view, &session->line);
	session_send_line(session);
}

static void on_query_room(struct session *session)
{
	struct query_request *query = session->state;
	double begun = clock_now(), now = begun;

	if (!selection_go_on(&query->selection, session))
		return;
	while (line_io_has_room(&session->io) && now - begun < TURN_SECONDS) {
		const char *name = selection_next(&query->selection);

		if (!name) {
			if (!selection_refuse_missing(&query->selection, session))
				session_done(session);
			return;
		}
		send_service(session, query, name, now);
		now = clock_now();
	}
}

static void on_query_free(struct session *session)
{
	struct query_request *query = session->state;

	selection_free(&query->selection);
	service_row_writer_free(query->rows);
	free(query);
}

static const struct request_ops query_ops = { .room = on_query_room, .free = on_query_free };

static struct query_request *begin_query(struct session *session,
					 void (*show)(const struct service_view *view, struct buf *out))
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
	query->selection = selection;
	query->show = show;
	session_begin(session, &query_ops, query, true);
	return query;
}

void verb_query_status(struct session *session)
{
	begin_query(session, show_status);
}

void verb_query_list(struct session *session)
{
	begin_query(session, show_row);
}

void verb_query_why(struct session *session)
{
	begin_query(session, verb_why_write);
}

void verb_query_idle(struct session *session)
{
	begin_query(session, show_gaps);
}

void verb_query_show(struct session *session)
{
	struct query_request *query = begin_query(session, NULL);

	if (!query)
		return;
	query->rows = service_row_writer_new();
	if (!query->rows)
		session_fail(session, CODE_FAILED, "", "out of memory");
}

void verb_query_metrics(struct session *session)
{
	if (!begin_query(session, show_counters))
		return;
	json_object_open(&session->line);
	show_superd(session->supervisor, session->supervisor->engine.started, show_wall_offset(clock_now()),
		    &session->line);
	json_object_close(&session->line);
	session_send_line(session);
}

void verb_query_health(struct session *session)
{
	if (session->request.name_count) {
		begin_query(session, verb_why_write_health_of);
		return;
	}
	json_object_open(&session->line);
	verb_why_write_health(session->supervisor, &session->line);
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
	show_posture(&session->line);
	json_object_close(&session->line);
	session_send_line(session);
	session_done(session);
}
