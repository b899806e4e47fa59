/* Performs the table of an instance (superd/instance/instance_table), step by step. A phase of commands may end well,
 * badly, or because the instance is being stopped, and the main process may end during any of them: the end of its
 * processes counts when the command is done. The loop reports the end of an instance with commands, never a call that
 * still needs it. */
#include "superd/instance/exec_sequence.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "lib/scan.h"
#include "os/cgroup/resource_usage.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/forking.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/relay.h"
#include "superd/instance/thaw.h"
#include "superd/loop/unreaped.h"
#include "superd/instance/runtime.h"
#include "superd/instance/start_request.h"
#include "superd/start/spawn.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"
#include "table/words/command_prefix.h"

#define CHANCES 12                      /* times LEFTOVER_SECONDS: processes of a daemon's start move on meanwhile */
#define LINGER_LOOK .2                  /* seconds between two looks at groups whose first process has ended */

/* ---- how it has ended ---- */

static bool is_unready(const struct instance *instance)
{
	return instance->facts.unready &&
	       (service_notifies(instance->service) || service_awaits_ready(instance->service) ||
		service_awaits_target(instance->service));
}

/* Returns its result, as far as it is known now. */
static enum result instance_result(const struct instance *instance)
{
	const char *signs = instance->service->groups->commands->exec_prefix;
	enum result result = result_of_status(instance->service, instance->facts.status);

	if (instance->facts.result)
		return (enum result)instance->facts.result;
	if (instance->facts.failed || (instance->facts.stopped && instance->facts.killed))
		return RESULT_TIMEOUT;
	if (instance->facts.stopped || (signs && strchr(signs, '-')))
		return RESULT_SUCCESS;
	return result == RESULT_SUCCESS && (is_unready(instance) || instance->facts.unbound) ? RESULT_PROTOCOL : result;
}

/* A control group also counts processes that their parent has not reaped. */
static double cpu_used(const struct instance *instance)
{
	const struct instance_cgroup *group = &instance->cgroup;

	if (!group->path || group->kept)
		return instance->child.cpu;
	return number_max(resource_usage_of_cgroup(group->path, false).cpu, instance->child.cpu);
}

static void report_end(struct instance *instance)
{
	double until = instance->facts.gone > 0 ? instance->facts.gone : clock_now();
	struct ending ending = {
		.status = instance->facts.status,
		.lasted = until - instance->since,
		.cpu = cpu_used(instance),
		.stopped = instance->facts.stopped && !instance->facts.failed,
		.unready = is_unready(instance),
		.unbound = instance->facts.unbound,
		.result = instance_result(instance),
	};

	ev_timer_stop(instance->engine->loop, &instance->limit.timer);
	list_remove(&instance->linger);
	list_remove(&instance->link);
	instance->engine->instances->count--;
	instance->ops->ended(instance, &ending);
}

static void set_failed(struct instance *instance, enum result result)
{
	if (!instance->facts.result)
		instance->facts.result = result;
	instance->facts.failed |= !result_is_good(result);
}

/* ---- its commands ---- */

static bool main_lives(const struct exec_sequence *sequence)
{
	return sequence->instance->pid && !sequence->main_is_gone;
}

/* The variables of the commands that describe the main process: its pid, or how it has ended. */
static void set_variables(struct exec_sequence *sequence, enum command_phase phase)
{
	const struct instance *instance = sequence->instance;
	struct aux_command *command = &sequence->command;
	bool signalled = WIFSIGNALED(instance->facts.status);
	char name[32];

	for (int n = 0; n < COMMAND_FACTS; n++)
		*command->facts[n] = '\0';
	if (main_lives(sequence))
		aux_command_set_fact(command, 0, "MAINPID=%ld", (long)instance->pid);
	if (phase != PHASE_STOP && phase != PHASE_STOP_POST)
		return;
	aux_command_set_fact(command, 1, "SERVICE_RESULT=%s", result_name(instance_result(instance)));
	if (!sequence->has_run || !sequence->main_is_gone)
		return;
	aux_command_set_fact(command, 2, "EXIT_CODE=%s",
			     !signalled					 ? "exited"
				     : WCOREDUMP(instance->facts.status) ? "dumped"
									 : "killed");
	if (signalled)
		aux_command_set_fact(command, 3, "EXIT_STATUS=%s",
				     scan_signal_name(WTERMSIG(instance->facts.status), name));
	else
		aux_command_set_fact(command, 3, "EXIT_STATUS=%d", WEXITSTATUS(instance->facts.status));
}

/* Without commands the phase is done at once. */
static void run_phase(struct instance *instance, enum command_phase phase)
{
	bool stops = phase == PHASE_STOP || phase == PHASE_STOP_POST;
	struct exec_sequence *sequence = instance->sequence;
	const struct service *service;
	int64_t limit;

	if (!sequence) {
		instance_event(instance, ON_CMD_OK);
		return;
	}
	service = sequence->runtime->service;
	limit = stops ? service->groups->lifecycle->timeout_stop : service->groups->lifecycle->timeout_start;
	/* A oneshot may take any time until it is done, unless its table says otherwise. */
	if (!stops && service->exec->type == TYPE_ONESHOT && !service_mark(service, "timeout_start"))
		limit = SCAN_INFINITY;
	set_variables(sequence, phase);
	aux_command_begin(&sequence->command, phase, limit);
}

/* A command of exec_condition that says no is no failure. */
static void note_failure(struct exec_sequence *sequence, enum result result, int status)
{
	const struct aux_command *command = &sequence->command;
	bool asked = command->phase == PHASE_CONDITION && result == RESULT_EXIT_CODE &&
		command->fault.stage == STAGE_NONE && WEXITSTATUS(status) < 255;

	aux_command_describe(command, &sequence->why);
	if (command->late)
		buf_addf(&sequence->why, "it was not done within %s",
			 option_name_of(sequence->runtime->service, "timeout_start"));
	else
		aux_command_describe_end(command, status, &sequence->why);
	origin_cite(service_origin(sequence->runtime->service, command_option(command->phase)), &sequence->why);
	set_failed(sequence->instance, asked ? RESULT_EXEC_CONDITION : result);
}

pid_t instance_command(const struct instance *instance)
{
	return instance->sequence ? instance->sequence->command.pid : 0;
}

/* ---- its main process ---- */

/* An unmet condition is no failure, and no command runs for it. */
static void note_fault(struct exec_sequence *sequence, const struct fault *fault)
{
	bool is_condition = fault->stage == STAGE_CONDITIONS && !fault->error;

	sequence->fault = *fault;
	launch_describe_fault(sequence->runtime->service, fault, &sequence->why);
	set_failed(sequence->instance, is_condition ? RESULT_CONDITION : RESULT_RESOURCES);
}

/* Its program runs. */
static enum instance_event run_event(const struct instance *instance)
{
	if (instance->facts.unready || instance->facts.unbound)
		return ON_EXEC_WAIT;
	return instance->service->exec->type == TYPE_ONESHOT ? ON_EXEC_WORK : ON_EXEC_OK;
}

static void on_report(struct exec_status *exec_status, const struct fault *fault)
{
	struct exec_sequence *sequence = container_of(exec_status, struct exec_sequence, exec_status);

	if (fault)
		note_fault(sequence, fault);
	else
		instance_event(sequence->instance, run_event(sequence->instance));
}

static void note_run(struct instance *instance)
{
	instance->sequence->has_run = true;
	instance->ops->runs(instance);
}

static void launch_main(struct instance *instance)
{
	struct spawn_request launch = { .pid = -1, .report = -1 };
	struct exec_sequence *sequence = instance->sequence;

	if (instance->ops->launch(instance, &launch, &sequence->why))
		instance_begin(instance, launch.pid, launch.begun);
	sequence->command.checks = false;
	if (!instance->pid || sequence->why.length) {
		if (launch.report >= 0)
			fd_close(&launch.report);
		instance->pid = 0;
		set_failed(instance, RESULT_RESOURCES);
		instance_event(instance, ON_EXEC_FAIL);
		return;
	}
	if (launch.report < 0) {
		instance_event(instance, run_event(instance));
		return;
	}
	/* Of a oneshot, too: it does nothing of its own yet. */
	instance_limit(instance, instance->service->groups->lifecycle->timeout_start);
	exec_status_watch(&sequence->exec_status, launch.report);
}

void instance_enter(struct instance *instance)
{
	instance->since = clock_now();
	instance->engine->instances->count++;
}

void instance_begin(struct instance *instance, pid_t pid, double since)
{
	const struct service *service = instance->service;

	instance->pid = pid;
	instance->user = service_user(service);
	instance->facts.unbound = instance->bind_calls;
	instance->facts.unready = service->exec->type == TYPE_FORKING || service_notifies(service) ||
		service_awaits_ready(service) || service_awaits_target(service);
	if (!instance->process) {
		instance->child.pid = instance->groups.group = pid;
		child_table_add(&instance->engine->children, &instance->child);
	}
	if (service->groups->restart->kill_rest || instance->notice || instance->search)
		instance_see_end(instance);
	if (!instance->sequence)
		instance_enter(instance);
	instance->since = since;        /* in a batch its program may have run for a while by now */
	if (!instance->sequence)
		instance_event(instance, run_event(instance));
}

void instance_be_ready(struct instance *instance)
{
	instance->facts.unready = false;
	if (!instance->facts.unbound)
		instance_event(instance, ON_READY);
}

void instance_be_bound(struct instance *instance)
{
	instance->facts.unbound = false;
	if (instance_is_starting(instance) && !instance->facts.unready)
		instance_event(instance, ON_READY);
}

/* ---- the end of its processes ---- */

/* Returns the event for the end of its processes, by what was done to the instance before. */
static enum instance_event gone_event(const struct instance *instance)
{
	const struct exec_sequence *sequence = instance->sequence;
	bool well = instance_result(instance) == RESULT_SUCCESS && !instance->facts.stopped;

	if (sequence && sequence->fault.stage == STAGE_CONDITIONS)
		return ON_UNMET;
	if (well && instance->facts.ready)
		return instance->service->groups->restart->remain_after_exit && !instance->retired ? ON_GONE_REMAINS
												   : ON_GONE_OK;
	if (well && sequence && sequence->has_run && instance->service->exec->type == TYPE_ONESHOT)
		return ON_GONE_WORKED;
	return ON_GONE_FAIL;
}

/* No process of the instance is left. A command that runs is done first, whether of the start or of the stop. */
static void finish_processes(struct instance *instance)
{
	struct exec_sequence *sequence = instance->sequence;

	if (instance->notice)
		list_remove(&instance->notice->last.link);
	ev_timer_stop(instance->engine->loop, &instance->limit.timer);
	list_remove(&instance->linger);
	instance->facts.gone = clock_now();
	if (sequence) {
		exec_status_settle(&sequence->exec_status, !instance_is_doomed(instance));
		if (exec_status_is_under_way(&sequence->exec_status)) { /* it was given up, or killed */
			exec_status_forget(&sequence->exec_status);
			if (!sequence->why.length)
				buf_text(&sequence->why, "its start hangs");
		}
		sequence->main_is_gone = true;
	}
	if (!sequence || !aux_command_is_busy(&sequence->command))
		instance_event(instance, gone_event(instance));
}

static void on_command_done(struct aux_command *command, enum result result, int status)
{
	struct exec_sequence *sequence = container_of(command, struct exec_sequence, command);
	struct instance *instance = sequence->instance;
	bool starts = instance->state == INSTANCE_COND || instance->state == INSTANCE_PRE ||
		instance->state == INSTANCE_POST || instance_is_clearing(instance);

	if (result == RESULT_CONDITION)
		note_fault(sequence, &command->fault);
	else if (result != RESULT_SUCCESS && starts)
		note_failure(sequence, result, status);
	instance_event(instance, result == RESULT_CONDITION ? ON_UNMET
		       : result == RESULT_SUCCESS	    ? ON_CMD_OK
							    : ON_CMD_FAIL);
	if (!main_lives(sequence) && !aux_command_is_busy(command))
		instance_event(instance, gone_event(instance));
}

static void on_linger_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct engine *engine = timer->data;

	(void)events;
	instance_sweep(engine);
	if (list_empty(&engine->instances->lingering))
		ev_timer_stop(loop, timer);
}

void instance_linger(struct instance *instance)
{
	struct engine *engine = instance->engine;

	list_remove(&instance->linger);
	list_add(&engine->instances->lingering, &instance->linger);
	if (ev_is_active(&engine->instances->linger_look))
		return;
	ev_timer_init(&engine->instances->linger_look, on_linger_look, LINGER_LOOK, LINGER_LOOK);
	engine->instances->linger_look.data = engine;
	ev_timer_start(engine->loop, &engine->instances->linger_look);
}

void instance_sweep(struct engine *engine)
{
	LIST_EACH(link, &engine->instances->lingering) {
		struct instance *instance = container_of(link, struct instance, linger);

		if (!instance_has_any_left(instance))
			finish_processes(instance);
	}
}

/* kill_rest: ends the processes that the main process has left behind. */
static void clear_rest(struct instance *instance)
{
	instance->facts.cleared = true;
	instance_signal_stop(instance);
	if (instance->service->groups->lifecycle->kill_mode == KILL_MIXED)
		instance_signal(instance, SIGKILL, true);
	instance_linger(instance);
}

void instance_take_end(struct instance *instance)
{
	unsigned mode = instance->service->groups->lifecycle->kill_mode;
	bool clears = instance->service->groups->restart->kill_rest && mode != KILL_NONE;

	if (mode == KILL_PROCESS || (!instance->facts.stopped && !clears) || !instance_has_any_left(instance)) {
		finish_processes(instance);
		return;
	}
	if (instance->sequence)
		exec_status_settle(&instance->sequence->exec_status, !instance_is_doomed(instance));
	instance_event(instance, ON_LEFT);
}

void instance_let_go(struct instance *instance)
{
	instance->private_tmp = 0;      /* it still uses them */
	child_table_remove(&instance->engine->children, &instance->child);
	finish_processes(instance);
}

void instance_end_search(struct instance *instance)
{
	struct forking_search *search = instance->search;

	if (!search)
		return;
	ev_timer_stop(instance->engine->loop, &search->timer);
	list_remove(&search->link);
	instance->search = NULL;
	table_release(search->table);
	free(search);
}

/* SIGKILL was sent. A process that waits in the kernel for a dead file system does not end by it. */
static void give_up_processes(struct instance *instance)
{
	struct forking_search *search = instance->search;
	pid_t pid = instance->child.pid;

	if (search && search->chances++ < CHANCES) {
		instance_doom(instance);
		return;
	}
	instance->private_tmp = 0;      /* it still uses them */
	instance_end_search(instance);
	child_table_remove(&instance->engine->children, &instance->child);
	instance->child.pid = 0;
	if (pid > 0)
		instance->facts.status = SIGKILL;
	unreaped_add(instance->engine, instance->service, pid);
	finish_processes(instance);
}

/* ---- its stop ---- */

static void kill_command(struct instance *instance)
{
	instance->facts.stopped = instance->facts.killed = true;
	if (instance_command(instance) > 1)
		kill(-instance_command(instance), SIGKILL);
}

static void kill_rest(struct instance *instance)
{
	instance_signal(instance, SIGKILL, true);
	instance_doom(instance);
	if (!instance->child.pid)
		instance_linger(instance);
}

void instance_stop(struct instance *instance)
{
	if (instance->facts.stopped || instance_is_clearing(instance))
		return;
	instance->facts.stopped = true;
	instance_see_end(instance);
	instance_event(instance, ON_STOP);
	instance_thaw(instance);        /* the signal is pending by now */
}

void instance_kill(struct instance *instance)
{
	instance_see_end(instance);
	instance_event(instance, ON_KILL);
	instance_thaw(instance);        /* for processes that kill_mode spares */
}

void instance_expire(struct instance *instance)
{
	if (!instance->facts.stopped)
		instance_stop(instance);
	else if (instance_is_spared(instance))
		instance_let_go(instance);    /* its time is over: it runs on, and superd forgets it */
	else if (instance->service->groups->restart->final_kill_signal != SIGKILL)
		instance_event(instance, ON_EXPIRE);
	else
		instance_kill(instance);
}

/* ---- the table ---- */

static void perform_action(struct instance *instance, enum instance_action action)
{
	struct exec_sequence *sequence = instance->sequence;

	switch (action) {
	case DO_RUN_COND:
		run_phase(instance, PHASE_CONDITION);
		break;
	case DO_RUN_PRE:
		run_phase(instance, PHASE_START_PRE);
		break;
	case DO_LAUNCH:
		launch_main(instance);
		break;
	case DO_NOTE_RUN:
		note_run(instance);
		break;
	case DO_NOTE_RUN_POST:
		note_run(instance);
		run_phase(instance, PHASE_START_POST);
		break;
	case DO_RUN_POST:
		run_phase(instance, PHASE_START_POST);
		break;
	case DO_TELL_READY:
		instance->facts.ready = true;
		instance->ops->ready(instance);
		break;
	case DO_FAIL_START:
		if (main_lives(sequence))
			instance->ops->limit(instance);
		break;
	case DO_LIMIT:
		instance->ops->limit(instance);
		break;
	case DO_REMAIN:
		instance_limit(instance, SCAN_INFINITY);
		break;
	case DO_RUN_STOP:
		if (instance->state == INSTANCE_LEAVE)
			instance_limit(instance, SCAN_INFINITY);
		/* A failed instance gets its signals at once. */
		if (instance->state == INSTANCE_STOP_CMD && instance->facts.failed)
			instance_event(instance, ON_CMD_OK);
		else
			run_phase(instance, PHASE_STOP);
		break;
	case DO_RUN_STOP_POST:
		instance_limit(instance, SCAN_INFINITY);
		run_phase(instance, PHASE_STOP_POST);
		break;
	case DO_SIGNAL:
		/* A command is told to end. Its processes get their signals, if it has any. */
		if (sequence)
			aux_command_stop(&sequence->command);
		if (!sequence || main_lives(sequence))
			instance_signal_stop(instance);
		break;
	case DO_SIGNAL_FINAL:
		instance->facts.killed = true;
		instance_signal_final(instance);
		break;
	case DO_KILL:
		instance_doom(instance);
		instance_signal_kill(instance);
		kill_command(instance);
		break;
	case DO_KILL_COMMAND:
		kill_command(instance);
		break;
	case DO_LINGER:
		if (instance->service->groups->lifecycle->kill_mode == KILL_MIXED)
			instance_kill(instance);
		instance_linger(instance);
		break;
	case DO_CLEAR:
		clear_rest(instance);
		break;
	case DO_KILL_REST:
		kill_rest(instance);
		break;
	case DO_GIVE_UP:
		give_up_processes(instance);
		break;
	case DO_REPORT:
		if (sequence)
			ev_timer_start(instance->engine->loop, &sequence->over);
		else
			report_end(instance);
		break;
	case DO_IGNORE:
	case DO_IMPOSSIBLE:
	case INSTANCE_ACTIONS:
		break;
	}
}

void instance_event(struct instance *instance, enum instance_event event)
{
	struct instance_step step = instance_table[instance->state][event];
	struct event bug = { .name = "bug", .service = instance->service->name };

	if (step.action == DO_IMPOSSIBLE) {
		log_event(instance->engine->log, LEVEL_ERROR, &bug,
			  "no way on for an instance from %s by %s: this is a bug of superd",
			  instance_state_name((enum instance_state)instance->state), instance_event_name(event));
		return;
	}
	instance->state = step.next;
	if (instance->sequence)         /* the next superd must not begin its phase again */
		runtime_note_change(instance->sequence->runtime);
	/* It is being stopped, or nothing of it is left to serve. A oneshot whose processes are cleared may stay. */
	if (instance->state >= INSTANCE_STOP_CMD && !instance_is_clearing(instance))
		relay_retire(instance);
	perform_action(instance, (enum instance_action)step.action);
}

/* ---- its commands and its start apart, as a whole ---- */

static void on_over(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct exec_sequence *sequence = timer->data;

	(void)loop, (void)events;
	report_end(sequence->instance);
}

void exec_sequence_make(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance)
{
	*sequence = (struct exec_sequence){ .instance = instance, .runtime = runtime };
	aux_command_init(&sequence->command, runtime, instance, on_command_done);
	sequence->command.checks = true;
	exec_status_init(&sequence->exec_status, runtime->engine->loop, on_report);
	ev_timer_init(&sequence->over, on_over, 0., 0.);
	sequence->over.data = sequence;
	instance->sequence = sequence;
}

bool exec_sequence_is_at_rest(struct exec_sequence *sequence)
{
	return sequence->instance->state != INSTANCE_LAUNCHED && aux_command_is_at_rest(&sequence->command) &&
		!ev_is_active(&sequence->over);
}

void exec_sequence_adopt(struct exec_sequence *sequence, pid_t pid)
{
	aux_command_forget(&sequence->command);
	sequence->instance->state = INSTANCE_LAUNCHED;
	instance_begin(sequence->instance, pid, clock_now());
}

void exec_sequence_go_on(struct exec_sequence *sequence)
{
	struct instance *instance = sequence->instance;

	switch ((enum instance_state)instance->state) {
	case INSTANCE_LAUNCHED:         /* its report ended with the superd before; if it has not run, its end tells */
		if (instance->pid) {
			instance_event(instance, run_event(instance));
			return;
		}
		buf_text(&sequence->why, "superd was ended as it made its process");
		set_failed(instance, RESULT_RESOURCES);
		instance_event(instance, ON_EXEC_FAIL);
		return;
	case INSTANCE_COND:
	case INSTANCE_PRE:
	case INSTANCE_POST:
	case INSTANCE_STOP_CMD:
	case INSTANCE_TERM:
	case INSTANCE_FINAL:
	case INSTANCE_KILL:
	case INSTANCE_LEAVE:
	case INSTANCE_STOP_POST:
		break;
	case INSTANCE_OVER:
		ev_timer_start(instance->engine->loop, &sequence->over);
		return;
	default:
		return;
	}
	if (!aux_command_is_busy(&sequence->command))
		on_command_done(&sequence->command, RESULT_RESOURCES, 0);
}

void exec_sequence_begin(struct exec_sequence *sequence)
{
	if (list_has_one(runtime_instances(sequence->runtime))) /* what another superd left when it was killed */
		cleanup_remove_credentials(sequence->runtime);
	instance_event(sequence->instance, ON_BEGIN);
}

void exec_sequence_retire(struct exec_sequence *sequence, bool keeps_client)
{
	struct instance *instance = sequence->instance;

	exec_status_settle(&sequence->exec_status, false);
	if (instance->state == INSTANCE_COND || instance->state == INSTANCE_PRE ||
	    instance->state == INSTANCE_REMAIN ||
	    (instance->state == INSTANCE_LAUNCHED && !keeps_client))
		instance_stop(instance);
}

void exec_sequence_free(struct exec_sequence *sequence)
{
	ev_timer_stop(sequence->runtime->engine->loop, &sequence->over);
	exec_status_forget(&sequence->exec_status);
	aux_command_forget(&sequence->command);
	buf_free(&sequence->why);
}

void instance_fill_event(const struct ending *ending, struct event *event)
{
	event->has_duration = true;
	event->duration = ending->lasted;
	event->has_signal = WIFSIGNALED(ending->status);
	event->signal = event->has_signal ? WTERMSIG(ending->status) : 0;
	event->has_status = !event->has_signal;
	event->status = event->has_status ? WEXITSTATUS(ending->status) : 0;
}
