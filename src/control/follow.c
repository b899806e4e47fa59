/* Streams. The hard thing is who does not read: an event that finds no room is dropped and counted, and the count is
 * told when there is room again, so superd never waits and nobody is told less than that. */
#include "control/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/pattern.h"
#include "control/listing.h"
#include "control/selection.h"
#include "control/server.h"
#include "control/show.h"
#include "engine/service/keeper.h"

#define EVENT_MOST 4096                 /* bytes of one */
#define TOP_MOST 1000                   /* services in a line */

struct following {
	unsigned long dropped;          /* events, since that was last told */
};

static void say_dropped(struct session *session, struct following *following)
{
	object_open(&session->line);
	field_count(&session->line, "dropped", following->dropped);
	object_close(&session->line);
	session_say(session);
	following->dropped = 0;
}

static void on_events_room(struct session *session)
{
	struct following *following = session->state;

	if (following->dropped)
		say_dropped(session, following);
	wire_pull(&session->wire, false);
}

static void on_events_free(struct session *session)
{
	free(session->state);
}

static const struct duty events_duty = { .room = on_events_room, .free = on_events_free };

bool follow_is_event(const struct session *session)
{
	return session->duty == &events_duty;
}

void follow_tell(struct session *session, double at, enum level level, const struct event *event, const char *message,
		 size_t length)
{
	const struct request *request = &session->request;
	struct following *following = session->state;

	if (level > request->level)
		return;
	if (request->service &&
	    (!event->service || !selection_means(session->supervisor, request->service, event->service)))
		return;
	if (following->dropped || !wire_has_room(&session->wire)) {
		following->dropped++;
		wire_pull(&session->wire, true);
		return;
	}
	object_open(&session->line);
	field_seconds(&session->line, "at", at);
	log_add_facts(&session->line, level, event, message, length, EVENT_MOST);
	session_say(session);
}

unsigned long follow_dropped(const struct session *session)
{
	const struct following *following = session->state;

	return follow_is_event(session) ? following->dropped : 0;
}

static bool begin_events(struct session *session)
{
	struct following *following = calloc(1, sizeof(*following));

	if (!following) {
		session_fail(session, CODE_FAILED, "", "out of memory");
		return false;
	}
	session_begin(session, &events_duty, following, false);
	server_listen_at(session->server, session->request.level);
	return true;
}

void follow_go_on(struct session *session, unsigned long dropped)
{
	struct following *following = begin_events(session) ? session->state : NULL;

	if (!following || !dropped)
		return;
	following->dropped = dropped;
	wire_pull(&session->wire, true);
}

/* A plain name that is none yet is a mistake; for a pattern there may be a service tomorrow. */
void follow_events(struct session *session)
{
	const char *name = session->request.service;
	bool exists = !name || selection_exists(session->supervisor, name);

	if (!exists && !pattern_is(name)) {
		selection_refuse(session, name);
		return;
	}
	if (!begin_events(session) || exists)
		return;
	object_open(&session->line);
	field_text(&session->line, "unmatched", name);
	object_close(&session->line);
	session_say(session);
}

struct watching {
	struct session *session;
	struct alarm tick;
	struct buf line;                /* as far as it is composed */
	size_t at;                      /* in the roster */
	size_t told, untold;
	double since;                   /* the line before, loop time */
};

static bool does_anything(struct keeper *keeper, double since)
{
	if (!keeper->activity)
		return keeper->state != LISTENING && keeper->state != OFF;
	return !keeper_is_empty(keeper) || (keeper->state != LISTENING && keeper->state != OFF) ||
	       keeper->activity->last_end >= since || keeper->activity->last_start >= since;
}

static void add_busy(struct watching *watching, struct keeper *keeper, double now)
{
	struct session *session = watching->session;
	struct showing showing = {
		.supervisor = session->supervisor, .lately = &session->server->lately,
		.found = { .row = keeper->service, .keeper = keeper }, .now = now, .offset = listing_wall_offset(now),
	};

	if (!does_anything(keeper, watching->since))
		return;
	if (watching->told >= TOP_MOST || watching->line.length > WIRE_MOST / 2) {
		watching->untold++;
		return;
	}
	watching->told++;
	show_busy(&showing, &watching->line);
}

static void begin_line(struct watching *watching, double now)
{
	struct server *server = watching->session->server;

	object_open(&watching->line);
	field_seconds(&watching->line, "at", now + listing_wall_offset(now));
	show_superd(server->supervisor, server->supervisor->engine.started, listing_wall_offset(now), &watching->line);
	field_list(&watching->line, "services");
}

static void end_line(struct watching *watching, double now)
{
	struct session *session = watching->session;

	list_close(&watching->line);
	if (watching->untold)
		field_count(&watching->line, "more_services", watching->untold);
	object_close(&watching->line);
	buf_add(&session->line, buf_string(&watching->line), watching->line.length);
	session->line.failed |= watching->line.failed;
	buf_clear(&watching->line);
	watching->at = watching->told = watching->untold = 0;
	watching->since = now;
	wire_pull(&session->wire, false);
	alarm_set(&watching->tick, session->request.interval);
	session_say(session);
}

static void on_top_room(struct session *session)
{
	struct watching *watching = session->state;
	const struct roster *roster = &session->supervisor->roster;
	double begun = engine_clock(), now = begun;

	if (!watching->line.length)
		begin_line(watching, now);
	for (; watching->at < roster->count && now - begun < SLICE; now = engine_clock()) {
		struct keeper *keeper = roster->keepers[watching->at++];

		if (keeper)
			add_busy(watching, keeper, now);
	}
	if (watching->at < roster->count)
		return;
	LIST_EACH(link, &session->supervisor->engine.leaving)
		add_busy(watching, keeper_leaving(link), now);
	end_line(watching, now);
}

static void on_tick(struct alarm *alarm)
{
	wire_pull(&container_of(alarm, struct watching, tick)->session->wire, true);
}

static void on_top_free(struct session *session)
{
	struct watching *watching = session->state;

	alarm_stop(&watching->tick);
	buf_free(&watching->line);
	free(watching);
}

static const struct duty top_duty = { .room = on_top_room, .free = on_top_free };

void follow_top(struct session *session)
{
	struct watching *watching = calloc(1, sizeof(*watching));

	if (!watching) {
		session_fail(session, CODE_FAILED, "", "out of memory");
		return;
	}
	watching->session = session;
	watching->since = engine_clock();
	alarm_init(&watching->tick, &session->supervisor->engine, on_tick);
	session_begin(session, &top_duty, watching, true);
}

const char *follow_verb(const struct session *session)
{
	return session->duty == &events_duty ? "events" : session->duty == &top_duty ? "top" : NULL;
}
