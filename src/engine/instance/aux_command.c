/* Runs the commands of a phase, one after another. A reload may come between two of them, so each command is taken
 * from the row that is valid when its turn comes. */
#include "engine/instance/aux_command.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/scan.h"
#include "engine/core/unreaped.h"
#include "engine/launch/stdio.h"
#include "engine/runtime/prepare_start.h"
#include "engine/runtime/runtime.h"
#include "exec/dirs/private_tmp.h"
#include "exec/spawn/spawn.h"

#define EXEC_STATUS (203 << 8)          /* systemd's status of a command that could not be executed (EXIT_EXEC) */

static struct engine *engine_of(const struct aux_command *control)
{
	return control->runtime->engine;
}

static void set_timer(struct aux_command *control, int64_t microseconds)
{
	ev_timer_stop(engine_of(control)->loop, &control->timer);
	if (microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&control->timer, (double)microseconds / 1e6, 0.);
	ev_timer_start(engine_of(control)->loop, &control->timer);
}

static void signal_command(const struct aux_command *control, int signal)
{
	if (control->child.pid <= 1)
		return;
	if (kill(-control->child.pid, signal) < 0)      /* it has no group yet */
		kill(control->child.pid, signal);
}

/* A start that is still apart (engine/launch/exec_status) reacts to SIGKILL alone. */
static void tell_to_end(struct aux_command *control)
{
	const struct lifecycle_options *lifecycle = control->runtime->service->groups->lifecycle;

	signal_command(control, exec_status_is_under_way(&control->apart) ? SIGKILL : lifecycle->kill_signal);
	signal_command(control, SIGCONT);
	set_timer(control, lifecycle->timeout_stop ? lifecycle->timeout_stop : 1);
}

void aux_command_describe(const struct aux_command *control, struct buf *out)
{
	words texts = service_commands(control->runtime->service, control->phase);
	size_t number = control->next - 1;

	buf_addf(out, "%s: ", command_option(control->phase));
	if (number < words_count(texts))
		buf_addf(out, "%.200s: ", texts[number]);
}

static void say(const struct aux_command *control, enum level level, const char *what)
{
	const struct service_runtime *runtime = control->runtime;
	struct event event = {
		.name = "command", .service = runtime->service->name, .pid = control->child.pid, .reason = what,
	};
	struct buf name = { 0 };

	if (!log_wants(runtime->engine->log, level))
		return;
	aux_command_describe(control, &name);
	log_event(runtime->engine->log, level, &event, "%s%s", buf_string(&name), what);
	buf_free(&name);
}

/* The owner logs a failed start, in one line with the pause that follows. */
static bool is_told_by_owner(const struct aux_command *control)
{
	return !control->ignores_failure && control->instance && control->phase <= PHASE_START_POST;
}

static void finish(struct aux_command *control, enum result result, int status)
{
	list_remove(&control->link);
	control->pid = 0;
	private_tmp_remove(control->runtime->service->name, control->private_tmp, engine_of(control)->stopping);
	control->private_tmp = 0;
	control->ended(control, result, status);
}

static void go_on(struct aux_command *control);

/* Judges the end of a command, and ends the phase or goes on with it. */
static void judge(struct aux_command *control, int status)
{
	bool ran = control->fault.stage == STAGE_NONE;
	enum result result = ran ? result_of_status(control->runtime->service, status) : RESULT_EXIT_CODE;
	char text[48];

	if (control->late)
		result = RESULT_TIMEOUT;
	status_describe(status, text);
	if (result != RESULT_SUCCESS && ran && !control->stopped && !is_told_by_owner(control))
		say(control, control->ignores_failure ? LEVEL_INFO : LEVEL_NOTICE,
		    control->late ? "it was not done in time" : text);
	if (control->fault.stage == STAGE_CONDITIONS)
		finish(control, RESULT_CONDITION, status);
	else if (result != RESULT_SUCCESS && !control->ignores_failure)
		finish(control, result, status);
	else if (control->stopped)
		finish(control, RESULT_SUCCESS, status);
	else
		go_on(control);
}

static void on_heard(struct last_words *last)
{
	struct aux_command *control = container_of(last, struct aux_command, last);

	ev_timer_stop(engine_of(control)->loop, &control->timer);
	judge(control, control->fault.stage == STAGE_NONE ? control->status : EXEC_STATUS);
}

/* Kills the processes that the command has left behind. */
static void on_ending(struct child *child)
{
	kill(-child->pid, SIGKILL);
}

void aux_command_end(struct aux_command *control, int status, bool is_heard)
{
	exec_status_settle(&control->apart, true);
	ev_timer_stop(engine_of(control)->loop, &control->timer);
	control->child.pid = 0;
	control->status = status;
	if (control->runtime->run)
		start_kit_drain(&control->runtime->run->kit, false);
	if (is_heard)
		on_heard(&control->last);
}

static void on_ended(struct child *child, int status)
{
	aux_command_end(container_of(child, struct aux_command, child), status, true);
}

/* The command was killed, and hangs in the kernel. */
static void give_up(struct aux_command *control)
{
	pid_t pid = control->child.pid;

	child_table_remove(&engine_of(control)->children, &control->child);
	unreaped_add(engine_of(control), control->runtime->service, pid);
	exec_status_forget(&control->apart);
	control->child.ended(&control->child, SIGKILL);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct aux_command *control = timer->data;

	(void)loop, (void)events;
	if (control->doomed) {
		give_up(control);
	} else if (control->late || control->stopped) {
		signal_command(control, SIGKILL);
		control->doomed = true;
		set_timer(control, (int64_t)(LEFTOVER_SECONDS * 1e6));
	} else {
		control->late = true;
		tell_to_end(control);
	}
}

static struct plan *plan_of(const struct aux_command *control)
{
	if (control->instance && control->instance->plan)
		return control->instance->plan;
	return control->runtime->run ? control->runtime->run->kit.plan : NULL;
}

void aux_command_add_interpreter(const struct aux_command *control, struct buf *out)
{
	const struct plan *plan = plan_of(control);
	const struct plan_commands *commands = plan ? &plan->commands[control->phase] : NULL;

	if (commands && control->next && control->next <= commands->count)
		launch_add_interpreter(control->runtime->service, commands->list[control->next - 1].program,
				       &control->fault, out);
}

/* A fault of exec concerns this command, which the line names, and not the service's program. */
static void say_fault(struct aux_command *control)
{
	const struct fault *fault = &control->fault;
	struct buf why = { 0 };

	if (is_told_by_owner(control))
		return;
	if (fault->stage == STAGE_EXEC)
		buf_addf(&why, "%s: %s", stage_name(fault->stage), fault_reason(fault));
	else
		launch_describe_fault(control->runtime->service, fault, &why);
	aux_command_add_interpreter(control, &why);
	say(control, control->ignores_failure ? LEVEL_INFO : LEVEL_NOTICE, buf_string(&why));
	buf_free(&why);
}

static void on_report(struct exec_status *apart, const struct fault *fault)
{
	struct aux_command *control = container_of(apart, struct aux_command, apart);

	if (!fault)
		return;
	control->fault = *fault;
	say_fault(control);
}

/* The variables of this phase, and the pid of the main process. */
static void list_facts(const struct aux_command *control, const char **list)
{
	for (int n = 0; n < CONTROL_FACTS; n++) {
		if (*control->facts[n])
			*list++ = control->facts[n];
	}
	*list = NULL;
}

/* The private folders of the phase's instance. The commands of a phase without an instance have their own. */
static uint64_t private_tmp_of(struct aux_command *control)
{
	struct instance *instance = control->instance;

	if (!instance && control->phase == PHASE_RELOAD)
		instance = runtime_current(control->runtime);
	if (instance)
		return instance_private_tmp(instance);
	if (!control->private_tmp)
		control->private_tmp = private_tmp_new(control->runtime->service);
	return control->private_tmp;
}

/* Starts the command. false: it could not be started, and control->fault says why. */
static bool start(struct aux_command *control, struct plan *plan, const struct fd_map *fd_map)
{
	const char *facts[CONTROL_FACTS + 1];
	struct spawn_request launch;
	struct buf why = { 0 };

	list_facts(control, facts);
	launch_fill(&launch, &control->runtime->run->kit, fd_map, control->runtime->service);
	launch.plan = plan;
	launch.private_id = private_tmp_of(control);
	launch.command = &plan->commands[control->phase].list[control->next];
	launch.variables = facts;
	launch.remote_address = control->remote_address;
	launch.remote_port = control->remote_port;
	launch.invocation = control->invocation;
	launch.watchdog = 0;            /* watchdog and store are for the main process alone */
	launch.store = 0;
	if (service_notify_access(control->runtime->service) < NOTIFY_EXEC)
		launch.notify = NULL;
	launch.checks = control->checks && plan->condition_count;
	control->ignores_failure = launch.command->flags & COMMAND_IGNORES_FAILURE;
	control->next++;
	control->checks = control->late = control->doomed = false;
	control->fault = (struct fault){ .stage = STAGE_NONE };
	if (control->instance &&
	    !instance_cgroup_enter(&control->instance->cgroup, engine_of(control), control->runtime->service, &launch,
				   &why)) {
		control->fault = (struct fault){ .stage = STAGE_CGROUP, .error = errno, .resource = -1 };
		buf_free(&why);
		return false;
	}
	unreaped_start(engine_of(control), &launch);
	if (launch.pid < 0) {
		control->fault = launch.fault;
		start_kit_note_fault(&control->runtime->run->kit, &launch.fault);
		return false;
	}
	control->child.pid = launch.pid;
	if (launch.report >= 0)
		exec_status_watch(&control->apart, launch.report);
	if (child_table_add(&engine_of(control)->children, &control->child))
		return true;
	kill(launch.pid, SIGKILL);
	exec_status_forget(&control->apart);
	control->child.pid = 0;
	control->fault = (struct fault){ .stage = STAGE_FORK, .error = ENOMEM };
	return false;
}

/* false: the next command could not be prepared, for the reason in why. */
static bool prepare(struct aux_command *control, struct fd_map *fd_map, struct buf *why)
{
	struct service_runtime *runtime = control->runtime;

	if (!runtime_make_run(runtime)) {
		buf_text(why, "out of memory");
		return false;
	}
	return runtime_prepare_start(runtime, why) &&
	       launch_wire_beside(fd_map, &runtime->run->kit, runtime->service, why);
}

static void run_next(struct aux_command *control)
{
	struct fd_map fd_map = { .wanted = fd_map.small };
	struct buf why = { 0 };
	bool started;

	if (!prepare(control, &fd_map, &why)) {
		fd_map_close(&fd_map);
		control->next++;
		say(control, LEVEL_ERROR, buf_string(&why));
		buf_free(&why);
		finish(control, RESULT_RESOURCES, 0);
		return;
	}
	started = start(control, plan_of(control), &fd_map);
	fd_map_close(&fd_map);
	if (!started) {
		say_fault(control);
		judge(control, EXEC_STATUS);
		return;
	}
	list_remove(&control->link);
	list_add(&engine_of(control)->instances->aux_commands, &control->link);
	control->pid = control->child.pid;
	set_timer(control, control->patience);
	say(control, LEVEL_DEBUG, "started");
}

static void go_on(struct aux_command *control)
{
	words texts = service_commands(control->runtime->service, control->phase);

	if (control->next < words_count(texts))
		run_next(control);
	else
		finish(control, RESULT_SUCCESS, 0);
}

void aux_command_init(struct aux_command *control, struct service_runtime *runtime, struct instance *instance,
		      void (*ended)(struct aux_command *control, enum result result, int status))
{
	*control = (struct aux_command){ .runtime = runtime, .instance = instance, .ended = ended };
	list_init(&control->link);
	list_init(&control->last.link);
	control->last.heard = on_heard;
	control->child.ended = on_ended;
	control->child.ending = on_ending;
	exec_status_init(&control->apart, runtime->engine->loop, on_report);
	ev_init(&control->timer, on_timer);
	control->timer.data = control;
}

void aux_command_set_fact(struct aux_command *control, int number, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(control->facts[number], sizeof(control->facts[number]), format, arguments);
	va_end(arguments);
}

void aux_command_begin(struct aux_command *control, enum command_phase phase, int64_t patience)
{
	control->phase = phase;
	control->patience = patience ? patience : SCAN_INFINITY;
	control->next = 0;
	control->stopped = control->late = false;
	control->fault = (struct fault){ .stage = STAGE_NONE };
	go_on(control);
}

void aux_command_stop(struct aux_command *control)
{
	if (!aux_command_is_busy(control) || control->stopped)
		return;
	control->stopped = true;
	tell_to_end(control);
}

void aux_command_kill_all(struct engine *engine)
{
	LIST_EACH(link, &engine->instances->aux_commands) {
		struct aux_command *control = container_of(link, struct aux_command, link);

		control->stopped = true;
		signal_command(control, SIGKILL);
	}
}

void aux_command_forget(struct aux_command *control)
{
	ev_timer_stop(engine_of(control)->loop, &control->timer);
	exec_status_forget(&control->apart);
	child_table_remove(&engine_of(control)->children, &control->child);
	list_remove(&control->link);
	list_remove(&control->last.link);
	control->child.pid = 0;
}
