/* Tables of an instance, its messages, its exec_sequence, the command that runs beside it, and the search for its
 * daemon. The sections of an instance's parts follow its own; a command belongs to the sequence, or the service, in
 * front of it. */
#include "superd/instance/instance_state.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/service_stats.h"
#include "table/words/command_prefix.h"

/* Never 1: as a process that is init, and kill(-1) signals every process. */
#define PID .least = 2, .most = INT32_MAX
#define RESULT .most = RESULTS - 1

/* The key is written where the instance is counted: any source may be all zeros. */
static void save_source(struct state_saver *saver, const void *object)
{
	const struct instance *instance = object;

	if (instance->client.counted)
		state_add_bytes(&saver->text, "source", instance->client.source, sizeof(instance->client.source));
}

/* client.counted then means that the caller has to count it. */
static void load_source(struct state_section *section, void *object)
{
	struct instance_client *client = &((struct instance *)object)->client;

	client->counted = state_bytes(section, "source", client->source, sizeof(client->source));
}

static void save_head(struct state_saver *saver, const void *object)
{
	const struct instance *instance = object;

	if (instance->client.knows_head)
		state_add_bytes(&saver->text, "head", &instance->client.head, sizeof(instance->client.head));
}

static void load_head(struct state_section *section, void *object)
{
	struct instance_client *client = &((struct instance *)object)->client;

	client->knows_head = state_bytes(section, "head", &client->head, sizeof(client->head));
}

static void save_state(struct state_saver *saver, const void *object)
{
	state_add(&saver->text, "state", instance_state_name(((const struct instance *)object)->state));
}

/* One whose state is unknown runs, so that superd notices its end and can stop it. */
static void load_state(struct state_section *section, void *object)
{
	const char *name = state_text(section, "state");
	struct instance *instance = object;

	instance->state = INSTANCE_READY;
	for (unsigned state = INSTANCE_COND; name && state < INSTANCE_STATES; state++) {
		if (!strcmp(instance_state_name((enum instance_state)state), name)) {
			instance->state = (unsigned char)state;
			return;
		}
	}
	if (name)
		state_note_flaw(section, "state");
}

#define FIELD(key, path) STATE_FIELD(instance, key, path)

static const struct state_field instance_fields[] = {
	{ FIELD("child", child.pid), PID },
	{ FIELD("born", child.born), .most = STATE_NUMBER_MOST, .missing = STATE_NUMBER_MOST },
	{ FIELD("pid", pid), PID },
	{ FIELD("group", groups.group), PID },
	{ FIELD("former_group", groups.former), PID },
	{ STATE_FIELD_AS(STATE_FD, instance, "group_fd", groups.fd) },
	{ STATE_FIELD_AS(STATE_FD, instance, "former_fd", groups.former_fd) },
	{ FIELD("timer", limit.timer) },
	{ FIELD("since", since), .always = true },
	{ FIELD("starting", facts.unready) },
	{ FIELD("unbound", facts.unbound) },
	{ FIELD("stopping", facts.stopped) },
	{ FIELD("killed", facts.killed) },
	{ FIELD("failed", facts.failed) },
	{ FIELD("ready", facts.ready) },
	{ FIELD("clears", facts.cleared) },
	{ FIELD("stop_signal", facts.stop_signal), .most = NSIG },
	{ FIELD("result", facts.result), RESULT },
	{ STATE_BY(instance, state, save_state, load_state) },
	{ FIELD("retired", retired) },
	{ FIELD("status", facts.status) },
	{ FIELD("gone", facts.gone) },
	{ STATE_BY(instance, client.source, save_source, load_source) },
	{ STATE_BY(instance, client.head, save_head, load_head) },
	{ FIELD("unread", client.unread) },
	{ STATE_FIELD_AS(STATE_BYTES, instance, "private_tmp", private_tmp) },
	{ FIELD("peer", client.peer) },
	{ FIELD("cgroup", cgroup.path) },
	{ FIELD("cgroup_files", cgroup.files) },
	{ FIELD("cgroup_kept", cgroup.kept) },
	{ FIELD("cgroup_killed", cgroup.killed) },
	{ FIELD("mark", mark) },
};
const struct field_table instance_state = FIELD_TABLE("instance", instance, instance_fields);

#undef FIELD
#define FIELD(key, path) STATE_FIELD(notify_state, key, path)

static const struct state_field notice_fields[] = {
	{ FIELD("access", access), .most = NOTIFY_ALL, .always = true },
	{ FIELD("stopping", stopping) },
	{ FIELD("reloading", reloading) },
	{ FIELD("reloads", reloads) },
	{ FIELD("patience", limit) },
	{ FIELD("watchdog", watchdog) },
	{ FIELD("every", every), .least = -1, .most = STATE_TIME_MOST, .always = true },
	{ FIELD("watched", watched) },
	{ FIELD("status", status) },
	{ FIELD("bus_error", bus_error) },
	{ FIELD("varlink_error", varlink_error) },
	{ FIELD("error", error), .most = INT32_MAX },
};
const struct field_table notice_state = FIELD_TABLE("notice", notify_state, notice_fields);

static void save_phase(struct state_saver *saver, const void *object)
{
	state_add(&saver->text, "phase", command_option(((const struct aux_command *)object)->phase));
}

/* A command of an unknown phase is left to itself. */
static void load_phase(struct state_section *section, void *object)
{
	const char *option = state_text(section, "phase");
	struct aux_command *command = object;

	for (unsigned phase = 0; option && phase < PHASES; phase++) {
		if (strcmp(command_option((enum command_phase)phase), option) != 0)
			continue;
		command->phase = (enum command_phase)phase;
		return;
	}
	command->child.pid = 0;
}

#undef FIELD
#define FIELD(key, path) STATE_FIELD(aux_command, key, path)

static const struct state_field control_fields[] = {
	{ FIELD("pid", child.pid), PID },
	{ FIELD("born", child.born), .most = STATE_NUMBER_MOST, .missing = STATE_NUMBER_MOST },
	{ STATE_BY(aux_command, phase, save_phase, load_phase) },
	{ FIELD("next", next), .least = 1, .most = INT32_MAX, .always = true },
	{ STATE_FIELD_AS(STATE_BYTES, aux_command, "private_tmp", private_tmp) },
	{ FIELD("patience", time_limit), .least = 1, .most = STATE_NUMBER_MOST, .missing = SCAN_INFINITY },
	{ FIELD("timer", timer) },
	{ FIELD("late", late) },
	{ FIELD("stopped", stopped) },
	{ FIELD("ignores_failure", ignores_failure) },
	{ FIELD("fact_0", facts[0]) },
	{ FIELD("fact_1", facts[1]) },
	{ FIELD("fact_2", facts[2]) },
	{ FIELD("fact_3", facts[3]) },
};
static_assert(COMMAND_FACTS == 4, "a line for each");
const struct field_table command_state = FIELD_TABLE("control", aux_command, control_fields);

static void save_why(struct state_saver *saver, const void *object)
{
	const struct exec_sequence *sequence = object;

	if (sequence->why.length)
		state_add(&saver->text, "why", buf_string(&sequence->why));
}

static void load_why(struct state_section *section, void *object)
{
	const char *why = state_text(section, "why");

	if (why)
		buf_text(&((struct exec_sequence *)object)->why, why);
}

#undef FIELD
#define FIELD(key, path) STATE_FIELD(exec_sequence, key, path)

static const struct state_field course_fields[] = {
	{ FIELD("invocation", invocation) },
	{ FIELD("has_run", has_run) },
	{ FIELD("main_is_gone", main_is_gone) },
	{ STATE_BY(exec_sequence, why, save_why, load_why) },
};
const struct field_table sequence_state = FIELD_TABLE("course", exec_sequence, course_fields);

static const char *const phases[] = {
	[FIRST] = "first",	 [LOOKING] = "looking",	  [ON_TRIAL] = "on_trial",
	[FOLLOWED] = "followed", [SWEEPING] = "sweeping",
};

static void save_search_phase(struct state_saver *saver, const void *object)
{
	state_add(&saver->text, "phase", phases[((const struct forking_search *)object)->phase]);
}

static void load_search_phase(struct state_section *section, void *object)
{
	const char *name = state_text(section, "phase");
	unsigned phase = FIRST;

	while (name && phase <= SWEEPING && strcmp(phases[phase], name) != 0)
		phase++;
	forking_search_enter(object, phase <= SWEEPING ? (enum phase)phase : LOOKING);
}

/* The configuration of the start is not saved: the next superd no longer has it. */
static const struct state_field search_fields[] = {
	{ STATE_BY(forking_search, phase, save_search_phase, load_search_phase) },
	{ STATE_FIELD(forking_search, "since", since), .always = true },
	{ STATE_FIELD(forking_search, "first", first), .most = INT32_MAX },
	{ STATE_FIELD(forking_search, "before", before), .most = INT32_MAX },
	{ STATE_FIELD(forking_search, "status", status) },
	{ STATE_FIELD(forking_search, "told_group", signalled_group), PID },
	{ STATE_FIELD(forking_search, "clear", clear) },
	{ STATE_ARRAY(forking_search, "told", signalled), PID,
	  .count = offsetof(struct forking_search, signalled_count) },
	{ STATE_FIELD(forking_search, "timer", timer) },
};
const struct field_table search_state = FIELD_TABLE("search", forking_search, search_fields);

static const struct state_field failure_fields[] = {
	{ STATE_FIELD(failure, "at", at) },
	{ STATE_FIELD(failure, "lasted", lasted) },
	{ STATE_FIELD(failure, "pid", pid), .most = INT32_MAX },
	{ STATE_FIELD(failure, "status", status) },
	{ STATE_FIELD(failure, "result", result), RESULT },
	{ STATE_FIELD(failure, "peer", peer) },
	{ STATE_FIELD(failure, "why", why) },
	{ STATE_FIELD(failure, "hint", hint), .most = FAILURE_HINTS - 1 },
};
const struct field_table failure_state = FIELD_TABLE("failure", failure, failure_fields);
