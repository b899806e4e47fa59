/* The fields of a service and of its struct service_run that an upgrade saves. The next superd makes anew whatever
 * belongs to one process. */
#include "superd/service/runtime_state.h"

#include "superd/instance/background.h"
#include "superd/loop/engine.h"
#include "superd/service/runtime_event.h"
#include "superd/stop/stop.h"

#define FIELD(key, path) STATE_FIELD(service_runtime, key, path)

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
};
const struct field_table saved_runtime = FIELD_TABLE(NULL, service_runtime, runtime_fields);

#undef FIELD
#define FIELD(key, path) STATE_FIELD(service_run, key, path)

static const struct state_field run_fields[] = {
	{ STATE_FIELD_AS(STATE_LEFT, service_run, "timer", timer) },
	{ STATE_STRUCT(service_run, stats, &saved_stats) },
	{ FIELD("eager", start_due) },
	{ FIELD("start_by", start_by) },
	{ FIELD("reason", reason) },
	{ FIELD("start", start.stage), .most = START_STAGES - 1 },
	{ FIELD("place", start.number) },
	{ FIELD("start_limit", start.until) },
	{ FIELD("start_pid", start.pid) },
	{ STATE_BY(service_run, background, background_save, background_load) },
	{ FIELD("stop", stop_reason), .most = STOP_RESTART },
	{ FIELD("wants", wants_since) },
};
const struct field_table saved_run = FIELD_TABLE("activity", service_run, run_fields);
