/* The course of an instance, step by step. A step may end well, badly, or because the instance is being stopped, and
 * the main process may end during any of them. So the next step depends on the state of the instance at the end of a
 * step. The loop reports the end of the instance, never a call that still needs it. */
#include "engine/instance/course.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/scan.h"
#include "config/option/option_name.h"
#include "config/option/service_mark.h"
#include "config/words/command_prefix.h"
#include "engine/instance/hearing.h"
#include "engine/runtime/runtime.h"
#include "exec/dirs/credentials.h"
#include "exec/spawn/spawn.h"

bool course_has_steps(const struct service *service, const struct plan *plan)
{
	return plan->condition_count || service->groups->restart->remain_after_exit ||
	       service_has_commands(service, PHASE_CONDITION, PHASE_START_POST) ||
	       service_has_commands(service, PHASE_STOP, PHASE_STOP_POST);
}

/* A oneshot may take any time until it is done, unless its table says otherwise. */
static int64_t start_patience(const struct course *course)
{
	const struct service *service = course->keeper->service;

	if (service->exec->type == TYPE_ONESHOT && !service_mark(service, "timeout_start"))
		return SCAN_INFINITY;
	return service->groups->lifecycle->timeout_start;
}

static bool main_lives(const struct course *course)
{
	return course->instance->pid && !course->main_is_gone;
}

/* The variables of the commands that describe the main process: its pid, or how it has ended. */
static void set_facts(struct course *course, enum command_phase phase)
{
	const struct instance *instance = course->instance;
	struct control *control = &course->control;
	bool signalled = WIFSIGNALED(instance->status);
	char name[32];

	for (int n = 0; n < CONTROL_FACTS; n++)
		*control->facts[n] = '\0';
	if (main_lives(course))
		control_set_fact(control, 0, "MAINPID=%ld", (long)instance->pid);
	if (phase != PHASE_STOP && phase != PHASE_STOP_POST)
		return;
	control_set_fact(control, 1, "SERVICE_RESULT=%s", result_name(instance_result(instance)));
	if (!course->has_run || !course->main_is_gone)
		return;
	control_set_fact(control, 2, "EXIT_CODE=%s",
			 !signalled			   ? "exited"
			 : WCOREDUMP(instance->status) ? "dumped"
						       : "killed");
	if (signalled)
		control_set_fact(control, 3, "EXIT_STATUS=%s", scan_signal_name(WTERMSIG(instance->status), name));
	else
		control_set_fact(control, 3, "EXIT_STATUS=%d", WEXITSTATUS(instance->status));
}

static void run_phase(struct course *course, enum course_step step, enum command_phase phase)
{
	bool stops = phase == PHASE_STOP || phase == PHASE_STOP_POST;

	course->step = step;
	set_facts(course, phase);
	control_begin(&course->control, phase,
		      stops ? course->keeper->service->groups->lifecycle->timeout_stop : start_patience(course));
}

static void end(struct course *course)
{
	course->step = COURSE_CLEARING;
	ev_timer_start(course->keeper->engine->loop, &course->over);
}

/* Nothing of the main process is left. */
static void clear_up(struct course *course)
{
	run_phase(course, COURSE_CLEARING, PHASE_STOP_POST);
}

static void fail(struct course *course, enum result result)
{
	struct instance *instance = course->instance;

	if (!instance->result)
		instance->result = result;
	instance->failed |= !result_is_good(result);
}

/* The start has failed after the main process began, which must end, too. */
static void give_up(struct course *course)
{
	if (main_lives(course))
		course->instance->on_limit(course->instance);
	else
		clear_up(course);
}

static void be_ready(struct course *course)
{
	course->step = COURSE_READY;
	course->owner->ready(course);
}

/* Its main process has ended, and the start had succeeded. */
static void leave(struct course *course)
{
	struct instance *instance = course->instance;
	bool well = instance_result(instance) == RESULT_SUCCESS && !instance->stopping;

	instance_limit(instance, SCAN_INFINITY);
	if (well && course->keeper->service->groups->restart->remain_after_exit && !instance->retired)
		course->step = COURSE_REMAINING;
	else if (well)
		run_phase(course, COURSE_LEAVING, PHASE_STOP);
	else
		clear_up(course);
}

static bool is_immediate(const struct course *course)
{
	return !course->instance->starting && course->instance->service->exec->type != TYPE_ONESHOT;
}

static void main_runs(struct course *course)
{
	course->has_run = true;
	course->step = COURSE_RUNNING;
	course->owner->runs(course);
	if (is_immediate(course))
		course_main_is_ready(course);
}

void course_main_is_ready(struct course *course)
{
	if (course->step == COURSE_LAUNCHED)
		course->waits = false;  /* it was quicker to say so than its start is to be heard of */
	else if (course->step == COURSE_RUNNING && !course->instance->stopping)
		run_phase(course, COURSE_AFTER, PHASE_START_POST);
}

/* An unmet condition is no failure, and no command runs for it. */
static void take_fault(struct course *course, const struct fault *fault)
{
	bool is_condition = fault->stage == STAGE_CONDITIONS && !fault->error;

	course->fault = *fault;
	launch_describe_fault(course->keeper->service, fault, &course->why);
	fail(course, is_condition ? RESULT_CONDITION : RESULT_RESOURCES);
}

static void on_report(struct apart *apart, const struct fault *fault)
{
	struct course *course = container_of(apart, struct course, apart);

	if (fault) {
		take_fault(course, fault);
	} else if (!course->instance->killed) {
		course->instance->starting = course->waits;
		main_runs(course);
	}
}

static void launch_main(struct course *course)
{
	struct spawn_request launch = { .pid = -1, .report = -1 };
	struct instance *instance = course->instance;

	if (course->owner->launch(course, &launch, &course->why) &&
	    !instance_begin(instance, launch.pid, launch.begun))
		buf_text(&course->why, "out of memory");
	course->control.checks = false;
	if (!instance->pid || course->why.length) {
		if (launch.report >= 0)
			fd_close(&launch.report);
		instance->pid = 0;
		fail(course, RESULT_RESOURCES);
		clear_up(course);
		return;
	}
	if (launch.report < 0) {
		main_runs(course);
		return;
	}
	course->step = COURSE_LAUNCHED;
	course->waits = instance->starting;
	instance->starting = true;
	/* Of a oneshot, too: it does nothing of its own yet. */
	instance_limit(instance, instance->service->groups->lifecycle->timeout_start);
	apart_watch(&course->apart, launch.report);
}

static void describe_fault(struct course *course)
{
	const struct control *control = &course->control;

	buf_addf(&course->why, "%s: %s", stage_name(control->fault.stage), fault_reason(&control->fault));
	control_add_interpreter(control, &course->why);
}

static void describe_failure(struct course *course, int status)
{
	const struct control *control = &course->control;
	char text[48];

	control_describe(control, &course->why);
	status_describe(status, text);
	if (control->late)
		buf_addf(&course->why, "it was not done within %s",
			 option_name_of(course->keeper->service, "timeout_start"));
	else if (control->fault.stage != STAGE_NONE)
		describe_fault(course);
	else
		buf_text(&course->why, text);
	origin_cite(service_origin(course->keeper->service, command_option(control->phase)), &course->why);
}

static void go_on_before(struct course *course, enum result result, int status)
{
	const struct control *control = &course->control;
	bool asked = control->phase == PHASE_CONDITION && result == RESULT_EXIT_CODE &&
		control->fault.stage == STAGE_NONE && WEXITSTATUS(status) < 255;

	if (result == RESULT_CONDITION) {
		take_fault(course, &control->fault);
		end(course);
	} else if (course->instance->stopping) {
		clear_up(course);
	} else if (result != RESULT_SUCCESS) {
		describe_failure(course, status);
		fail(course, asked ? RESULT_EXEC_CONDITION : result);
		clear_up(course);
	} else if (control->phase == PHASE_CONDITION) {
		run_phase(course, COURSE_BEFORE, PHASE_START_PRE);
	} else {
		launch_main(course);
	}
}

static void go_on_after(struct course *course, enum result result, int status)
{
	if (course->instance->stopping) {
		if (course->main_is_gone)
			clear_up(course);
	} else if (result != RESULT_SUCCESS) {
		describe_failure(course, status);
		fail(course, result);
		give_up(course);
	} else {
		be_ready(course);
		if (course->main_is_gone)
			leave(course);
	}
}

static void on_control_ended(struct control *control, enum result result, int status)
{
	struct course *course = container_of(control, struct course, control);

	if (course->step == COURSE_BEFORE)
		go_on_before(course, result, status);
	else if (course->step == COURSE_AFTER)
		go_on_after(course, result, status);
	else if (course->step == COURSE_CLEARING)
		end(course);
	else if (course->main_is_gone)
		clear_up(course);
	else
		instance_signal_stop(course->instance);
}

/* instance->wind_up: the main process and all of its group have gone. */
static void wind_up(struct instance *instance)
{
	struct course *course = instance->course;
	bool oneshot = instance->service->exec->type == TYPE_ONESHOT;

	apart_settle(&course->apart, !instance->doomed);
	if (apart_is_under_way(&course->apart)) {       /* it was given up, or killed */
		apart_forget(&course->apart);
		if (!course->why.length)
			buf_text(&course->why, "its start hangs");
	}
	course->main_is_gone = true;
	if (control_is_busy(&course->control))
		return;                         /* it is done first, whether of the start or of the stop */
	if (course->step == COURSE_RUNNING && oneshot && !instance->stopping &&
		 instance_result(instance) == RESULT_SUCCESS)
		run_phase(course, COURSE_AFTER, PHASE_START_POST);
	else if (course->step == COURSE_READY)
		leave(course);
	else if (course->fault.stage == STAGE_CONDITIONS)
		end(course);
	else
		clear_up(course);
}

/* instance->wind_down: the instance has to stop. true: its signals come later, or no process is left for them. */
static bool wind_down(struct instance *instance)
{
	struct course *course = instance->course;
	bool has_commands = service_has_commands(course->keeper->service, PHASE_STOP, PHASE_STOP);

	switch (course->step) {
	case COURSE_BEFORE:
		control_stop(&course->control);
		return true;
	case COURSE_LAUNCHED:
		instance_kill(instance);        /* it hears nothing else yet */
		return true;
	case COURSE_RUNNING:
		return false;
	case COURSE_AFTER:
		control_stop(&course->control);
		return course->main_is_gone;
	case COURSE_READY:
		if (!has_commands || instance->failed)
			return false;
		run_phase(course, COURSE_LEAVING, PHASE_STOP);
		return true;
	case COURSE_REMAINING:
		run_phase(course, COURSE_LEAVING, PHASE_STOP);
		return true;
	case COURSE_LEAVING:
	case COURSE_CLEARING:
		return true;
	}
	return false;
}

static void on_over(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct course *course = timer->data;

	(void)loop, (void)events;
	instance_over(course->instance);
}

void course_resume(struct course *course, struct keeper *keeper, struct instance *instance,
		   const struct course_owner *owner)
{
	*course = (struct course){ .instance = instance, .keeper = keeper, .owner = owner };
	control_init(&course->control, keeper, instance, on_control_ended);
	course->control.checks = true;
	apart_init(&course->apart, keeper->engine->loop, on_report);
	ev_timer_init(&course->over, on_over, 0., 0.);
	course->over.data = course;
	instance->course = course;
	instance->wind_up = wind_up;
	instance->wind_down = wind_down;
}

void course_init(struct course *course, struct keeper *keeper, struct instance *instance,
		 const struct course_owner *owner)
{
	course_resume(course, keeper, instance, owner);
	if (keeper->activity->means.plan->tells_unit && spawn_invocation(course->invocation))
		course->control.invocation = course->invocation;
	instance_enter(instance);
}

bool course_is_at_rest(struct course *course)
{
	return course->step != COURSE_LAUNCHED && control_is_at_rest(&course->control) && !ev_is_active(&course->over);
}

void course_go_on(struct course *course)
{
	bool waits = course->step == COURSE_BEFORE || course->step == COURSE_AFTER || course->step >= COURSE_LEAVING;

	if (waits && !control_is_busy(&course->control))
		course->control.ended(&course->control, RESULT_RESOURCES, 0);
}

void course_begin(struct course *course)
{
	/* Its first commands may send messages, too; a lack of memory shows at the launch of the main process. */
	hearing_join(course->keeper->activity->means.notify, course->instance);
	if (list_has_one(keeper_instances(course->keeper)))     /* what another superd left when it was killed */
		credentials_remove(course->keeper->service, &course->keeper->engine->defaults,
				   course->keeper->engine->stopping);
	run_phase(course, COURSE_BEFORE, PHASE_CONDITION);
}

void course_retire(struct course *course)
{
	bool launched, keeps = course->owner->recall;

	apart_settle(&course->apart, false);
	launched = course->step == COURSE_LAUNCHED;
	if (keeps && !course->has_run)
		course->owner->recall(course);
	if (course->step == COURSE_BEFORE || course->step == COURSE_REMAINING || (launched && !keeps))
		instance_stop(course->instance);
}

void course_free(struct course *course)
{
	ev_timer_stop(course->keeper->engine->loop, &course->over);
	apart_forget(&course->apart);
	control_forget(&course->control);
	buf_free(&course->why);
}
