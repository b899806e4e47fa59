/* The course of an instance, step by step. A step may end well, badly, or because the instance is being stopped, and
 * the main process may end during any of them. So the next step depends on the state of the instance at the end of a
 * step. The loop reports the end of the instance, never a call that still needs it. */
#include "engine/instance/exec_sequence.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/scan.h"
#include "config/option/option_name.h"
#include "config/option/service_mark.h"
#include "config/words/command_prefix.h"
#include "engine/instance/notify_receive.h"
#include "engine/runtime/runtime.h"
#include "exec/dirs/credentials.h"
#include "exec/spawn/spawn.h"

bool exec_sequence_has_steps(const struct service *service, const struct plan *plan)
{
	return plan->condition_count || service->groups->restart->remain_after_exit ||
	       service_has_commands(service, PHASE_CONDITION, PHASE_START_POST) ||
	       service_has_commands(service, PHASE_STOP, PHASE_STOP_POST);
}

/* A oneshot may take any time until it is done, unless its table says otherwise. */
static int64_t start_patience(const struct exec_sequence *sequence)
{
	const struct service *service = sequence->runtime->service;

	if (service->exec->type == TYPE_ONESHOT && !service_mark(service, "timeout_start"))
		return SCAN_INFINITY;
	return service->groups->lifecycle->timeout_start;
}

static bool main_lives(const struct exec_sequence *sequence)
{
	return sequence->instance->pid && !sequence->main_is_gone;
}

/* The variables of the commands that describe the main process: its pid, or how it has ended. */
static void set_facts(struct exec_sequence *sequence, enum command_phase phase)
{
	const struct instance *instance = sequence->instance;
	struct aux_command *control = &sequence->control;
	bool signalled = WIFSIGNALED(instance->status);
	char name[32];

	for (int n = 0; n < CONTROL_FACTS; n++)
		*control->facts[n] = '\0';
	if (main_lives(sequence))
		aux_command_set_fact(control, 0, "MAINPID=%ld", (long)instance->pid);
	if (phase != PHASE_STOP && phase != PHASE_STOP_POST)
		return;
	aux_command_set_fact(control, 1, "SERVICE_RESULT=%s", result_name(instance_result(instance)));
	if (!sequence->has_run || !sequence->main_is_gone)
		return;
	aux_command_set_fact(control, 2, "EXIT_CODE=%s",
			     !signalled			   ? "exited"
			     : WCOREDUMP(instance->status) ? "dumped"
						       : "killed");
	if (signalled)
		aux_command_set_fact(control, 3, "EXIT_STATUS=%s", scan_signal_name(WTERMSIG(instance->status), name));
	else
		aux_command_set_fact(control, 3, "EXIT_STATUS=%d", WEXITSTATUS(instance->status));
}

static void run_phase(struct exec_sequence *sequence, enum exec_step step, enum command_phase phase)
{
	bool stops = phase == PHASE_STOP || phase == PHASE_STOP_POST;

	sequence->step = step;
	set_facts(sequence, phase);
	aux_command_begin(&sequence->control, phase,
			  stops ? sequence->runtime->service->groups->lifecycle->timeout_stop
				: start_patience(sequence));
}

static void end(struct exec_sequence *sequence)
{
	sequence->step = EXEC_STEP_CLEARING;
	ev_timer_start(sequence->runtime->engine->loop, &sequence->over);
}

/* Nothing of the main process is left. */
static void clear_up(struct exec_sequence *sequence)
{
	run_phase(sequence, EXEC_STEP_CLEARING, PHASE_STOP_POST);
}

static void fail(struct exec_sequence *sequence, enum result result)
{
	struct instance *instance = sequence->instance;

	if (!instance->result)
		instance->result = result;
	instance->failed |= !result_is_good(result);
}

/* The start has failed after the main process began, which must end, too. */
static void give_up(struct exec_sequence *sequence)
{
	if (main_lives(sequence))
		sequence->instance->on_limit(sequence->instance);
	else
		clear_up(sequence);
}

static void be_ready(struct exec_sequence *sequence)
{
	sequence->step = EXEC_STEP_READY;
	sequence->owner->ready(sequence);
}

/* Its main process has ended, and the start had succeeded. */
static void leave(struct exec_sequence *sequence)
{
	struct instance *instance = sequence->instance;
	bool well = instance_result(instance) == RESULT_SUCCESS && !instance->stopping;

	instance_limit(instance, SCAN_INFINITY);
	if (well && sequence->runtime->service->groups->restart->remain_after_exit && !instance->retired)
		sequence->step = EXEC_STEP_REMAINING;
	else if (well)
		run_phase(sequence, EXEC_STEP_LEAVING, PHASE_STOP);
	else
		clear_up(sequence);
}

static bool is_immediate(const struct exec_sequence *sequence)
{
	return !sequence->instance->starting && sequence->instance->service->exec->type != TYPE_ONESHOT;
}

static void main_runs(struct exec_sequence *sequence)
{
	sequence->has_run = true;
	sequence->step = EXEC_STEP_RUNNING;
	sequence->owner->runs(sequence);
	if (is_immediate(sequence))
		exec_sequence_main_is_ready(sequence);
}

void exec_sequence_main_is_ready(struct exec_sequence *sequence)
{
	if (sequence->step == EXEC_STEP_LAUNCHED)
		sequence->waits = false; /* it was quicker to say so than its start is to be heard of */
	else if (sequence->step == EXEC_STEP_RUNNING && !sequence->instance->stopping)
		run_phase(sequence, EXEC_STEP_AFTER, PHASE_START_POST);
}

/* An unmet condition is no failure, and no command runs for it. */
static void take_fault(struct exec_sequence *sequence, const struct fault *fault)
{
	bool is_condition = fault->stage == STAGE_CONDITIONS && !fault->error;

	sequence->fault = *fault;
	launch_describe_fault(sequence->runtime->service, fault, &sequence->why);
	fail(sequence, is_condition ? RESULT_CONDITION : RESULT_RESOURCES);
}

static void on_report(struct exec_status *apart, const struct fault *fault)
{
	struct exec_sequence *sequence = container_of(apart, struct exec_sequence, apart);

	if (fault) {
		take_fault(sequence, fault);
	} else if (!sequence->instance->killed) {
		sequence->instance->starting = sequence->waits;
		main_runs(sequence);
	}
}

static void launch_main(struct exec_sequence *sequence)
{
	struct spawn_request launch = { .pid = -1, .report = -1 };
	struct instance *instance = sequence->instance;

	if (sequence->owner->launch(sequence, &launch, &sequence->why) &&
	    !instance_begin(instance, launch.pid, launch.begun))
		buf_text(&sequence->why, "out of memory");
	sequence->control.checks = false;
	if (!instance->pid || sequence->why.length) {
		if (launch.report >= 0)
			fd_close(&launch.report);
		instance->pid = 0;
		fail(sequence, RESULT_RESOURCES);
		clear_up(sequence);
		return;
	}
	if (launch.report < 0) {
		main_runs(sequence);
		return;
	}
	sequence->step = EXEC_STEP_LAUNCHED;
	sequence->waits = instance->starting;
	instance->starting = true;
	/* Of a oneshot, too: it does nothing of its own yet. */
	instance_limit(instance, instance->service->groups->lifecycle->timeout_start);
	exec_status_watch(&sequence->apart, launch.report);
}

static void describe_fault(struct exec_sequence *sequence)
{
	const struct aux_command *control = &sequence->control;

	buf_addf(&sequence->why, "%s: %s", stage_name(control->fault.stage), fault_reason(&control->fault));
	aux_command_add_interpreter(control, &sequence->why);
}

static void describe_failure(struct exec_sequence *sequence, int status)
{
	const struct aux_command *control = &sequence->control;
	char text[48];

	aux_command_describe(control, &sequence->why);
	status_describe(status, text);
	if (control->late)
		buf_addf(&sequence->why, "it was not done within %s",
			 option_name_of(sequence->runtime->service, "timeout_start"));
	else if (control->fault.stage != STAGE_NONE)
		describe_fault(sequence);
	else
		buf_text(&sequence->why, text);
	origin_cite(service_origin(sequence->runtime->service, command_option(control->phase)), &sequence->why);
}

static void go_on_before(struct exec_sequence *sequence, enum result result, int status)
{
	const struct aux_command *control = &sequence->control;
	bool asked = control->phase == PHASE_CONDITION && result == RESULT_EXIT_CODE &&
		control->fault.stage == STAGE_NONE && WEXITSTATUS(status) < 255;

	if (result == RESULT_CONDITION) {
		take_fault(sequence, &control->fault);
		end(sequence);
	} else if (sequence->instance->stopping) {
		clear_up(sequence);
	} else if (result != RESULT_SUCCESS) {
		describe_failure(sequence, status);
		fail(sequence, asked ? RESULT_EXEC_CONDITION : result);
		clear_up(sequence);
	} else if (control->phase == PHASE_CONDITION) {
		run_phase(sequence, EXEC_STEP_BEFORE, PHASE_START_PRE);
	} else {
		launch_main(sequence);
	}
}

static void go_on_after(struct exec_sequence *sequence, enum result result, int status)
{
	if (sequence->instance->stopping) {
		if (sequence->main_is_gone)
			clear_up(sequence);
	} else if (result != RESULT_SUCCESS) {
		describe_failure(sequence, status);
		fail(sequence, result);
		give_up(sequence);
	} else {
		be_ready(sequence);
		if (sequence->main_is_gone)
			leave(sequence);
	}
}

static void on_control_ended(struct aux_command *control, enum result result, int status)
{
	struct exec_sequence *sequence = container_of(control, struct exec_sequence, control);

	if (sequence->step == EXEC_STEP_BEFORE)
		go_on_before(sequence, result, status);
	else if (sequence->step == EXEC_STEP_AFTER)
		go_on_after(sequence, result, status);
	else if (sequence->step == EXEC_STEP_CLEARING)
		end(sequence);
	else if (sequence->main_is_gone)
		clear_up(sequence);
	else
		instance_signal_stop(sequence->instance);
}

/* instance->wind_up: the main process and all of its group have gone. */
static void wind_up(struct instance *instance)
{
	struct exec_sequence *sequence = instance->sequence;
	bool oneshot = instance->service->exec->type == TYPE_ONESHOT;

	exec_status_settle(&sequence->apart, !instance->doomed);
	if (exec_status_is_under_way(&sequence->apart)) { /* it was given up, or killed */
		exec_status_forget(&sequence->apart);
		if (!sequence->why.length)
			buf_text(&sequence->why, "its start hangs");
	}
	sequence->main_is_gone = true;
	if (aux_command_is_busy(&sequence->control))
		return;                         /* it is done first, whether of the start or of the stop */
	if (sequence->step == EXEC_STEP_RUNNING && oneshot && !instance->stopping &&
		 instance_result(instance) == RESULT_SUCCESS)
		run_phase(sequence, EXEC_STEP_AFTER, PHASE_START_POST);
	else if (sequence->step == EXEC_STEP_READY)
		leave(sequence);
	else if (sequence->fault.stage == STAGE_CONDITIONS)
		end(sequence);
	else
		clear_up(sequence);
}

/* instance->wind_down: the instance has to stop. true: its signals come later, or no process is left for them. */
static bool wind_down(struct instance *instance)
{
	struct exec_sequence *sequence = instance->sequence;
	bool has_commands = service_has_commands(sequence->runtime->service, PHASE_STOP, PHASE_STOP);

	switch (sequence->step) {
	case EXEC_STEP_BEFORE:
		aux_command_stop(&sequence->control);
		return true;
	case EXEC_STEP_LAUNCHED:
		instance_kill(instance);        /* it hears nothing else yet */
		return true;
	case EXEC_STEP_RUNNING:
		return false;
	case EXEC_STEP_AFTER:
		aux_command_stop(&sequence->control);
		return sequence->main_is_gone;
	case EXEC_STEP_READY:
		if (!has_commands || instance->failed)
			return false;
		run_phase(sequence, EXEC_STEP_LEAVING, PHASE_STOP);
		return true;
	case EXEC_STEP_REMAINING:
		run_phase(sequence, EXEC_STEP_LEAVING, PHASE_STOP);
		return true;
	case EXEC_STEP_LEAVING:
	case EXEC_STEP_CLEARING:
		return true;
	}
	return false;
}

static void on_over(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct exec_sequence *sequence = timer->data;

	(void)loop, (void)events;
	instance_over(sequence->instance);
}

void exec_sequence_resume(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance,
			  const struct exec_sequence_owner *owner)
{
	*sequence = (struct exec_sequence){ .instance = instance, .runtime = runtime, .owner = owner };
	aux_command_init(&sequence->control, runtime, instance, on_control_ended);
	sequence->control.checks = true;
	exec_status_init(&sequence->apart, runtime->engine->loop, on_report);
	ev_timer_init(&sequence->over, on_over, 0., 0.);
	sequence->over.data = sequence;
	instance->sequence = sequence;
	instance->wind_up = wind_up;
	instance->wind_down = wind_down;
}

void exec_sequence_init(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance,
			const struct exec_sequence_owner *owner)
{
	exec_sequence_resume(sequence, runtime, instance, owner);
	if (runtime->run->kit.plan->tells_unit && spawn_invocation(sequence->invocation))
		sequence->control.invocation = sequence->invocation;
	instance_enter(instance);
}

bool exec_sequence_is_at_rest(struct exec_sequence *sequence)
{
	return sequence->step != EXEC_STEP_LAUNCHED && aux_command_is_at_rest(&sequence->control) &&
		!ev_is_active(&sequence->over);
}

void exec_sequence_go_on(struct exec_sequence *sequence)
{
	bool waits = sequence->step == EXEC_STEP_BEFORE || sequence->step == EXEC_STEP_AFTER ||
		sequence->step >= EXEC_STEP_LEAVING;

	if (waits && !aux_command_is_busy(&sequence->control))
		sequence->control.ended(&sequence->control, RESULT_RESOURCES, 0);
}

void exec_sequence_begin(struct exec_sequence *sequence)
{
	/* Its first commands may send messages, too; a lack of memory shows at the launch of the main process. */
	notify_receive_join(sequence->runtime->run->kit.notify, sequence->instance);
	if (list_has_one(runtime_instances(sequence->runtime))) /* what another superd left when it was killed */
		credentials_remove(sequence->runtime->service, &sequence->runtime->engine->defaults,
				   sequence->runtime->engine->stopping);
	run_phase(sequence, EXEC_STEP_BEFORE, PHASE_CONDITION);
}

void exec_sequence_retire(struct exec_sequence *sequence)
{
	bool launched, keeps = sequence->owner->recall;

	exec_status_settle(&sequence->apart, false);
	launched = sequence->step == EXEC_STEP_LAUNCHED;
	if (keeps && !sequence->has_run)
		sequence->owner->recall(sequence);
	if (sequence->step == EXEC_STEP_BEFORE || sequence->step == EXEC_STEP_REMAINING || (launched && !keeps))
		instance_stop(sequence->instance);
}

void exec_sequence_free(struct exec_sequence *sequence)
{
	ev_timer_stop(sequence->runtime->engine->loop, &sequence->over);
	exec_status_forget(&sequence->apart);
	aux_command_forget(&sequence->control);
	buf_free(&sequence->why);
}
