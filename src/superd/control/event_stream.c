/* Answers without an end: events and top.
 *
 * If a client does not read fast enough, superd drops its events, counts them, and sends the number once there is room.
 * superd never waits for a client, and a client always learns that events are missing. */
#include "superd/control/event_stream.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/glob.h"
#include "lib/json.h"
#include "superd/control/selection.h"
#include "superd/control/server.h"
#include "superd/control/show.h"
#include "superd/service/runtime_event.h"

#define EVENT_MOST 4096                 /* bytes of an event's line */
#define TOP_MOST 1000                   /* services in one line of top */

static void on_events_room(struct session *session)
{
	if (session->dropped) {
		json_object_open(&session->line);
		json_count_field(&session->line, "dropped", session->dropped);
		json_object_close(&session->line);
		session_send_event(session);
		session->dropped = 0;
	}
	line_io_want_room(&session->io, false);
}

static const struct request_ops events_ops = { .room = on_events_room };

static bool is_events(const struct session *session)
{
	return session->ops == &events_ops;
}

static void send_event(struct session *session, const struct event *event, const struct logged_line *logged)
{
	const struct request *request = &session->request;

	if (logged->level > request->level)
		return;
	if (request->service &&
	    (!event->service || !selection_means(session->supervisor, request->service, event->service)))
		return;
	if (!selection_wants(session, event->service))
		return;
	if (session->dropped || !line_io_has_room(&session->io)) {
		session->dropped++;
		line_io_want_room(&session->io, true);
		return;
	}
	json_object_open(&session->line);
	json_seconds_field(&session->line, "at", logged->at);
	log_add_facts(&session->line, &(struct log_message){ logged->level, event, logged->text, logged->length },
		      EVENT_MOST);
	session_send_event(session);
}

static void on_log_event(void *context, enum level level, const struct event *event, const char *message, size_t length)
{
	struct server *server = context;
	const struct logged_line logged = {
		.at = clock_wall(), .level = level, .is_output = event->is_output, .pid = event->pid,
		.text = message, .length = length,
	};

	if (level <= LEVEL_INFO)
		recent_log_add(&server->recent_log, event->service ? event->service : "", &logged);
	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);

		if (is_events(session))
			send_event(session, event, &logged);
	}
}

void event_stream_open(struct server *server)
{
	log_tap(server->supervisor->engine.log, LEVEL_INFO, on_log_event, server);
}

/* Taps the log at the lowest level that a session wants. */
static void set_tap_level(struct server *server, enum level level)
{
	LIST_EACH(link, &server->sessions) {
		const struct session *session = container_of(link, struct session, link);

		if (is_events(session) && session->request.level > level)
			level = session->request.level;
	}
	log_tap(server->supervisor->engine.log, level, on_log_event, server);
}

static void begin_events(struct session *session)
{
	session->dropped = 0;
	session_begin(session, &events_ops, NULL, false);
	set_tap_level(session->server, session->request.level);
}

void event_stream_follow(struct session *session)
{
	session_end_request(session);
	begin_events(session);
}

/* A plain name that no service has is an error. A pattern may match a service later, so it only gets a notice. */
void event_stream_events(struct session *session)
{
	const char *name = session->request.service;
	bool exists = !name || selection_exists(session->supervisor, name);

	if (!exists && !glob_is_pattern(name)) {
		selection_refuse(session, name);
		return;
	}
	begin_events(session);
	if (exists)
		return;
	json_object_open(&session->line);
	json_text_field(&session->line, "unmatched", name);
	json_object_close(&session->line);
	session_send_line(session);
}

struct top_stream {
	struct session *session;
	struct alarm tick;              /* the next line */
	struct buf line;                /* the line that is being composed, over several turns */
	size_t at;                      /* index of the next runtime in the service list */
	size_t told, omitted;           /* busy services in the line, and beyond its limit */
	double since;                   /* time of the previous line, loop time */
};

/* Whether a service belongs into a line of top: it has instances, is in no idle state, or was active since then. */
static bool is_busy(struct service_runtime *runtime, double since)
{
	const struct service_stats *stats = runtime_stats(runtime);

	return !runtime_is_empty(runtime) || (runtime_state(runtime) != LISTENING && runtime_state(runtime) != OFF) ||
	       (runtime->run && (stats->last_end >= since || stats->last_start >= since));
}

static void add_busy(struct top_stream *top, struct service_runtime *runtime, double now)
{
	struct session *session = top->session;
	struct service_view view = {
		.supervisor = session->supervisor,
		.recent_log = &session->server->recent_log,
		.match = { .row = runtime->service, .runtime = runtime },
		.now = now,
		.offset = show_wall_offset(now),
	};

	if (!is_busy(runtime, top->since))
		return;
	if (top->told >= TOP_MOST || top->line.length > LINE_IO_OUTPUT_MOST / 2) {
		top->omitted++;
		return;
	}
	top->told++;
	show_service(&view, ANSWER_LIST, &top->line);
}

static void begin_line(struct top_stream *top, double now)
{
	struct server *server = top->session->server;

	json_object_open(&top->line);
	json_seconds_field(&top->line, "at", now + show_wall_offset(now));
	show_superd(server->supervisor, server->supervisor->engine.started, show_wall_offset(now),
		    &top->line);
	json_list_field(&top->line, "services");
}

static void end_line(struct top_stream *top, double now)
{
	struct session *session = top->session;

	json_list_close(&top->line);
	if (top->omitted)
		json_count_field(&top->line, "more_services", top->omitted);
	json_object_close(&top->line);
	buf_add(&session->line, buf_string(&top->line), top->line.length);
	session->line.failed |= top->line.failed;
	buf_clear(&top->line);
	top->at = top->told = top->omitted = 0;
	top->since = now;
	line_io_want_room(&session->io, false);
	alarm_set(&top->tick, session->request.interval);
	session_send_line(session);
}

static void on_top_room(struct session *session)
{
	struct top_stream *top = session->state;
	const struct service_list *service_list = &session->supervisor->service_list;
	double begun = clock_now(), now = begun;

	if (!top->line.length)
		begin_line(top, now);
	for (; top->at < service_list->count && now - begun < TURN_SECONDS; now = clock_now()) {
		struct service_runtime *runtime = service_list->runtimes[top->at++];

		if (runtime)
			add_busy(top, runtime, now);
	}
	if (top->at < service_list->count)
		return;
	LIST_EACH(link, &session->supervisor->service_list.leaving)
		add_busy(top, runtime_leaving(link), now);
	end_line(top, now);
}

static void on_interval(struct alarm *alarm)
{
	line_io_want_room(&container_of(alarm, struct top_stream, tick)->session->io, true);
}

static void on_top_free(struct session *session)
{
	struct top_stream *top = session->state;

	alarm_stop(&top->tick);
	buf_free(&top->line);
	free(top);
}

static const struct request_ops top_ops = { .room = on_top_room, .free = on_top_free };

void event_stream_top(struct session *session)
{
	struct top_stream *top = calloc(1, sizeof(*top));

	if (!top) {
		session_fail(session, CODE_FAILED, "", "out of memory");
		return;
	}
	top->session = session;
	top->since = clock_now();
	alarm_init(&top->tick, &session->supervisor->engine, on_interval);
	session_begin(session, &top_ops, top, true);
}
