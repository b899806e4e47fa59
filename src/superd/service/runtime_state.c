/* The fields of a service and of its struct service_run that an upgrade saves. The next superd makes anew whatever
 * belongs to one process. */
#include "superd/service/runtime_state.h"

#include "superd/instance/background.h"
#include "superd/loop/engine_state.h"
#include "superd/service/runtime_event.h"

#define FIELD(key, path) STATE_FIELD(service_runtime, key, path)
#define NONE(path, why) STATE_NONE(service_runtime, path, why)

/* The key state has the other regions, which load_service sets after all sections were read. load_removed has made
 * the entry of a removed service before, by the key removed. */
static void save_admin(struct state_saver *saver, const void *object)
{
	const struct service_runtime *runtime = object;

	if (runtime_is_held(runtime))
		state_add_number(&saver->text, "held", 1);
	if (runtime_is_disabled(runtime))
		state_add_number(&saver->text, "disabled", 1);
	if (runtime_is_draining(runtime))
		state_add_number(&saver->text, "drains", 1);
}

static void load_admin(struct state_section *section, void *object)
{
	struct service_runtime *runtime = object;
	bool held = state_flag(section, "held"), drains = state_flag(section, "drains");

	if (held)
		runtime->state = service_ordered(runtime->state, drains ? DRAIN : HOLD);
	if (state_flag(section, "disabled"))
		runtime->state = service_ordered(runtime->state, DISABLE);
}

static const struct state_field runtime_fields[] = {
	{ FIELD("since", since), .always = true },
	{ STATE_BY(service_runtime, state, save_admin, load_admin) },
	{ FIELD("halted", halted) },
	{ FIELD("freezes", refreeze) },
	{ FIELD("bound", bound) },
	{ FIELD("started", started) },
	{ FIELD("backoff", backoff.failures) },
	{ NONE(engine, "that of the superd that runs it") },
	{ NONE(table, "the table that was read anew") },
	{ NONE(service, "the row in the table that was read anew") },
	{ NONE(listeners, "have sections of their own") },
	{ NONE(listener_count, "as many as the row has") },
	{ NONE(instance_count, "counted with its instances") },
	{ NONE(run, "has a section of its own") },
	{ NONE(unsaved, "the saved state is written anew") },
	{ NONE(posted, "heard of before the state is written") },
	{ NONE(posted_state, "heard of before the state is written") },
};
const struct field_table saved_runtime = FIELD_TABLE(NULL, service_runtime, runtime_fields);

#undef FIELD
#undef NONE
#define FIELD(key, path) STATE_FIELD(service_run, key, path)
#define NONE(path, why) STATE_NONE(run, path, why)

static const struct state_field run_fields[] = {
	{ STATE_FIELD_AS(STATE_LEFT, service_run, "timer", timer) },
	{ STATE_STRUCT(service_run, stats, &saved_stats) },
	{ FIELD("postponed", postponed_stop), .most = SERVICE_EVENTS },
	{ FIELD("eager", start_due) },
	{ FIELD("start_by", start_by) },
	{ FIELD("outdated", drains_when_ready) },
	{ FIELD("reason", reason) },
	{ FIELD("start", start.stage), .most = START_STAGES - 1 },
	{ FIELD("place", start.number) },
	{ FIELD("start_limit", start.until) },
	{ FIELD("start_pid", start.pid) },
	{ STATE_BY(service_run, background, background_save, background_load) },
	{ NONE(unrecorded, "recorded before the upgrade begins, as its query ends") },
	{ NONE(slept, "for the line of a start that is under way") },
	{ NONE(start.link, "in the line again by its place, or among the starts under way") },
	{ NONE(start.demand, "looked at again") },
	{ NONE(start.looked, "looked at again") },
	{ NONE(socket_timer, "set anew when the sockets are watched, or tried again") },
	{ NONE(absent_backoff, "sockets that are absent are tried again") },
	{ NONE(runtime, "the service in front of it") },
	{ NONE(leaving, "listed where the service was removed") },
	{ NONE(fd_wait, "it asks for descriptors again") },
	{ NONE(kit, "made anew by the next start; output, store and notify have sections of their own") },
	{ NONE(history, "has a section of its own") },
	{ NONE(instances, "have sections of their own") },
	{ NONE(current, "the key current of the instance") },
	{ NONE(freeze_times, "has a table of its own, for the same section") },
	{ NONE(idle, "goes over in the section idle") },
	{ NONE(idle_saved, "goes over in the section idle") },
	{ NONE(saved, "the saved state is written anew") },
	{ NONE(accept, "has a table of its own, for the same section") },
	{ NONE(guard, "has a table of its own, for the same section") },
	{ NONE(goes_late, "found out again") },
	{ NONE(standby_sockets, "have sections of their own") },
	{ NONE(conditions, "checked again") },
	{ NONE(socket_commands, "has a section of its own") },
	{ NONE(reload, "has a section of its own") },
	{ FIELD("wants", wants_since) },
	{ NONE(wanting, "listed again with its instances, or its start that waits") },
	{ NONE(warm, "an upgrade ends them") },
	{ NONE(foreground, "its client loses the connection") },
	{ NONE(activator_query, "the upgrade waits for its answer") },
	{ NONE(unlogged_event, "logged by the pause that comes next") },
	{ NONE(reason_logged, "for the pause that comes next") },
};
const struct field_table saved_run = FIELD_TABLE("activity", service_run, run_fields);
