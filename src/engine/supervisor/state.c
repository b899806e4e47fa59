/* The state of all services, one line each. Sleeping services that never ran are counted in one line, as there may
 * be thousands. */
#include "engine/supervisor/state.h"

#include "base/clock.h"
#include "base/duration_text.h"
#include "base/log.h"
#include "engine/instance/notice.h"
#include "os/socket/bind.h"

static void describe_listeners(const struct keeper *keeper, struct buf *out)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		const struct listener *listener = &keeper->listeners[n];
		int queued;

		buf_text(out, n ? ", " : "; ");
		if (!listener_is_open(listener)) {
			endpoint_format(listener->listen->endpoint, out);
			buf_text(out, " not open");
			continue;
		}
		if (listener_is_virtual(listener)) {
			endpoint_format(listener->listen->endpoint, out);
			continue;
		}
		bind_describe(listener->io.fd, listener->listen, out);
		queued = bind_queue(listener->io.fd, listener->listen);
		if (queued > 0 && endpoint_accepts(listener->listen->endpoint))
			buf_addf(out, " (%d queued)", queued);
		else if (queued > 0)
			buf_text(out, " (not empty)");  /* these are bytes */
	}
}

static void describe_instances(struct keeper *keeper, struct buf *out)
{
	size_t shown = 0;

	LIST_EACH(link, keeper_instances(keeper)) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (shown++ == 16) {
			buf_text(out, " …");
			return;
		}
		buf_addf(out, "%s%ld%s", shown == 1 ? "; pids " : " ", (long)instance->pid,
			 instance->retired ? " (retired)" : "");
		if (instance->notice && *instance->notice->status)
			buf_addf(out, " \"%s\"", instance->notice->status);
	}
}

static void describe_refusals(const struct activity *activity, struct buf *out)
{
	uint64_t all = 0;

	for (int reason = 0; reason < REFUSALS; reason++)
		all += activity->refused[reason];
	buf_addf(out, ", %llu accepted, %llu refused", (unsigned long long)activity->accepted, (unsigned long long)all);
	for (int reason = 0; reason < REFUSALS; reason++) {
		if (activity->refused[reason])
			buf_addf(out, " (%llu: %s)", (unsigned long long)activity->refused[reason],
				 refusal_text((enum refusal)reason));
	}
}

double state_pause_left(const struct keeper *keeper)
{
	double left;

	if ((keeper->state != BACKOFF && keeper->state != BINDING) || !keeper->activity ||
	    !ev_is_active(&keeper->activity->timer))
		return -1;
	left = ev_timer_remaining(keeper->engine->loop, &keeper->activity->timer);
	return left > 0 ? left : 0;
}

static void describe_activity(struct keeper *keeper, double now, struct buf *out)
{
	const struct activity *activity = keeper->activity;
	char span[DURATION_MOST];

	if (!activity)
		return;
	buf_addf(out, "; %llu starts, %llu failures", (unsigned long long)activity->activations,
		 (unsigned long long)activity->failures);
	if (keeper->service->exec->accept)
		describe_refusals(activity, out);
	if (activity->probes)
		buf_addf(out, ", %llu probes", (unsigned long long)activity->probes);
	if (state_pause_left(keeper) >= 0 && keeper->state == BACKOFF && keeper_waits_for_order(keeper))
		buf_addf(out, "; not started again by itself: %s", activity->reason);
	else if (state_pause_left(keeper) >= 0)
		buf_addf(out, "; next try in %s: %s", duration_write(span, state_pause_left(keeper)), activity->reason);
	if (activity->last_start > 0)
		buf_addf(out, "; last start %s ago", duration_write_whole(span, now - activity->last_start));
}

static void describe(struct keeper *keeper, double now, struct buf *out)
{
	char span[DURATION_MOST];

	buf_addf(out, "%s for %s", keeper_state_name(keeper), duration_write_whole(span, now - keeper->since));
	describe_listeners(keeper, out);
	describe_instances(keeper, out);
	describe_activity(keeper, now, out);
}

static void say_keeper(struct engine *engine, struct keeper *keeper, double now)
{
	struct event event = { .name = "state", .service = keeper->service->name, .reason = keeper_state_name(keeper) };
	struct buf text = { 0 };

	describe(keeper, now, &text);
	log_event(engine->log, LEVEL_NOTICE, &event, "%s", buf_string(&text));
	buf_free(&text);
}

void state_say(struct engine *engine, const struct roster *roster)
{
	const struct event event = { .name = "state" };
	double now = clock_now();
	size_t asleep = 0, services = 0;
	struct buf unlisted = { 0 };

	for (size_t n = 0; n < roster->count; n++) {
		struct keeper *keeper = roster->keepers[n];

		if (!keeper)
			continue;
		services++;
		if (keeper->state == LISTENING && !keeper->activity && roster->count > 100)
			asleep++;
		else
			say_keeper(engine, keeper, now);
	}
	LIST_EACH(link, &engine->leaving)
		say_keeper(engine, keeper_leaving(link), now);
	if (asleep)
		buf_addf(&unlisted, ", %zu of the services never started and not listed", asleep);
	log_event(engine->log, LEVEL_NOTICE, &event, "state: %zu service%s, %zu instance%s%s", services,
		  services == 1 ? "" : "s", engine->instances, engine->instances == 1 ? "" : "s",
		  buf_string(&unlisted));
	buf_free(&unlisted);
}

void state_write(struct engine *engine, const struct roster *roster, struct buf *out)
{
	double now = clock_now();
	size_t services = 0;

	for (size_t n = 0; n < roster->count; n++) {
		struct keeper *keeper = roster->keepers[n];

		if (!keeper)
			continue;
		services++;
		buf_addf(out, "%s: ", keeper->service->name);
		describe(keeper, now, out);
		buf_char(out, '\n');
	}
	LIST_EACH(link, &engine->leaving) {
		buf_addf(out, "%s: ", keeper_leaving(link)->service->name);
		describe(keeper_leaving(link), now, out);
		buf_char(out, '\n');
	}
	buf_addf(out, "services: %zu\ninstances: %zu\n", services, engine->instances);
}
