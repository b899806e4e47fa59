/* Runs the commands around the opening and closing of sockets. The state of the service may change while a command
 * runs. So only a service that is still BINDING gets the result of an opening, and a closing waits for the present
 * command, with the sockets unwatched. */
#include "superd/service/socket_commands.h"

#include <stdlib.h>
#include <string.h>

#include "superd/service/refuse.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/instance_state.h"
#include "superd/socket/socket_condition.h"
#include "superd/service/runtime_bind.h"
#include "table/option/service_mark.h"
#include "table/words/command_prefix.h"

struct socket_commands {
	struct {                        /* saved */
		bool close_pending;     /* true: the sockets close after the present commands */
		bool closing;           /* true: the commands are those of closing */
	};
	struct aux_command control;
};

static bool any_is_open(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_has_socket(&runtime->listeners[n]))
			return true;
	}
	return false;
}

/* Whether the conditions of one of the sockets let it be opened, or may do so. */
static bool any_may_open(const struct service_runtime *runtime)
{
	bool any = !runtime->listener_count;

	for (size_t n = 0; n < runtime->listener_count && !any; n++)
		any = listener_absence(&runtime->listeners[n]) != ABSENT_CONDITION;
	return any;
}

/* Whether conditions keep all sockets closed. Those that a reload has taken away were open. */
static bool stays_closed(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		if (listener_absence(&runtime->listeners[n]) != ABSENT_CONDITION)
			return false;
	}
	return runtime->listener_count;
}

static void report_failure(struct service_runtime *runtime, const struct aux_command *control, enum result result)
{
	struct buf place = { 0 };

	origin_cite(service_origin(runtime->service, command_option(control->phase)), &place);
	runtime_fail(runtime, "bind_error", "%s has failed: %s%s", command_option(control->phase), result_name(result),
		     buf_string(&place));
	buf_free(&place);
}

static void run_commands(struct socket_commands *commands, enum command_phase phase)
{
	aux_command_begin(&commands->control, phase,
			  commands->control.runtime->service->groups->lifecycle->timeout_start);
}

static void close_listeners(struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		refuse_parked(&runtime->listeners[n], REFUSED_CLOSED);
		listener_close(&runtime->listeners[n], runtime->engine);
	}
}

static void continue_opening(struct socket_commands *commands, enum result result)
{
	struct service_runtime *runtime = commands->control.runtime;
	bool is_before = commands->control.phase == PHASE_SOCKET_START_PRE;

	if (runtime_state(runtime) != BINDING) {
		runtime_post(runtime, LOOK);
		return;
	}
	if (result != RESULT_SUCCESS) {
		report_failure(runtime, &commands->control, result);
		close_listeners(runtime);
		runtime_post(runtime, BIND_ERROR);
	} else if (!is_before) {
		runtime_post(runtime, BOUND);
	} else if (runtime_bind(runtime)) {
		runtime->bound = true;
		run_commands(commands, PHASE_SOCKET_START_POST);
	} else {
		runtime_post(runtime, BIND_ERROR);
	}
}

static void continue_closing(struct socket_commands *commands)
{
	struct service_runtime *runtime = commands->control.runtime;

	if (commands->close_pending) {
		commands->close_pending = false;
		runtime_close_listeners(runtime);
		run_commands(commands, PHASE_SOCKET_STOP_POST);
		return;
	}
	commands->closing = false;
	cleanup_remove_for_sockets(runtime);
	if (runtime_state(runtime) == OFF)
		start_kit_free(&runtime->run->kit);
	/* It may have been enabled again in the meantime. */
	runtime_post(runtime, runtime_state(runtime) == BINDING ? (unsigned)TIMER : LOOK);
}

static void on_commands_ended(struct aux_command *control, enum result result, int status)
{
	struct socket_commands *commands = container_of(control, struct socket_commands, control);

	(void)status;
	if (commands->closing)
		continue_closing(commands);
	else
		continue_opening(commands, result);
}

static struct socket_commands *socket_commands_of(struct service_runtime *runtime)
{
	struct service_run *run = runtime_make_run(runtime);

	if (run && !run->socket_commands) {
		run->socket_commands = calloc(1, sizeof(*run->socket_commands));
		if (run->socket_commands)
			aux_command_init(&run->socket_commands->control, runtime, NULL, on_commands_ended);
	}
	return run ? run->socket_commands : NULL;
}

bool socket_commands_is_busy(const struct service_runtime *runtime)
{
	const struct socket_commands *commands = runtime->run ? runtime->run->socket_commands : NULL;

	return commands && (commands->closing || aux_command_is_busy(&commands->control));
}

bool sockets_are_under_way(const struct service_runtime *runtime)
{
	return socket_commands_is_busy(runtime) ||
	       (runtime_state(runtime) == BINDING && runtime->run &&
		condition_query_is_under_way(runtime->run->conditions));
}

bool socket_commands_begin(struct service_runtime *runtime)
{
	struct socket_commands *commands;

	if (socket_commands_is_busy(runtime))
		return true;
	if (any_is_open(runtime) ||
	    !service_has_commands(runtime->service, PHASE_SOCKET_START_PRE, PHASE_SOCKET_START_POST) ||
	    !any_may_open(runtime))
		return false;
	commands = socket_commands_of(runtime);
	if (!commands) {
		runtime_post(runtime, BIND_ERROR);
		return true;
	}
	run_commands(commands, PHASE_SOCKET_START_PRE);
	return true;
}

bool socket_commands_end(struct service_runtime *runtime)
{
	struct socket_commands *commands = socket_commands_is_busy(runtime) ? runtime->run->socket_commands : NULL;
	bool has_commands = service_has_commands(runtime->service, PHASE_SOCKET_STOP_PRE, PHASE_SOCKET_STOP_POST);
	bool was_bound = runtime->bound && !stays_closed(runtime), under_way = commands;

	runtime->bound = false;
	if (under_way && commands->closing)
		return true;
	if (under_way)
		aux_command_stop(&commands->control);
	commands = was_bound && has_commands ? socket_commands_of(runtime) : NULL;
	if (!commands) {
		cleanup_remove_for_sockets(runtime);
		return false;
	}
	commands->closing = true;
	commands->close_pending = true;
	if (under_way)
		return true;            /* the end of the opening commands begins the closing */
	run_commands(commands, PHASE_SOCKET_STOP_PRE);
	return true;
}

void socket_commands_free(struct service_runtime *runtime)
{
	if (!runtime->run || !runtime->run->socket_commands)
		return;
	aux_command_forget(&runtime->run->socket_commands->control);
	free(runtime->run->socket_commands);
	runtime->run->socket_commands = NULL;
}

bool socket_commands_is_at_rest(const struct service_runtime *runtime)
{
	return !socket_commands_is_busy(runtime) ||
	       aux_command_is_at_rest(&runtime->run->socket_commands->control);
}

static const struct state_field commands_fields[] = {
	{ STATE_FIELD(socket_commands, "ends", closing) },
	{ STATE_FIELD(socket_commands, "closes", close_pending) },
};
const struct field_table socket_commands_state = FIELD_TABLE("opening", socket_commands, commands_fields);

void socket_commands_save(struct state_saver *saver, struct service_runtime *runtime)
{
	struct socket_commands *commands = runtime->run->socket_commands;

	if (!socket_commands_is_busy(runtime))
		return;
	state_save(saver, &socket_commands_state, commands);
	if (aux_command_is_busy(&commands->control))
		state_save(saver, &command_state, &commands->control);
}

struct aux_command *socket_commands_load(struct service_runtime *runtime, struct state_section *section)
{
	struct socket_commands *commands = socket_commands_of(runtime);

	if (!commands)
		return NULL;
	state_load(section, &socket_commands_state, commands, NULL);
	commands->control.phase = commands->closing ? PHASE_SOCKET_STOP_POST : PHASE_SOCKET_START_POST;
	return &commands->control;
}

void socket_commands_go_on(struct service_runtime *runtime)
{
	struct socket_commands *commands = runtime->run ? runtime->run->socket_commands : NULL;

	if (commands && commands->closing && !aux_command_is_busy(&commands->control))
		commands->control.ended(&commands->control, RESULT_RESOURCES, 0);
}
