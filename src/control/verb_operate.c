/* The verbs that change a service: begins the order for each service, and waits for its end.
 *
 * A service may be gone at the next turn, and another one may have its name. So each service is looked up by name every
 * time. */
#include "control/verbs.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/json.h"
#include "config/option/service_mark.h"
#include "control/selection.h"
#include "control/server.h"
#include "engine/service/operator_locks.h"

#define MANY 64                         /* pending services from which on they are checked only every CHECK_EVERY */
#define CHECK_EVERY 0.05                /* seconds */
#define PROGRESS_FIRST 1.               /* seconds until the first report of what the orders wait for */
#define PROGRESS_EVERY 10.              /* seconds between later reports */
#define PROGRESS_MOST 10                /* services in a report */

struct pending_order {
	const char *name;               /* belongs to the selection */
	struct operator_order order;
	bool leaves;                    /* a reload has removed the service: it is gone when it has ended */
};

struct operate_request {
	struct session *session;
	enum operator_action action;
	struct selection selection;     /* services whose order is still to begin */
	struct pending_order *pending;  /* owned; orders that have begun and not ended */
	size_t count, capacity;         /* of `pending` */
	size_t next;                    /* index in `pending` of the next order to check */
	size_t begun, failed;           /* numbers of services */
	bool waits;                     /* for the end of the orders; false: --no-wait */
	struct alarm timeout;           /* of --timeout */
	struct alarm pace;              /* the next check, if MANY orders are pending */
	struct alarm proof;             /* the next check of an instance that may fail at once */
	struct alarm progress;          /* the next report, with --progress */
};

static void send_order_result(struct session *session, const char *name, const struct service_match *match, bool ok,
			      struct buf *message)
{
	struct buf *line = &session->line;

	json_object_open(line);
	json_text_field(line, "service", name);
	json_flag_field(line, "ok", ok);
	json_text_field(line, "state", service_match_state(match));
	json_text_field(line, "message", buf_string(message));
	json_object_close(line);
	session_send_line(session);
	buf_clear(message);
}

static void add_pending(struct operate_request *operate, const char *name, const struct operator_order *order,
			bool leaves)
{
	struct pending_order *larger = array_grow(operate->pending, &operate->capacity, operate->count,
						  sizeof(*operate->pending));

	if (!larger)
		return;                 /* the order goes on, but without a report */
	operate->pending = larger;
	operate->pending[operate->count++] = (struct pending_order){ name, *order, leaves };
}

/* Logs who gave the order. */
static void log_order(const struct session *session, const char *name)
{
	const struct event event = { .name = "told", .service = name };

	log_event(session->supervisor->engine.log, LEVEL_NOTICE, &event, "uid %lu requested: %s%s",
		  (unsigned long)session->uid, session->request.verb,
		  session->request.options & ASKS_BOOT ? " --boot" : "");
}

static void begin_one(struct operate_request *operate, const char *name)
{
	struct service_match match = selection_find(operate->session->supervisor, name);
	struct operator_order order;
	struct buf message = { 0 };
	enum operator_status status = FAILED;

	if (match.runtime) {
		if (operate->action < OPERATOR_AWAIT_READY)
			log_order(operate->session, name);
		const struct operator_command command = { operate->action, operate->session->uid,
							  operate->session->request.signal,
							  operate->session->request.options & ASKS_BOOT };

		status = operator_begin(&order, match.runtime, &command, &message);
	} else if (match.left_out) {
		buf_addf(&message, "it is left out: %s", left_out_reason(match.left_out));
	} else if (match.row && operate->action == OPERATOR_REFRESH) {
		buf_text(&message, "it does not run: the configuration has disable = yes");
		status = DONE;
	} else if (match.row) {
		buf_text(&message, "the configuration has disable = yes");
		origin_cite(service_origin(match.row, "disable"), &message);
		buf_text(&message, ": change it there, and reload");
	} else {
		buf_text(&message, "a reload has removed it meanwhile");
	}
	if (status == UNDER_WAY && operate->waits)
		add_pending(operate, name, &order, runtime_is_removed(match.runtime));
	else if (status == UNDER_WAY)
		buf_text(&message, "under way");
	operate->begun++;
	operate->failed += status == FAILED;
	if (status != UNDER_WAY || !operate->waits)
		send_order_result(operate->session, name, &match, status != FAILED, &message);
	buf_free(&message);
}

/* A service that is being removed can only be stopped. So when it is gone, the order is done. */
static enum operator_status describe_gone(struct buf *message)
{
	buf_text(message, "stopped, and removed");
	return DONE;
}

/* Checks one order. true: it has ended, and its result is sent. */
static bool check_pending(struct operate_request *operate, const struct pending_order *pending)
{
	struct service_match match = selection_find(operate->session->supervisor, pending->name);
	enum operator_status status = FAILED;
	struct buf message = { 0 };

	if (match.runtime)
		status = operator_look(&pending->order, match.runtime, &message);
	else if (pending->leaves)
		status = describe_gone(&message);
	else
		buf_text(&message, "a reload has removed it meanwhile");
	if (status == UNDER_WAY) {
		double seconds = operator_wait(&pending->order, match.runtime);

		if (seconds > 0 && !alarm_is_set(&operate->proof))
			alarm_set(&operate->proof, seconds);
	} else {
		operate->failed += status == FAILED;
		send_order_result(operate->session, pending->name, &match, status == DONE, &message);
	}
	buf_free(&message);
	return status != UNDER_WAY;
}

static void finish_operate(struct operate_request *operate)
{
	struct session *session = operate->session;

	if (operate->failed)
		session_fail(session, CODE_FAILED, "", "%zu of %zu service%s failed", operate->failed, operate->begun,
			     operate->begun == 1 ? "" : "s");
	else
		session_done(session);
}

/* Checks the pending orders from `next` on, for as long as one turn may take. true: all are checked. */
static bool check_all_pending(struct operate_request *operate)
{
	double begun = clock_now();

	while (operate->next < operate->count) {
		if (!line_io_has_room(&operate->session->io) || clock_now() - begun > TURN_SECONDS)
			return false;
		if (check_pending(operate, &operate->pending[operate->next]))
			operate->pending[operate->next] = operate->pending[--operate->count];
		else
			operate->next++;
	}
	operate->next = 0;
	return true;
}

static void on_operate_room(struct session *session)
{
	struct operate_request *operate = session->state;
	double begun = clock_now();
	const char *name = NULL;

	if (!selection_go_on(&operate->selection, session))
		return;
	while (line_io_has_room(&session->io) && clock_now() - begun < TURN_SECONDS) {
		name = selection_next(&operate->selection);
		if (!name)
			break;
		begin_one(operate, name);
	}
	locks_settle(&session->supervisor->engine);     /* the locks are stored before the answer is sent */
	if (name || !line_io_has_room(&session->io) || !check_all_pending(operate))
		return;
	if (operate->count)
		line_io_want_room(&session->io, false); /* until a service changes */
	else
		finish_operate(operate);
}

static void on_operate_change(struct session *session)
{
	struct operate_request *operate = session->state;

	if (operate->count < MANY)
		line_io_want_room(&session->io, true);
	else if (!alarm_is_set(&operate->pace))
		alarm_set(&operate->pace, CHECK_EVERY);
}

static void on_operate_pace(struct alarm *alarm)
{
	line_io_want_room(&container_of(alarm, struct operate_request, pace)->session->io, true);
}

static void on_operate_proof(struct alarm *alarm)
{
	line_io_want_room(&container_of(alarm, struct operate_request, proof)->session->io, true);
}

static void on_operate_timeout(struct alarm *alarm)
{
	struct operate_request *operate = container_of(alarm, struct operate_request, timeout);
	struct buf late = { 0 };

	for (size_t n = 0; n < operate->count && n < 10; n++)
		buf_addf(&late, "%s%s", n ? ", " : "", operate->pending[n].name);
	if (operate->count > 10)
		buf_text(&late, ", ...");
	session_fail(operate->session, CODE_FAILED, "", "not done in time%s: %s",
		     operate->action < OPERATOR_AWAIT_READY ? ", but under way" : "", buf_string(&late));
	buf_free(&late);
}

static void send_waiting(struct session *session, const struct pending_order *pending)
{
	struct service_match match = selection_find(session->supervisor, pending->name);
	struct buf *line = &session->line, message = { 0 };

	if (!match.runtime)
		return;
	operator_add_wait(&pending->order, match.runtime, &message);
	json_object_open(line);
	json_text_field(line, "service", pending->name);
	json_text_field(line, "state", service_match_state(&match));
	json_text_field(line, "waiting", buf_string(&message));
	json_object_close(line);
	session_send_line(session);
	buf_free(&message);
}

static void on_operate_progress(struct alarm *alarm)
{
	struct operate_request *operate = container_of(alarm, struct operate_request, progress);

	alarm_set(alarm, PROGRESS_EVERY);
	for (size_t n = 0; n < operate->count && n < PROGRESS_MOST && line_io_has_room(&operate->session->io); n++)
		send_waiting(operate->session, &operate->pending[n]);
}

static void on_operate_free(struct session *session)
{
	struct operate_request *operate = session->state;

	alarm_stop(&operate->timeout);
	alarm_stop(&operate->progress);
	alarm_stop(&operate->pace);
	alarm_stop(&operate->proof);
	selection_free(&operate->selection);
	free(operate->pending);
	free(operate);
	session_unwatch_changes(session);
}

static const struct request_ops operate_ops = {
	.room = on_operate_room, .change = on_operate_change, .free = on_operate_free,
};

void verb_operate_begin(struct session *session, enum operator_action action)
{
	struct engine *engine = &session->supervisor->engine;
	struct selection selection;
	struct operate_request *operate;

	if (!selection_make(&selection, session, false))
		return;
	operate = calloc(1, sizeof(*operate));
	if (!operate) {
		selection_free(&selection);
		session_fail(session, CODE_FAILED, "", "out of memory");
		return;
	}
	operate->session = session;
	operate->action = action;
	operate->selection = selection;
	operate->waits = !(session->request.options & ASKS_NO_WAIT);
	alarm_init(&operate->timeout, engine, on_operate_timeout);
	alarm_init(&operate->pace, engine, on_operate_pace);
	alarm_init(&operate->proof, engine, on_operate_proof);
	alarm_init(&operate->progress, engine, on_operate_progress);
	if (operate->waits && session->request.options & ASKS_PROGRESS)
		alarm_set(&operate->progress, PROGRESS_FIRST);
	if (session->request.options & ASKS_TIMEOUT)
		alarm_set(&operate->timeout, session->request.timeout);
	locks_begin_order(engine);
	session_watch_changes(session);
	session_begin(session, &operate_ops, operate, true);
}
