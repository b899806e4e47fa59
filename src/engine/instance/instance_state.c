/* Tables of an instance, its messages, its course, the command that runs beside it, and the search for its daemon. The
 * sections of one instance follow its own; a command is of the course, or of the service, in front of it. */
#include "engine/instance/instance_state.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "config/words/command_prefix.h"
#include "engine/instance/aux_command.h"
#include "engine/instance/exec_sequence.h"
#include "engine/instance/forking_search.h"
#include "engine/instance/instance.h"
#include "engine/instance/notify_state.h"
#include "engine/runtime/failure.h"

#define SOCKETS_MOST 65536              /* of a start of type = forking */

/* Never 1: as a process that is init, and kill(-1) signals every process. */
#define PID .least = 2, .most = INT32_MAX
#define RESULT .most = RESULTS - 1

/* The key is written where the instance is counted: any source may be all zeros. */
static void save_source(struct state_saver *carry, const void *object)
{
	const struct instance *instance = object;

	if (instance->counted)
		state_add_bytes(&carry->text, "source", instance->source, sizeof(instance->source));
}

/* counted: it is to be counted. */
static void load_source(struct state_section *section, void *object)
{
	struct instance *instance = object;

	instance->counted = state_bytes(section, "source", instance->source, sizeof(instance->source));
}

static void save_head(struct state_saver *carry, const void *object)
{
	const struct instance *instance = object;

	if (instance->knows_head)
		state_add_bytes(&carry->text, "head", &instance->head, sizeof(instance->head));
}

static void load_head(struct state_section *section, void *object)
{
	struct instance *instance = object;

	instance->knows_head = state_bytes(section, "head", &instance->head, sizeof(instance->head));
}

#define FIELD(key, path) STATE_FIELD(instance, key, path)
#define NONE(path, why) STATE_NONE(instance, path, why)

static const struct state_field instance_fields[] = {
	{ FIELD("child", child.pid), PID },
	{ FIELD("pid", pid), PID },
	{ FIELD("group", group), PID },
	{ FIELD("former_group", former_group), PID },
	{ STATE_FIELD_AS(STATE_FD, instance, "group_fd", group_fd) },
	{ STATE_FIELD_AS(STATE_FD, instance, "former_fd", former_fd) },
	{ FIELD("timer", timer) },
	{ FIELD("since", since), .always = true },
	{ FIELD("starting", starting) },
	{ FIELD("stopping", stopping) },
	{ FIELD("told", told) },
	{ FIELD("killed", killed) },
	{ FIELD("failed", failed) },
	{ FIELD("clears", clears) },
	{ FIELD("silent", is_silent) },
	{ FIELD("stop_signal", stop_signal), .most = NSIG },
	{ FIELD("result", result), RESULT },
	{ FIELD("retired", retired) },
	{ FIELD("status", status) },
	{ FIELD("gone", gone) },
	{ STATE_BY(instance, source, save_source, load_source) },
	{ STATE_BY(instance, head, save_head, load_head) },
	{ FIELD("unread", unread) },
	{ STATE_FIELD_AS(STATE_BYTES, instance, "private_tmp", private_tmp) },
	{ FIELD("peer", peer) },
	{ FIELD("cgroup", cgroup.path) },
	{ FIELD("cgroup_files", cgroup.files) },
	{ FIELD("cgroup_kept", cgroup.kept) },
	{ FIELD("cgroup_killed", cgroup.killed) },
	{ NONE(link, "its service lists it") },
	{ NONE(linger, "the key lingers: it is listed anew") },
	{ NONE(seeking, "the search for its daemon lists it") },
	{ NONE(child.cpu, "only of a process that has ended") },
	{ NONE(child.next, "it is added to the children anew") },
	{ NONE(engine, "that of the superd that runs it") },
	{ NONE(service, "the row in the table that was read anew") },
	{ NONE(user, "that of its row") },
	{ NONE(main_watch, "the key main_fd") },
	{ NONE(escaped, "looked for again by the next signal, while its first process lives") },
	{ NONE(control, "the command has a section of its own") },
	{ NONE(allowance, "begins anew with the rest of the timer") },
	{ NONE(doomed, "the end of the timer kills it again") },
	{ NONE(chances, "counted anew, which ends too") },
	{ NONE(entered, "it is counted anew") },
	{ NONE(counted, "the key source") },
	{ NONE(gate, "its service") },
	{ NONE(busy, "the key busy: the descriptor of its listener") },
	{ NONE(knows_head, "the key head") },
	{ NONE(channel, "the keys channel and channel_client") },
	{ NONE(kin, "the search has a section of its own") },
	{ NONE(notice, "has a section of its own") },
	{ NONE(last, "the upgrade waits until the messages are read") },
	{ NONE(ended, "only while messages are waited for") },
	{ NONE(sequence, "has a section of its own") },
	{ NONE(drain, "has a section of its own") },
	{ NONE(freeze, "it is thawed for the upgrade, and frozen again") },
	{ NONE(plan, "only a start needs it") },
	{ NONE(outdated, "has a section of its own") },
	{ NONE(context, "its service") },
};
const struct field_table instance_state = FIELD_TABLE("instance", instance, instance_fields);

#undef FIELD
#undef NONE
#define FIELD(key, path) STATE_FIELD(notify_state, key, path)
#define NONE(path, why) STATE_NONE(notify_state, path, why)

static const struct state_field notice_fields[] = {
	{ FIELD("access", access), .most = NOTIFY_ALL, .always = true },
	{ FIELD("stopping", stopping) },
	{ FIELD("reloading", reloading) },
	{ FIELD("reloads", reloads) },
	{ FIELD("patience", patience) },
	{ FIELD("watchdog", watchdog) },
	{ FIELD("every", every), .least = -1, .most = STATE_TIME_MOST, .always = true },
	{ FIELD("watched", watched) },
	{ FIELD("status", status) },
	{ FIELD("bus_error", bus_error) },
	{ FIELD("varlink_error", varlink_error) },
	{ FIELD("error", error), .most = INT32_MAX },
	{ NONE(link, "it joins its socket anew") },
	{ NONE(moved, "listed where the instance has a former group") },
	{ NONE(notify, "the key socket: its place among the notify sockets") },
	{ NONE(instance, "the one in front of it") },
	{ NONE(speaker, "only while a message is taken") },
	{ NONE(allowance, "begins anew with the rest of patience") },
	{ NONE(refused, "it is logged once more") },
	{ NONE(rests, "it is thawed for the upgrade, and frozen again") },
};
const struct field_table notice_state = FIELD_TABLE("notice", notify_state, notice_fields);

static void save_phase(struct state_saver *carry, const void *object)
{
	state_add(&carry->text, "phase", command_option(((const struct aux_command *)object)->phase));
}

/* A command of an unknown phase is left to itself. */
static void load_phase(struct state_section *section, void *object)
{
	const char *option = state_text(section, "phase");
	struct aux_command *control = object;

	for (unsigned phase = 0; option && phase < PHASES; phase++) {
		if (strcmp(command_option((enum command_phase)phase), option) != 0)
			continue;
		control->phase = (enum command_phase)phase;
		return;
	}
	control->child.pid = 0;
}

#undef FIELD
#undef NONE
#define FIELD(key, path) STATE_FIELD(aux_command, key, path)
#define NONE(path, why) STATE_NONE(aux_command, path, why)

static const struct state_field control_fields[] = {
	{ FIELD("pid", child.pid), PID },
	{ STATE_BY(aux_command, phase, save_phase, load_phase) },
	{ FIELD("next", next), .least = 1, .most = INT32_MAX, .always = true },
	{ STATE_FIELD_AS(STATE_BYTES, aux_command, "private_tmp", private_tmp) },
	{ FIELD("patience", patience), .least = 1, .most = STATE_NUMBER_MOST, .missing = SCAN_INFINITY },
	{ FIELD("timer", timer) },
	{ FIELD("late", late) },
	{ FIELD("stopped", stopped) },
	{ FIELD("ignores_failure", ignores_failure) },
	{ FIELD("fact_0", facts[0]) },
	{ FIELD("fact_1", facts[1]) },
	{ FIELD("fact_2", facts[2]) },
	{ FIELD("fact_3", facts[3]) },
	{ NONE(link, "it is listed anew") },
	{ NONE(child.cpu, "only of a process that has ended") },
	{ NONE(child.next, "it is added to the children anew") },
	{ NONE(apart, "the upgrade waits until its program runs") },
	{ NONE(runtime, "the service in front of it") },
	{ NONE(instance, "the one in front of it") },
	{ NONE(checks, "of a course, which writes it") },
	{ NONE(doomed, "the end of the timer kills it again") },
	{ NONE(last, "the upgrade waits until the messages are read") },
	{ NONE(status, "only while messages are waited for") },
	{ NONE(fault, "the upgrade waits until its program runs") },
	{ NONE(remote_address, "its client's, which the course sets") },
	{ NONE(remote_port, "its client's, which the course sets") },
	{ NONE(invocation, "its course's") },
};
static_assert(CONTROL_FACTS == 4, "a row for each");
const struct field_table control_state = FIELD_TABLE("control", aux_command, control_fields);

static void save_why(struct state_saver *carry, const void *object)
{
	const struct exec_sequence *sequence = object;

	if (sequence->why.length)
		state_add(&carry->text, "why", buf_string(&sequence->why));
}

static void load_why(struct state_section *section, void *object)
{
	const char *why = state_text(section, "why");

	if (why)
		buf_text(&((struct exec_sequence *)object)->why, why);
}

#undef FIELD
#undef NONE
#define FIELD(key, path) STATE_FIELD(exec_sequence, key, path)
#define NONE(path, why) STATE_NONE(exec_sequence, path, why)

static const struct state_field course_fields[] = {
	{ FIELD("step", step), .most = EXEC_STEP_CLEARING, .always = true },
	{ FIELD("checks", control.checks) },
	{ FIELD("invocation", invocation) },
	{ FIELD("has_run", has_run) },
	{ FIELD("main_is_gone", main_is_gone) },
	{ FIELD("waits", waits) },
	{ STATE_BY(exec_sequence, why, save_why, load_why) },
	{ NONE(instance, "the one in front of it") },
	{ NONE(runtime, "the service in front of it") },
	{ NONE(owner, "follows from accept of the service") },
	{ NONE(control, "the command that runs has a section of its own") },
	{ NONE(apart, "the upgrade waits until its program runs") },
	{ NONE(over, "the upgrade waits until its end is reported") },
	{ NONE(fault, "the upgrade waits until its program runs") },
};
const struct field_table course_state = FIELD_TABLE("course", exec_sequence, course_fields);

static const char *const phases[] = {
	[FIRST] = "first",	 [LOOKING] = "looking",	  [ON_TRIAL] = "on_trial",
	[FOLLOWED] = "followed", [SWEEPING] = "sweeping",
};

static void save_search_phase(struct state_saver *carry, const void *object)
{
	state_add(&carry->text, "phase", phases[((const struct forking_search *)object)->phase]);
}

static void load_search_phase(struct state_section *section, void *object)
{
	const char *name = state_text(section, "phase");
	unsigned phase = FIRST;

	while (name && phase <= SWEEPING && strcmp(phases[phase], name) != 0)
		phase++;
	forking_search_enter(object, phase <= SWEEPING ? (enum phase)phase : LOOKING);
}

static void save_sockets(struct state_saver *carry, const void *object)
{
	const struct fork_match *kin = object;

	state_add_bytes(&carry->text, "sockets", kin->sockets, kin->socket_count * sizeof(*kin->sockets));
}

static void load_sockets(struct state_section *section, void *object)
{
	struct fork_match *kin = object;
	size_t length;

	free(kin->sockets);
	kin->sockets = state_take_bytes(section, "sockets", SOCKETS_MOST * sizeof(*kin->sockets), &length);
	kin->socket_count = kin->sockets ? length / sizeof(*kin->sockets) : 0;
}

static const struct state_field kin_fields[] = {
	{ STATE_FIELD(fork_match, "born", start_time), .most = STATE_NUMBER_MOST, .always = true },
	{ STATE_BY(fork_match, sockets, save_sockets, load_sockets) },
	{ STATE_ARRAY(fork_match, "known", known), PID, .count = offsetof(struct fork_match, known_count) },
	{ STATE_NONE(fork_match, table, "the table that was read anew") },
	{ STATE_NONE(fork_match, service, "the row of its instance") },
	{ STATE_NONE(fork_match, followed, "the child of its instance") },
	{ STATE_NONE(fork_match, socket_count, "the length of sockets") },
	{ STATE_NONE(fork_match, seeking, "follows from the phase of the search") },
	{ STATE_NONE(fork_match, known_count, "as many as there are keys") },
};
static const struct field_table kin_state = FIELD_TABLE(NULL, fork_match, kin_fields);

/* The row of the start does not go over: the other superd no longer has it. */
static const struct state_field search_fields[] = {
	{ STATE_BY(forking_search, phase, save_search_phase, load_search_phase) },
	{ STATE_FIELD(forking_search, "since", since), .always = true },
	{ STATE_FIELD(forking_search, "first", first), .most = INT32_MAX },
	{ STATE_FIELD(forking_search, "before", before), .most = INT32_MAX },
	{ STATE_FIELD(forking_search, "status", status) },
	{ STATE_FIELD(forking_search, "told_group", told_group), PID },
	{ STATE_FIELD(forking_search, "clear", clear) },
	{ STATE_STRUCT(forking_search, kin, &kin_state) },
	{ STATE_ARRAY(forking_search, "told", told), PID, .count = offsetof(struct forking_search, told_count) },
	{ STATE_FIELD(forking_search, "timer", timer) },
	{ STATE_NONE(forking_search, instance, "the one in front of it") },
	{ STATE_NONE(forking_search, told_count, "as many as there are keys") },
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
};
const struct field_table failure_state = FIELD_TABLE("failure", failure, failure_fields);
