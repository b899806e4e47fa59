/* Doing and waiting. The hard thing is that a service may be gone, and another of its name be there, by the time its
 * turn comes again: each is looked up by name, every time. */
#include "control/steer.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/fields.h"
#include "control/listing.h"
#include "control/selection.h"
#include "control/server.h"
#include "engine/service/locks.h"

#define MANY 64                         /* who waits for more looks at them all no more often than this: */
#define LOOKS_EVERY 0.05
#define PROGRESS_FIRST 1.               /* seconds until it is said whom an order waits for, and between two such */
#define PROGRESS_EVERY 10.
#define PROGRESS_MOST 10                /* services at once */

struct pending {
	const char *name;               /* in the selection */
	struct operation operation;
	bool leaves;                    /* its table has it no more: it is gone when it has ended */
};

struct steering {
	struct session *session;
	enum deed deed;
	struct selection selection;
	struct pending *pending;
	size_t count, capacity;
	size_t next;                    /* to be looked at */
	size_t begun, failed;
	bool waits;
	struct alarm timeout, pace, progress;
};

static void say(struct session *session, const char *name, const struct found *found, bool ok, struct buf *says)
{
	struct buf *line = &session->line;

	object_open(line);
	field_text(line, "service", name);
	field_flag(line, "ok", ok);
	field_text(line, "state", found_state(found));
	field_text(line, "message", buf_string(says));
	object_close(line);
	session_say(session);
	buf_clear(says);
}

static void keep_pending(struct steering *steering, const char *name, const struct operation *operation, bool leaves)
{
	struct pending *larger = array_grow(steering->pending, &steering->capacity, steering->count,
					    sizeof(*steering->pending));

	if (!larger)
		return;                 /* it goes on, unseen */
	steering->pending = larger;
	steering->pending[steering->count++] = (struct pending){ name, *operation, leaves };
}

/* For whoever wonders later why it is so. */
static void note(const struct session *session, const char *name)
{
	const struct event event = { .name = "told", .service = name };

	log_event(session->supervisor->engine.log, LEVEL_NOTICE, &event, "told by uid %lu: %s",
		  (unsigned long)session->uid, session->request.verb);
}

static void begin_one(struct steering *steering, const char *name)
{
	struct found found = selection_find(steering->session->supervisor, name);
	struct operation operation;
	struct buf says = { 0 };
	enum standing standing = FAILED;

	if (found.keeper) {
		note(steering->session, name);
		standing = operate_begin(&operation, found.keeper, steering->deed, steering->session->uid, &says);
	} else if (found.left_out) {
		buf_addf(&says, "it is left out: %s", left_out_reason(found.left_out));
	} else if (found.row && steering->deed == DEED_REFRESH) {
		buf_text(&says, "it does not run: its table says disable = yes");
		standing = DONE;
	} else if (found.row) {
		buf_text(&says, "its table says disable = yes");
		origin_cite(service_origin(found.row, "disable"), &says);
		buf_text(&says, ": change it there, and reload");
	} else {
		buf_text(&says, "a reload has removed it meanwhile");
	}
	if (standing == UNDER_WAY && steering->waits)
		keep_pending(steering, name, &operation, found.keeper->removed);
	else if (standing == UNDER_WAY)
		buf_text(&says, "under way");
	steering->begun++;
	steering->failed += standing == FAILED;
	if (standing != UNDER_WAY || !steering->waits)
		say(steering->session, name, &found, standing != FAILED, &says);
	buf_free(&says);
}

/* Nothing but stop is done with one that leaves. */
static enum standing say_gone(struct buf *says)
{
	buf_text(says, "stopped, and gone");
	return DONE;
}

/* true: it is over, and was told. */
static bool look_at_one(struct steering *steering, const struct pending *pending)
{
	struct found found = selection_find(steering->session->supervisor, pending->name);
	enum standing standing = FAILED;
	struct buf says = { 0 };

	if (found.keeper)
		standing = operate_look(&pending->operation, found.keeper, &says);
	else if (pending->leaves)
		standing = say_gone(&says);
	else
		buf_text(&says, "a reload has removed it meanwhile");
	if (standing != UNDER_WAY) {
		steering->failed += standing == FAILED;
		say(steering->session, pending->name, &found, standing == DONE, &says);
	}
	buf_free(&says);
	return standing != UNDER_WAY;
}

static void finish(struct steering *steering)
{
	struct session *session = steering->session;

	if (steering->failed)
		session_fail(session, CODE_FAILED, "", "%zu of %zu service%s failed", steering->failed, steering->begun,
			     steering->begun == 1 ? "" : "s");
	else
		session_done(session);
}

/* Looks at those pending from `next` on, for as long as one turn may take. true: at all of them. */
static bool look_at_pending(struct steering *steering)
{
	double begun = engine_clock();

	while (steering->next < steering->count) {
		if (!wire_has_room(&steering->session->wire) || engine_clock() - begun > SLICE)
			return false;
		if (look_at_one(steering, &steering->pending[steering->next]))
			steering->pending[steering->next] = steering->pending[--steering->count];
		else
			steering->next++;
	}
	steering->next = 0;
	return true;
}

static void on_room(struct session *session)
{
	struct steering *steering = session->state;
	double begun = engine_clock();
	const char *name = NULL;

	if (!selection_go_on(&steering->selection, session))
		return;
	while (wire_has_room(&session->wire) && engine_clock() - begun < SLICE) {
		name = selection_next(&steering->selection);
		if (!name)
			break;
		begin_one(steering, name);
	}
	locks_settle(&session->supervisor->engine);     /* what is answered is sent after this */
	if (name || !wire_has_room(&session->wire) || !look_at_pending(steering))
		return;
	if (steering->count)
		wire_pull(&session->wire, false);       /* until something happens */
	else
		finish(steering);
}

static void on_change(struct session *session)
{
	struct steering *steering = session->state;

	if (steering->count < MANY)
		wire_pull(&session->wire, true);
	else if (!alarm_is_set(&steering->pace))
		alarm_set(&steering->pace, LOOKS_EVERY);
}

static void on_pace(struct alarm *alarm)
{
	wire_pull(&container_of(alarm, struct steering, pace)->session->wire, true);
}

static void on_timeout(struct alarm *alarm)
{
	struct steering *steering = container_of(alarm, struct steering, timeout);
	struct buf late = { 0 };

	for (size_t n = 0; n < steering->count && n < 10; n++)
		buf_addf(&late, "%s%s", n ? ", " : "", steering->pending[n].name);
	if (steering->count > 10)
		buf_text(&late, ", ...");
	session_fail(steering->session, CODE_FAILED, "", "not done in time, but under way: %s", buf_string(&late));
	buf_free(&late);
}

static void say_waiting(struct session *session, const struct pending *pending)
{
	struct found found = selection_find(session->supervisor, pending->name);
	struct buf *line = &session->line, says = { 0 };

	if (!found.keeper)
		return;
	operate_add_wait(&pending->operation, found.keeper, &says);
	object_open(line);
	field_text(line, "service", pending->name);
	field_text(line, "state", found_state(&found));
	field_text(line, "waiting", buf_string(&says));
	object_close(line);
	session_say(session);
	buf_free(&says);
}

static void on_progress(struct alarm *alarm)
{
	struct steering *steering = container_of(alarm, struct steering, progress);

	alarm_set(alarm, PROGRESS_EVERY);
	for (size_t n = 0; n < steering->count && n < PROGRESS_MOST && wire_has_room(&steering->session->wire); n++)
		say_waiting(steering->session, &steering->pending[n]);
}

static void on_free(struct session *session)
{
	struct steering *steering = session->state;

	alarm_stop(&steering->timeout);
	alarm_stop(&steering->progress);
	alarm_stop(&steering->pace);
	selection_free(&steering->selection);
	free(steering->pending);
	free(steering);
	server_stop_waiting(session->server);
}

static const struct duty steering_duty = { .room = on_room, .change = on_change, .free = on_free };

static void begin(struct session *session, enum deed deed)
{
	struct engine *engine = &session->supervisor->engine;
	struct selection selection;
	struct steering *steering;

	if (!selection_make(&selection, session, false))
		return;
	steering = calloc(1, sizeof(*steering));
	if (!steering) {
		selection_free(&selection);
		session_fail(session, CODE_FAILED, "", "out of memory");
		return;
	}
	steering->session = session;
	steering->deed = deed;
	steering->selection = selection;
	steering->waits = !(session->request.options & ASKS_NO_WAIT);
	alarm_init(&steering->timeout, engine, on_timeout);
	alarm_init(&steering->pace, engine, on_pace);
	alarm_init(&steering->progress, engine, on_progress);
	if (steering->waits && session->request.options & ASKS_PROGRESS)
		alarm_set(&steering->progress, PROGRESS_FIRST);
	if (session->request.options & ASKS_TIMEOUT)
		alarm_set(&steering->timeout, session->request.timeout);
	locks_begin_order(engine);
	server_wait_for_changes(session->server);
	session_begin(session, &steering_duty, steering, true);
}

void steer_start(struct session *session)
{
	begin(session, DEED_START);
}

void steer_stop(struct session *session)
{
	begin(session, DEED_STOP);
}

void steer_restart(struct session *session)
{
	begin(session, DEED_RESTART);
}

void steer_hold(struct session *session)
{
	begin(session, DEED_HOLD);
}

void steer_release(struct session *session)
{
	begin(session, DEED_RELEASE);
}

void steer_drain(struct session *session)
{
	begin(session, DEED_DRAIN);
}

void steer_freeze(struct session *session)
{
	begin(session, DEED_FREEZE);
}

void steer_thaw(struct session *session)
{
	begin(session, DEED_THAW);
}

void steer_enable(struct session *session)
{
	begin(session, DEED_ENABLE);
}

void steer_disable(struct session *session)
{
	begin(session, DEED_DISABLE);
}

void steer_evict(struct session *session)
{
	begin(session, DEED_EVICT);
}

void steer_refresh(struct session *session)
{
	begin(session, DEED_REFRESH);
}
