/* The verb log: the last lines that were logged about services, the oldest first, and with --follow those to come.
 *
 * An answer takes several turns, and lines come and go between two turns. So it keeps the serial number of the last
 * line that it has sent, and looks for later ones each time. */
#include "superd/control/verbs.h"

#include <stdlib.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/glob.h"
#include "lib/json.h"
#include "superd/control/event_stream.h"
#include "superd/control/selection.h"
#include "superd/control/server.h"

struct found_line {
	const char *service;
	const struct recent_line *line;
};

/* The lines that are still to be sent. */
struct found_lines {
	const struct session *session;
	uint64_t after;                 /* only lines with a greater serial, */
	double since;                   /* and that are not older, as Unix time */
	const char *service;            /* of the line before; NULL: none yet */
	bool is_wanted;                 /* the request means that service */
	struct found_line *list;        /* owned */
	size_t count, capacity;
	bool failed;                    /* out of memory */
};

static void find_line(void *context, const char *service, const struct recent_line *line)
{
	struct found_lines *found = context;
	struct found_line *larger;

	if (found->failed || line->serial <= found->after || line->at < found->since ||
	    line->level > found->session->request.level)
		return;
	if (service != found->service)  /* the lines of a service come together */
		found->is_wanted = selection_wants(found->session, *service ? service : NULL);
	found->service = service;
	if (!found->is_wanted)
		return;
	larger = array_grow(found->list, &found->capacity, found->count, sizeof(*found->list));
	found->failed = !larger;
	if (!larger)
		return;
	found->list = larger;
	found->list[found->count++] = (struct found_line){ service, line };
}

static int compare_lines(const void *one, const void *other)
{
	const struct found_line *left = one, *right = other;

	return (left->line->serial > right->line->serial) - (left->line->serial < right->line->serial);
}

/* Finds the lines after this serial, in their order. false: out of memory, and the request has failed. */
static bool find_lines(struct session *session, uint64_t after, struct found_lines *found)
{
	*found = (struct found_lines){ .session = session, .after = after };
	if (session->request.options & ASKS_SINCE)
		found->since = clock_wall() - session->request.since;
	recent_log_for_each(&session->server->recent_log, find_line, found);
	if (found->failed) {
		free(found->list);
		session_fail(session, CODE_FAILED, "", "out of memory");
		return false;
	}
	if (found->count)
		qsort(found->list, found->count, sizeof(*found->list), compare_lines);
	return true;
}

static void send_line(struct session *session, const struct found_line *found)
{
	struct buf *out = &session->line;

	json_object_open(out);
	json_seconds_field(out, "at", found->line->at);
	json_text_field(out, "level", log_level_name(found->line->level));
	json_text_field(out, "service", *found->service ? found->service : NULL);
	recent_line_add_speaker(found->line, out);
	json_text_field(out, "message", found->line->text);
	json_object_close(out);
	session_send_line(session);
}

static void on_log_room(struct session *session)
{
	double begun = clock_now();
	struct found_lines found;
	size_t n = 0;

	if (!find_lines(session, session->sent, &found))
		return;
	for (; n < found.count && line_io_has_room(&session->io) && clock_now() - begun < TURN_SECONDS; n++) {
		session->sent = found.list[n].line->serial;
		send_line(session, &found.list[n]);
	}
	free(found.list);
	if (n < found.count)
		return;
	if (session->request.options & ASKS_FOLLOW)
		event_stream_follow(session);
	else
		session_done(session);
}

static const struct request_ops log_ops = { .room = on_log_room };

/* A service that is gone may have lines still. */
static bool names_mean_something(struct session *session)
{
	const struct request *request = &session->request;

	for (size_t n = 0; n < request->name_count; n++) {
		const char *name = request->names[n];

		if (glob_is_pattern(name) || selection_exists(session->supervisor, name) ||
		    recent_log_of(&session->server->recent_log, name))
			continue;
		selection_refuse(session, name);
		return false;
	}
	return true;
}

void verb_log_begin(struct session *session)
{
	size_t lines = session->request.lines;
	struct found_lines found;

	if (!selection_is_bounded(session) || !names_mean_something(session) || !find_lines(session, 0, &found))
		return;
	session->sent = 0;
	if (!lines)
		session->sent = session->server->recent_log.last_serial;
	else if (found.count)
		session->sent = found.list[found.count > lines ? found.count - lines : 0].line->serial - 1;
	free(found.list);
	session_begin(session, &log_ops, NULL, true);
}
