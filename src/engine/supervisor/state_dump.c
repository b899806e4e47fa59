/* Reports the state of all services, one line each. Services that were never started share one line in the log,
 * because there may be thousands. */
#include "engine/supervisor/state_dump.h"

#include "base/clock.h"
#include "base/duration_text.h"
#include "base/log/log.h"
#include "engine/instance/notify_state.h"
#include "os/socket/bind.h"

static void describe_listeners(const struct service_runtime *runtime, struct buf *out)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];
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
			buf_text(out, " (not empty)");  /* the queue of a datagram socket is measured in bytes */
	}
}

static void describe_instances(struct service_runtime *runtime, struct buf *out)
{
	size_t shown = 0;

	LIST_EACH(link, runtime_instances(runtime)) {
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

static void describe_refusals(const struct service_stats *stats, struct buf *out)
{
	uint64_t all = 0;

	for (int reason = 0; reason < REFUSALS; reason++)
		all += stats->refused[reason];
	buf_addf(out, ", %llu accepted, %llu refused", (unsigned long long)stats->accepted, (unsigned long long)all);
	for (int reason = 0; reason < REFUSALS; reason++) {
		if (stats->refused[reason])
			buf_addf(out, " (%llu: %s)", (unsigned long long)stats->refused[reason],
				 refusal_text((enum refusal)reason));
	}
}

double state_pause_left(const struct service_runtime *runtime)
{
	double left;

	if ((runtime_state(runtime) != BACKOFF && runtime_state(runtime) != BINDING) || !runtime->run ||
	    !ev_is_active(&runtime->run->timer))
		return -1;
	left = ev_timer_remaining(runtime->engine->loop, &runtime->run->timer);
	return left > 0 ? left : 0;
}

/* Adds "1 start", "2 starts". */
static void add_number(struct buf *out, const char *before, uint64_t number, const char *what)
{
	buf_addf(out, "%s%llu %s%s", before, (unsigned long long)number, what, number == 1 ? "" : "s");
}

static void describe_run(struct service_runtime *runtime, double now, struct buf *out)
{
	const struct service_run *run = runtime->run;
	const struct service_stats *stats = runtime_stats(runtime);
	char span[DURATION_MOST];

	if (!run)
		return;
	add_number(out, "; ", stats->activations, "start");
	add_number(out, ", ", stats->failures, "failure");
	if (runtime->service->exec->accept)
		describe_refusals(stats, out);
	if (stats->probes)
		add_number(out, ", ", stats->probes, "probe");
	if (state_pause_left(runtime) >= 0 && runtime_state(runtime) == BACKOFF && runtime_waits_for_order(runtime))
		buf_addf(out, "; not started again by itself: %s", run->reason);
	else if (state_pause_left(runtime) >= 0)
		buf_addf(out, "; next try in %s: %s", duration_write(span, state_pause_left(runtime)),
			 run->reason);
	if (stats->last_start > 0)
		buf_addf(out, "; last start %s ago", duration_write_whole(span, now - stats->last_start));
}

static void describe_service(struct service_runtime *runtime, double now, struct buf *out)
{
	char span[DURATION_MOST];

	buf_addf(out, "%s for %s", runtime_state_name(runtime), duration_write_whole(span, now - runtime->since));
	describe_listeners(runtime, out);
	describe_instances(runtime, out);
	describe_run(runtime, now, out);
}

static void log_service(struct engine *engine, struct service_runtime *runtime, double now)
{
	struct event event = { .name = "state",
			       .service = runtime->service->name,
			       .reason = runtime_state_name(runtime) };
	struct buf text = { 0 };

	describe_service(runtime, now, &text);
	log_event(engine->log, LEVEL_NOTICE, &event, "%s", buf_string(&text));
	buf_free(&text);
}

void state_dump_log(struct engine *engine, const struct service_list *service_list)
{
	const struct event event = { .name = "state" };
	double now = clock_now();
	size_t asleep = 0, services = 0, instances = engine->instances->count - engine->instances->ahead;
	struct buf unlisted = { 0 };

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime)
			continue;
		services++;
		if (runtime_state(runtime) == LISTENING && !runtime->run && service_list->count > 100)
			asleep++;
		else
			log_service(engine, runtime, now);
	}
	LIST_EACH(link, &engine->service_list->leaving)
		log_service(engine, runtime_leaving(link), now);
	if (asleep)
		buf_addf(&unlisted, ", %zu of the services never started and not listed", asleep);
	log_event(engine->log, LEVEL_NOTICE, &event, "state: %zu service%s, %zu instance%s%s", services,
		  services == 1 ? "" : "s", instances, instances == 1 ? "" : "s",
		  buf_string(&unlisted));
	buf_free(&unlisted);
}

void state_dump_write(struct engine *engine, const struct service_list *service_list, struct buf *out)
{
	double now = clock_now();
	size_t services = 0;

	for (size_t n = 0; n < service_list->count; n++) {
		struct service_runtime *runtime = service_list->runtimes[n];

		if (!runtime)
			continue;
		services++;
		buf_addf(out, "%s: ", runtime->service->name);
		describe_service(runtime, now, out);
		buf_char(out, '\n');
	}
	LIST_EACH(link, &engine->service_list->leaving) {
		buf_addf(out, "%s: ", runtime_leaving(link)->service->name);
		describe_service(runtime_leaving(link), now, out);
		buf_char(out, '\n');
	}
	buf_addf(out, "services: %zu\ninstances: %zu\n", services, engine->instances->count - engine->instances->ahead);
}
