/* Runs the commands of a phase, one after another. A reload may come between two of them, so each command is taken
 * from the configuration that is valid when its turn comes. */
#include "superd/instance/aux_command.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/scan.h"
#include "superd/instance/cleanup.h"
#include "superd/loop/unreaped.h"
#include "superd/instance/start_request.h"
#include "superd/instance/runtime.h"
#include "superd/start/spawn.h"
#include "superd/start/directories.h"

#define EXEC_STATUS (203 << 8)          /* systemd's status of a command that could not be executed (EXIT_EXEC) */

static struct engine *engine_of(const struct aux_command *command)
{
	return command->runtime->engine;
}

/* The entry that the command runs by: the service's, or that of the commands of its sockets. */
static const struct service *row_of(const struct aux_command *command)
{
	const struct service *service = command->runtime->service, *row = service_prepared(service)->socket_row;

	return row && command->phase >= PHASE_SOCKET_START_PRE ? row : service;
}

static void set_timer(struct aux_command *command, int64_t microseconds)
{
	ev_timer_stop(engine_of(command)->loop, &command->timer);
	if (microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&command->timer, (double)microseconds / 1e6, 0.);
	ev_timer_start(engine_of(command)->loop, &command->timer);
}

static void signal_command(const struct aux_command *command, int signal)
{
	if (command->child.pid <= 1)
		return;
	if (kill(-command->child.pid, signal) < 0) /* it has no group yet */
		kill(command->child.pid, signal);
}

/* Before execve(2) (superd/instance/exec_status) the process reacts only to SIGKILL. */
static void stop_command(struct aux_command *command)
{
	const struct lifecycle_options *lifecycle = row_of(command)->groups->lifecycle;

	signal_command(command, exec_status_is_under_way(&command->exec_status) ? SIGKILL : lifecycle->kill_signal);
	signal_command(command, SIGCONT);
	set_timer(command, lifecycle->timeout_stop ? lifecycle->timeout_stop : 1);
}

void aux_command_describe(const struct aux_command *command, struct buf *out)
{
	words texts = service_commands(command->runtime->service, command->phase);
	size_t number = command->next - 1;

	buf_addf(out, "%s: ", command_option(command->phase));
	if (number < words_count(texts))
		buf_addf(out, "%.200s: ", texts[number]);
}

static void log_command(const struct aux_command *command, enum level level, const char *what)
{
	const struct service_runtime *runtime = command->runtime;
	struct event event = {
		.name = "command",
		.service = runtime->service->name,
		.pid = command->child.pid,
		.reason = what,
	};
	struct buf name = { 0 };

	if (!log_wants(runtime->engine->log, level))
		return;
	aux_command_describe(command, &name);
	log_event(runtime->engine->log, level, &event, "%s%s", buf_string(&name), what);
	buf_free(&name);
}

static struct plan *plan_of(const struct aux_command *command)
{
	if (command->plan)
		return command->plan;
	if (command->instance && command->instance->plan)
		return command->instance->plan;
	return command->runtime->run ? command->runtime->run->kit.plan : NULL;
}

/* Appends the missing interpreter of the last command, as launch_add_interpreter does. */
static void add_interpreter(const struct aux_command *command, struct buf *out)
{
	const struct plan *plan = plan_of(command);
	const struct plan_commands *commands = plan ? &plan->commands[command->phase] : NULL;

	if (commands && command->next && command->next <= commands->count)
		launch_add_interpreter(command->runtime->service, commands->list[command->next - 1].program,
				       &command->fault, out);
}

/* A fault of exec concerns this command, which the line names, and not the service's program. */
static void describe_fault(const struct aux_command *command, struct buf *out)
{
	const struct fault *fault = &command->fault;

	if (fault->stage == STAGE_EXEC)
		buf_addf(out, "%s: %s", stage_name(fault->stage), fault_reason(fault));
	else
		launch_describe_fault(command->runtime->service, fault, out);
	add_interpreter(command, out);
}

void aux_command_describe_end(const struct aux_command *command, int status, struct buf *out)
{
	char text[48];

	status_describe(status, text);
	if (command->late) {
		buf_text(out, "it was not done in time");
	} else if (command->unprepared) {
		buf_text(out, command->unprepared);
	} else if (command->fault.stage == STAGE_NONE) {
		buf_text(out, text);
	} else {
		describe_fault(command, out);
	}
}

static enum level failure_level(const struct aux_command *command)
{
	return command->asks ? LEVEL_DEBUG : command->ignores_failure ? LEVEL_INFO : LEVEL_NOTICE;
}

/* The owner logs a failed start, in one line with the pause that follows. */
static bool is_logged_by_owner(const struct aux_command *command)
{
	return !command->ignores_failure && command->instance && command->phase <= PHASE_START_POST;
}

static void finish_phase(struct aux_command *command, enum result result, int status)
{
	list_remove(&command->link);
	command->pid = 0;
	cleanup_remove_tmp(engine_of(command), command->runtime->service->name, command->private_tmp);
	command->private_tmp = 0;
	plan_free(command->plan);
	command->plan = NULL;
	command->ended(command, result, status);
}

static void run_next_or_finish(struct aux_command *command);

/* Decides the result of a command, and ends the phase or runs its next command. */
static void take_end(struct aux_command *command, int status)
{
	bool ran = command->fault.stage == STAGE_NONE;
	enum result result = ran ? result_of_status(command->runtime->service, status) : RESULT_EXIT_CODE;
	char text[48];

	if (command->late)
		result = RESULT_TIMEOUT;
	status_describe(status, text);
	if (result != RESULT_SUCCESS && ran && !command->stopped && !is_logged_by_owner(command))
		log_command(command, failure_level(command), command->late ? "it was not done in time" : text);
	if (command->fault.stage == STAGE_CONDITIONS)
		finish_phase(command, RESULT_CONDITION, status);
	else if (result != RESULT_SUCCESS && !command->ignores_failure)
		finish_phase(command, result, status);
	else if (command->stopped)
		finish_phase(command, RESULT_SUCCESS, status);
	else
		run_next_or_finish(command);
}

static void on_command_heard(struct last_words *last)
{
	struct aux_command *command = container_of(last, struct aux_command, last);

	ev_timer_stop(engine_of(command)->loop, &command->timer);
	take_end(command, command->fault.stage == STAGE_NONE ? command->status : EXEC_STATUS);
}

/* Kills the processes that the command has left behind. */
static void on_command_ending(struct child *child)
{
	kill(-child->pid, SIGKILL);
}

void aux_command_end(struct aux_command *command, int status, bool is_heard)
{
	exec_status_settle(&command->exec_status, true);
	ev_timer_stop(engine_of(command)->loop, &command->timer);
	command->child.pid = 0;
	command->status = status;
	if (command->runtime->run)
		start_kit_drain(&command->runtime->run->kit, false);
	if (is_heard)
		on_command_heard(&command->last);
}

static void on_ended(struct child *child, int status)
{
	aux_command_end(container_of(child, struct aux_command, child), status, true);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct aux_command *command = timer->data;
	pid_t pid = command->child.pid;

	(void)loop, (void)events;
	if (command->killed) {          /* it hangs in the kernel */
		child_table_remove(&engine_of(command)->children, &command->child);
		unreaped_add(engine_of(command), command->runtime->service, pid);
		exec_status_forget(&command->exec_status);
		command->child.ended(&command->child, SIGKILL);
	} else if (command->late || command->stopped) {
		signal_command(command, SIGKILL);
		command->killed = true;
		set_timer(command, (int64_t)(LEFTOVER_SECONDS * 1e6));
	} else {
		command->late = true;
		stop_command(command);
	}
}

static void log_fault(struct aux_command *command)
{
	struct buf why = { 0 };

	if (is_logged_by_owner(command))
		return;
	describe_fault(command, &why);
	log_command(command, failure_level(command), buf_string(&why));
	buf_free(&why);
}

static void on_report(struct exec_status *exec_status, const struct fault *fault)
{
	struct aux_command *command = container_of(exec_status, struct aux_command, exec_status);

	if (!fault)
		return;
	command->fault = *fault;
	log_fault(command);
}

/* The private folders of the phase's instance. The commands of a phase without an instance have their own. */
static uint64_t private_tmp_of(struct aux_command *command)
{
	struct instance *instance = command->instance;

	if (!instance && command->phase == PHASE_RELOAD)
		instance = runtime_current(command->runtime);
	if (instance)
		return instance_private_tmp(instance);
	if (!command->private_tmp)
		command->private_tmp = private_tmp_new(row_of(command));
	return command->private_tmp;
}

/* Starts the command. false: it could not be started, and control->fault says why. */
static bool start_command(struct aux_command *command, struct plan *plan, const struct fd_map *fd_map)
{
	const char *facts[COMMAND_FACTS + 1] = { NULL };        /* of this phase, and the pid of the main process */
	struct spawn_request launch;
	struct buf why = { 0 };

	for (int n = 0, count = 0; n < COMMAND_FACTS; n++) {
		if (*command->facts[n])
			facts[count++] = command->facts[n];
	}
	launch_fill(&launch, command->runtime, fd_map);
	launch.plan = plan;
	launch.private_id = private_tmp_of(command);
	launch.command = &plan->commands[command->phase].list[command->next];
	launch.variables = facts;
	launch.remote_address = command->remote_address;
	launch.remote_port = command->remote_port;
	launch.invocation = command->invocation;
	launch.watchdog = 0;            /* watchdog and store are for the main process alone */
	launch.store = 0;
	if (service_notify_access(command->runtime->service) < NOTIFY_EXEC)
		launch.notify = NULL;
	launch.checks = command->checks && plan->condition_count;
	command->ignores_failure = launch.command->flags & COMMAND_IGNORES_FAILURE;
	command->next++;
	command->checks = command->late = command->killed = false;
	command->fault = (struct fault){ .stage = STAGE_NONE };
	if (command->instance &&
	    !instance_cgroup_enter(&command->instance->cgroup, engine_of(command), command->runtime->service, &launch,
				   &why)) {
		command->fault = (struct fault){ .stage = STAGE_CGROUP, .error = errno, .resource = -1 };
		buf_free(&why);
		return false;
	}
	runtime_note_change(command->runtime);
	unreaped_start(engine_of(command), &launch);
	if (launch.pid < 0) {
		command->fault = launch.fault;
		start_kit_note_fault(&command->runtime->run->kit, &launch.fault);
		return false;
	}
	command->child.pid = launch.pid;
	if (launch.report >= 0)
		exec_status_watch(&command->exec_status, launch.report);
	child_table_add(&engine_of(command)->children, &command->child);
	return true;
}

/* Makes the plan of commands that run by the service's socket_row. false: that failed, for the reason in why. */
static bool make_socket_plan(struct aux_command *command, struct buf *why)
{
	struct service_runtime *runtime = command->runtime;
	const struct service *row = row_of(command);

	plan_free(command->plan);       /* it borrows from the row, which a reload may have replaced */
	command->plan = NULL;
	if (row == runtime->service)
		return true;
	command->plan = runtime_make_plan(runtime, row, NULL, why);
	return command->plan;
}

/* false: the next command could not be prepared, for the reason in why. */
static bool prepare_next(struct aux_command *command, struct fd_map *fd_map, struct buf *why)
{
	struct service_runtime *runtime = command->runtime;

	if (!runtime_make_run(runtime)) {
		buf_text(why, "out of memory");
		return false;
	}
	return runtime_prepare_start(runtime, why) && make_socket_plan(command, why) &&
	       launch_wire_beside(fd_map, runtime, why);
}

static void run_next(struct aux_command *command)
{
	struct fd_map fd_map = { .wanted = fd_map.small };
	struct buf why = { 0 };
	bool started;

	if (!prepare_next(command, &fd_map, &why)) {
		fd_map_close(&fd_map);
		command->next++;
		command->unprepared = buf_string(&why);
		if (!is_logged_by_owner(command))
			log_command(command, LEVEL_ERROR, command->unprepared);
		finish_phase(command, RESULT_RESOURCES, 0);
		buf_free(&why);
		return;
	}
	started = start_command(command, plan_of(command), &fd_map);
	fd_map_close(&fd_map);
	if (!started) {
		log_fault(command);
		take_end(command, EXEC_STATUS);
		return;
	}
	list_remove(&command->link);
	list_add(&engine_of(command)->instances->aux_commands, &command->link);
	command->pid = command->child.pid;
	set_timer(command, command->time_limit);
	log_command(command, LEVEL_DEBUG, "started");
}

static void run_next_or_finish(struct aux_command *command)
{
	words texts = service_commands(command->runtime->service, command->phase);

	if (command->next < words_count(texts))
		run_next(command);
	else
		finish_phase(command, RESULT_SUCCESS, 0);
}

void aux_command_init(struct aux_command *command, struct service_runtime *runtime, struct instance *instance,
		      void (*ended)(struct aux_command *command, enum result result, int status))
{
	*command = (struct aux_command){ .runtime = runtime, .instance = instance, .ended = ended };
	list_init(&command->link);
	list_init(&command->last.link);
	command->last.heard = on_command_heard;
	command->child.ended = on_ended;
	command->child.ending = on_command_ending;
	exec_status_init(&command->exec_status, runtime->engine->loop, on_report);
	ev_init(&command->timer, on_timer);
	command->timer.data = command;
}

void aux_command_set_fact(struct aux_command *command, int number, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command->facts[number], sizeof(command->facts[number]), format, arguments);
	va_end(arguments);
}

void aux_command_begin(struct aux_command *command, enum command_phase phase, int64_t time_limit)
{
	command->phase = phase;
	if (row_of(command) != command->runtime->service)
		time_limit = row_of(command)->groups->lifecycle->timeout_start;
	command->time_limit = time_limit ? time_limit : SCAN_INFINITY;
	command->next = 0;
	command->stopped = command->late = false;
	command->fault = (struct fault){ .stage = STAGE_NONE };
	command->unprepared = NULL;
	run_next_or_finish(command);
}

void aux_command_stop(struct aux_command *command)
{
	if (!aux_command_is_busy(command) || command->stopped)
		return;
	command->stopped = true;
	stop_command(command);
}

void aux_command_kill_all(struct engine *engine)
{
	LIST_EACH(link, &engine->instances->aux_commands) {
		struct aux_command *command = container_of(link, struct aux_command, link);

		command->stopped = true;
		signal_command(command, SIGKILL);
	}
}

void aux_command_forget(struct aux_command *command)
{
	ev_timer_stop(engine_of(command)->loop, &command->timer);
	exec_status_forget(&command->exec_status);
	child_table_remove(&engine_of(command)->children, &command->child);
	list_remove(&command->link);
	list_remove(&command->last.link);
	plan_free(command->plan);
	command->plan = NULL;
	command->child.pid = 0;
}

void aux_command_drop(struct aux_command *command)
{
	signal_command(command, SIGKILL);
	aux_command_forget(command);
}
