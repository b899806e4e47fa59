/* The verbs that change a service: begins the order for each service, and waits for its end.
 *
 * A service may be gone at the next turn, and another one may have its name. So each service is looked up by name every
 * time. */
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/scan.h"
#include "superd/control/selection.h"
#include "superd/control/server.h"
#include "superd/control/show.h"
#include "superd/control/verbs.h"
#include "superd/instance/background.h"
#include "superd/service/operator_locks.h"
#include "superd/service/socket_commands.h"
#include "table/option/service_mark.h"

#define MANY 64                         /* pending services from which on they are checked only every CHECK_EVERY */
#define CHECK_EVERY 0.05                /* seconds */
#define PROGRESS_FIRST 1.               /* seconds until the first report of what the orders wait for */
#define PROGRESS_EVERY 10.              /* seconds between later reports */
#define PROGRESS_MOST 10                /* services in a report */

/* A result is a word, and the facts that the order has led to. superctl makes the sentence. */
/* Adds why the next superd will not know the lock of this order, or that it was undone. Without a file nothing brings
 * back a lock that has ended, and what each boot disables the next superd disables by another file. */
static void add_lasting(enum lock_kind kind, const struct service_runtime *runtime, struct buf *out)
{
	const struct locks *locks = runtime->engine->locks;
	const struct lock *lock = locks_find(locks, runtime->service->name);
	bool is_kept = lock && kind == LOCK_DISABLED && lock->orders[LOCK_AT_BOOT].since;
	struct buf why = { 0 };

	if (!is_kept && !locks_outlive(runtime->engine, &why) && (locks->path || (lock && lock->orders[kind].since)))
		json_text_field(out, "ends_with_superd", buf_string(&why));
	out->failed |= why.failed;
	buf_free(&why);
}

/* Adds to what the order has led. */
static void add_order(const struct operator_order *order, struct service_runtime *runtime, struct buf *out)
{
	const struct service_stats *stats = runtime_stats(runtime);
	char name[32];
	size_t open = 0;
	bool retired = false;

	for (size_t n = 0; n < runtime->listener_count; n++)
		open += listener_is_open(&runtime->listeners[n]);
	LIST_EACH(link, runtime_instances(runtime))
		retired |= container_of(link, struct instance, link)->retired;
	json_count_field(out, "sockets", runtime->listener_count);
	json_count_field(out, "open", open);
	if (runtime_current(runtime))
		json_whole_field(out, "pid", runtime_current(runtime)->pid > 0 ? runtime_current(runtime)->pid : -1);
	if (retired)
		json_flag_field(out, "retired", true);
	show_background(runtime, out);
	if (!order)
		return;
	if (order->action == OPERATOR_HOLD || order->action == OPERATOR_RELEASE)
		add_lasting(LOCK_HELD, runtime, out);
	else if (order->action == OPERATOR_ENABLE || order->action == OPERATOR_DISABLE)
		add_lasting(LOCK_DISABLED, runtime, out);
	if (stats->killed > order->killed)
		json_count_field(out, "killed", stats->killed - order->killed);
	if (stats->parted > order->parted)
		json_count_field(out, "parted", stats->parted - order->parted);
	if (!order->signalled)
		return;
	json_text_field(out, "signal", scan_signal_name(order->signal, name));
	json_count_field(out, "signalled", order->signalled);
	json_list_field(out, "pids");
	for (size_t n = 0; n < order->signalled && n < SIGNALLED_MOST; n++)
		buf_addf(out, "%s%ld", n ? "," : "", (long)order->pids[n]);
	json_list_close(out);
}

/* The result for a service without a runtime. */
static enum order_result refusal_of(const struct service_match *match)
{
	return match->left_out ? ORDER_LEFT_OUT : match->row ? ORDER_UNCONFIGURED : ORDER_VANISHED;
}

/* Sends the line that reports the result of an order for a service, with what the service needs to be described
 * (ANSWER_ORDER). order NULL: none was given. */
static void send_line(struct session *session, const char *name, const struct operator_order *order,
		      enum order_result result, const struct buf *why)
{
	double now = clock_now();
	const struct service_view view = {
		.match = selection_find(session->supervisor, name), .now = now, .offset = show_wall_offset(now),
	};
	const struct service_runtime *runtime = view.match.runtime;
	struct buf *line = &session->line;
	const char *reason = why->length ? buf_string(why) : NULL;

	if (!reason && runtime && runtime_state(runtime) == BINDING && !sockets_are_under_way(runtime))
		reason = runtime_reason(runtime);
	json_object_open(line);
	json_flag_field(line, "ok", !order_has_failed(result));
	json_text_field(line, "result", order_result_word(result));
	json_text_field(line, "reason", reason);
	if (view.match.row) {
		show_facts(&view, ANSWER_ORDER, line);
	} else {
		json_text_field(line, "service", name);
		json_text_field(line, "state", service_match_state(&view.match));
	}
	if (runtime)
		add_order(order, view.match.runtime, line);
	else if (view.match.row)
		show_place(line, "disabled_at", service_origin(view.match.row, "disable"));
	json_object_close(line);
	line->failed |= why->failed;
	session_send_line(session);
}

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
	bool waits;                     /* for the end of the orders; false: --no-wait, until they have begun */
	struct alarm timeout;           /* of --timeout */
	struct alarm pace;              /* the next check, if MANY orders are pending */
	struct alarm proof;             /* the next check of an instance that may fail at once */
	struct alarm progress;          /* the next report, with --progress */
};

static void send_result(struct operate_request *operate, const char *name, const struct operator_order *order,
			enum order_result result, const struct buf *why)
{
	operate->failed += order_has_failed(result);
	send_line(operate->session, name, order, result, why);
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

/* Whether its instance is to end, and new clients still come to it. */
static bool is_to_begin(const struct service_runtime *runtime)
{
	return runtime_current(runtime) && runtime_is_being_restored(runtime);
}

static void begin_one(struct operate_request *operate, const char *name)
{
	struct session *session = operate->session;
	struct service_match match = selection_find(session->supervisor, name);
	const struct operator_command command = { operate->action, session->uid, session->request.signal,
						  session->request.options & ASKS_BOOT };
	struct operator_order order;
	struct buf why = { 0 };
	enum order_result result = refusal_of(&match);

	if (match.runtime && operate->action < OPERATOR_AWAIT_READY)
		log_order(session, name);
	if (match.runtime)
		result = operator_begin(&order, match.runtime, &command, &why);
	else if (result == ORDER_UNCONFIGURED && operate->action == OPERATOR_REFRESH)
		result = ORDER_NEEDS_NO_REFRESH;
	operate->begun++;
	if (result == ORDER_UNDER_WAY && (operate->waits || is_to_begin(match.runtime)))
		add_pending(operate, name, &order, runtime_is_removed(match.runtime));
	else
		send_result(operate, name, match.runtime ? &order : NULL, result, &why);
	buf_free(&why);
}

/* Checks one order. true: it has ended, and its result is sent. A service that is being removed can only be stopped. So
 * when it is gone, the order is done. */
static bool check_pending(struct operate_request *operate, const struct pending_order *pending)
{
	struct service_runtime *runtime = selection_find(operate->session->supervisor, pending->name).runtime;
	enum order_result result = pending->leaves ? ORDER_GONE : ORDER_VANISHED;
	struct buf why = { 0 };

	if (runtime)
		result = operator_look(&pending->order, runtime, &why);
	if (result == ORDER_UNDER_WAY && !operate->waits && !is_to_begin(runtime)) {
		send_result(operate, pending->name, &pending->order, result, &why);
		return true;
	}
	if (result == ORDER_UNDER_WAY) {
		double seconds = operator_wait(&pending->order, runtime);

		if (seconds > 0 && !alarm_is_set(&operate->proof))
			alarm_set(&operate->proof, seconds);
	} else {
		send_result(operate, pending->name, &pending->order, result, &why);
	}
	buf_free(&why);
	return result != ORDER_UNDER_WAY;
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
	const char *name;

	if (!selection_go_on(&operate->selection, session) || !line_io_has_room(&session->io))
		return;
	do {
		name = selection_next(&operate->selection);
		if (name)
			begin_one(operate, name);
	} while (name && line_io_has_room(&session->io) && clock_now() - begun < TURN_SECONDS);
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

/* Adds how far the end of an instance is, and when it is killed or left alone. */
static void add_limit(struct instance *instance, struct buf *out)
{
	const struct lifecycle_options *lifecycle = instance->service->groups->lifecycle;

	json_text_field(out, "phase", instance_is_doomed(instance)	? "killed"
				      : !instance->facts.stopped	? "serves"
				      : lifecycle->kill_mode == KILL_NONE ? "left-alone"
									: "stops");
	if (instance_limit_left(instance) >= 0)
		json_seconds_field(out, "left", instance_limit_left(instance));
	else if (lifecycle->timeout_stop == SCAN_INFINITY)
		json_flag_field(out, "unlimited", true);
}

/* Sends which process an order waits for, unless it only looks whether what it has started lasts. */
static void send_waiting(struct session *session, const struct pending_order *pending)
{
	const struct service_view view = {
		.match = selection_find(session->supervisor, pending->name), .now = clock_now(),
	};
	struct service_runtime *runtime = view.match.runtime;
	const struct operator_order *order = &pending->order;
	struct buf *line = &session->line;
	struct instance *one;
	unsigned count;

	if (!runtime)
		return;
	count = operator_awaited(order, runtime, &one);
	if (!count && operator_has_started(order, runtime))
		return;
	json_object_open(line);
	show_facts(&view, ANSWER_WAITING, line);
	json_object_field(line, "waiting");
	if (!count && background_is_ending(runtime))
		show_background(runtime, line);
	if (count && order->action < OPERATOR_AWAIT_READY && order->action != OPERATOR_FREEZE &&
	    order->action != OPERATOR_REFRESH) {
		json_whole_field(line, "pid", one->pid > 0 ? one->pid : -1);
		json_text_field(line, "peer", one->client.peer);
		json_count_field(line, "others", count - 1);
		json_flag_field(line, "drains", order->action == OPERATOR_DRAIN);
		add_limit(one, line);
	}
	json_object_close(line);
	json_object_close(line);
	session_send_line(session);
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
