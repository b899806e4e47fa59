/* A result is a word, and the facts that the order has led to. superctl makes the sentence. */
#include "superd/control/order_line.h"

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/scan.h"
#include "superd/control/show_internal.h"
#include "superd/service/operator_locks.h"
#include "superd/service/socket_commands.h"
#include "table/option/service_mark.h"

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

enum order_result order_line_refusal(const struct service_match *match)
{
	return match->left_out ? ORDER_LEFT_OUT : match->row ? ORDER_UNCONFIGURED : ORDER_VANISHED;
}

void order_line_send(struct session *session, const char *name, const struct operator_order *order,
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
