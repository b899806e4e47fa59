/* Going through many services. The hard thing is that it takes several turns of the loop: names are kept, not
 * pointers, and whoever is gone when its turn comes is left out. */
#include "control/listing.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/build.h"
#include "base/fields.h"
#include "control/reason.h"
#include "control/row.h"
#include "control/selection.h"
#include "control/server.h"
#include "control/show.h"
#include "engine/service/keeper.h"
#include "prepare/built_with.h"

struct listing {
	struct selection selection;
	void (*show)(const struct showing *showing, struct buf *out);
	struct row_writer *rows;        /* of show; NULL: not needed */
};

double listing_wall_offset(double now)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (double)wall.tv_sec + (double)wall.tv_nsec / 1e9 - now;
}

static void say_one(struct session *session, struct listing *listing, const char *name, double now)
{
	struct showing showing = {
		.supervisor = session->supervisor, .lately = &session->server->lately,
		.found = selection_find(session->supervisor, name), .now = now, .offset = listing_wall_offset(now),
	};

	if (!showing.found.row)
		return;
	if (listing->rows)
		row_write(listing->rows, showing.found.row, session->right < RIGHT_ACT, &session->line);
	else
		listing->show(&showing, &session->line);
	session_say(session);
}

static void on_room(struct session *session)
{
	struct listing *listing = session->state;
	double begun = engine_clock(), now = begun;

	if (!selection_go_on(&listing->selection, session))
		return;
	while (wire_has_room(&session->wire) && now - begun < SLICE) {
		const char *name = selection_next(&listing->selection);

		if (!name) {
			if (!selection_refuse_missing(&listing->selection, session))
				session_done(session);
			return;
		}
		say_one(session, listing, name, now);
		now = engine_clock();
	}
}

static void on_free(struct session *session)
{
	struct listing *listing = session->state;

	selection_free(&listing->selection);
	row_writer_free(listing->rows);
	free(listing);
}

static const struct duty listing_duty = { .room = on_room, .free = on_free };

static struct listing *begin(struct session *session, void (*show)(const struct showing *showing, struct buf *out))
{
	struct selection selection;
	struct listing *listing;

	if (!selection_make(&selection, session, true))
		return NULL;
	listing = calloc(1, sizeof(*listing));
	if (!listing) {
		selection_free(&selection);
		session_fail(session, CODE_FAILED, "", "out of memory");
		return NULL;
	}
	listing->selection = selection;
	listing->show = show;
	session_begin(session, &listing_duty, listing, true);
	return listing;
}

void listing_status(struct session *session)
{
	begin(session, show_status);
}

void listing_list(struct session *session)
{
	begin(session, show_row);
}

void listing_why(struct session *session)
{
	begin(session, reason_write);
}

void listing_show(struct session *session)
{
	struct listing *listing = begin(session, NULL);

	if (!listing)
		return;
	listing->rows = row_writer_new();
	if (!listing->rows)
		session_fail(session, CODE_FAILED, "", "out of memory");
}

void listing_metrics(struct session *session)
{
	if (!begin(session, show_counters))
		return;
	object_open(&session->line);
	show_superd(session->supervisor, session->supervisor->engine.started, listing_wall_offset(engine_clock()),
		    &session->line);
	object_close(&session->line);
	session_say(session);
}

void listing_health(struct session *session)
{
	if (session->request.name_count) {
		begin(session, reason_write_health_of);
		return;
	}
	object_open(&session->line);
	reason_write_health(session->supervisor, &session->line);
	object_close(&session->line);
	session_say(session);
	session_done(session);
}

void listing_version(struct session *session)
{
	object_open(&session->line);
	field_text(&session->line, "version", PACKAGE_VERSION);
	field_text(&session->line, "build", build_id());
	field_count(&session->line, "pid", (uint64_t)getpid());
	field_list(&session->line, "with");
	for (size_t n = 0; built_with[n]; n++)
		element_text(&session->line, built_with[n]);
	list_close(&session->line);
	show_posture(&session->line);
	object_close(&session->line);
	session_say(session);
	session_done(session);
}
