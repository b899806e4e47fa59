/* Makes a backend read its configuration again: first by reload_signal, if the backend reports the end of its
 * reload, then by the commands of exec_reload. The backend may end in the meantime, and another one start in its
 * place; the result is that of the first one. */
#include "engine/service/service_reload.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "config/words/command_prefix.h"
#include "engine/core/fd_watch.h"
#include "engine/freeze/freeze.h"
#include "engine/instance/aux_command.h"
#include "engine/instance/instance_state.h"
#include "engine/instance/notify_state.h"
#include "engine/serialize/state_load.h"
#include "engine/service/service_thaw.h"

struct service_reload {
	struct aux_command control;
	ev_timer timer;                 /* end of timeout_start */
	struct service_runtime *runtime;
	pid_t pid;                      /* main process of the instance that reloads */
	bool commands;                  /* true: the commands of exec_reload run */
	bool waits;                     /* true: superd waits for its READY=1 */
	unsigned reloads;               /* value of notify_state.reloads at the beginning */
	enum operator_status status;
	char text[400];                 /* the result, for the operator */
};

static void wake_operators(struct service_reload *reload)
{
	struct engine *engine = reload->runtime->engine;

	watch_wake_changes(engine);
}

__attribute__((format(printf, 3, 4))) static void set_result(struct service_reload *reload, enum operator_status status,
							  const char *format, ...)
{
	struct event event = { .name = "refreshed", .service = reload->runtime->service->name, .pid = reload->pid };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reload->text, sizeof(reload->text), format, arguments);
	va_end(arguments);
	reload->status = status;
	reload->waits = false;
	ev_timer_stop(reload->runtime->engine->loop, &reload->timer);
	log_event(reload->runtime->engine->log, status == DONE ? LEVEL_INFO : LEVEL_WARNING, &event, "%s",
		  reload->text);
	wake_operators(reload);
}

static struct instance *asked_instance(const struct service_reload *reload)
{
	struct instance *instance = runtime_current(reload->runtime);

	return instance && instance->pid == reload->pid ? instance : NULL;
}

/* Checks whether the reload is done. Only READY=1 proves that the backend has read its configuration: a command may
 * have sent a signal and ended. */
static void check_result(struct service_reload *reload)
{
	const struct instance *instance = asked_instance(reload);
	long pid = (long)reload->pid;

	if (reload->status != UNDER_WAY || reload->commands)
		return;
	if (!instance || instance->facts.stopped)
		set_result(reload, FAILED, "pid %ld ended before it read its configuration again", pid);
	else if (!reload->waits)
		set_result(reload, DONE, "the reload command ended well (pid %ld)", pid);
	else if (instance->notice && instance->notice->reloads != reload->reloads)
		set_result(reload, DONE, "pid %ld has read its configuration again", pid);
}

/* Sets the result FAILED, with the last line that the commands printed, which mostly has the reason. */
static void fail_commands(struct service_reload *reload, enum result result, int status)
{
	const char *line = start_kit_last_line(&reload->runtime->run->kit);
	char text[48];

	status_describe(status, text);
	set_result(reload, FAILED, "pid %ld runs on; exec_reload has failed: %s (%s)%s%.200s", (long)reload->pid,
		   result_name(result), text, *line ? ": " : "", line);
}

static void on_commands_ended(struct aux_command *control, enum result result, int status)
{
	struct service_reload *reload = container_of(control, struct service_reload, control);

	reload->commands = false;
	if (reload->status != UNDER_WAY)
		return;
	if (result == RESULT_SUCCESS)
		check_result(reload);
	else
		fail_commands(reload, result, status);
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct service_reload *reload = timer->data;

	(void)loop, (void)events;
	check_result(reload);
	if (reload->commands || reload->status != UNDER_WAY)
		return;                 /* the commands have a time limit of their own */
	set_result(reload, FAILED, "pid %ld runs on; it has not sent READY=1 within timeout_start of reload_signal",
		   (long)reload->pid);
}

static struct service_reload *service_reload_of(struct service_runtime *runtime)
{
	struct service_reload *reload = runtime->run->reload;

	if (reload)
		return reload;
	reload = runtime->run->reload = calloc(1, sizeof(*reload));
	if (!reload)
		return NULL;
	reload->runtime = runtime;
	reload->status = DONE;
	aux_command_init(&reload->control, runtime, NULL, on_commands_ended);
	ev_init(&reload->timer, on_timeout);
	reload->timer.data = reload;
	return reload;
}

/* Returns why a reload is not needed; NULL: an instance runs. */
static const char *why_needless(struct service_runtime *runtime)
{
	if (runtime->service->exec->accept)
		return "accept = yes: the next client's instance reads its configuration anyway";
	if (runtime->run && !list_empty(runtime_instances(runtime)))
		return NULL;
	if (runtime_state(runtime) == STARTING || runtime_state(runtime) == RUNNING)
		return NULL;
	return "it does not run: its next start reads its configuration anyway";
}

/* Returns why the service cannot reload now; NULL: it can. */
static const char *why_not(struct service_runtime *runtime, bool signals, bool commands)
{
	if (runtime_state(runtime) == FROZEN)
		return "thaw it first, then it can read";
	if (runtime_state(runtime) != RUNNING || !runtime_current(runtime))
		return "its instance is starting or ending: try again when the service runs";
	if (!signals && !commands)
		return "it has no exec_reload, and its type is not notify-reload";
	return NULL;
}

static bool send_signal(struct service_reload *reload, const struct instance *instance, struct buf *answer)
{
	int signal = reload->runtime->service->groups->lifecycle->reload_signal;
	char name[32];

	reload->reloads = instance->notice ? instance->notice->reloads : 0;
	if (instance_signal_main(instance, signal))
		return true;
	buf_addf(answer, "%s cannot be sent to pid %ld: %s", scan_signal_name(signal, name), (long)instance->pid,
		 strerror(errno));
	return false;
}

static void start_timeout(struct service_reload *reload)
{
	int64_t timeout = reload->runtime->service->groups->lifecycle->timeout_start;

	ev_timer_stop(reload->runtime->engine->loop, &reload->timer);
	if (timeout <= 0 || timeout == SCAN_INFINITY)
		return;
	ev_timer_set(&reload->timer, (double)timeout / 1e6, 0.);
	ev_timer_start(reload->runtime->engine->loop, &reload->timer);
}

enum operator_status service_reload_begin(struct service_runtime *runtime, struct buf *answer)
{
	const struct service *service = runtime->service;
	bool commands = service_has_commands(service, PHASE_RELOAD, PHASE_RELOAD);
	bool signals = service->exec->type == TYPE_NOTIFY_RELOAD;
	const char *needless = why_needless(runtime), *why = needless ? NULL : why_not(runtime, signals, commands);
	struct service_reload *reload = needless || why ? NULL : service_reload_of(runtime);

	if (needless) {
		buf_text(answer, needless);
		return DONE;
	}
	if (!reload) {
		buf_text(answer, why ? why : "out of memory");
		return FAILED;
	}
	if (reload->status == UNDER_WAY || reload->commands) {
		buf_text(answer, "it is reading its configuration again already");
		return FAILED;
	}
	service_thaw(runtime);         /* an instance that idle_timeout is freezing would not get the signal */
	reload->pid = runtime_current(runtime)->pid;
	if (signals && !send_signal(reload, runtime_current(runtime), answer))
		return FAILED;
	reload->status = UNDER_WAY;
	reload->waits = signals;
	reload->commands = commands;
	if (signals)
		start_timeout(reload);
	if (commands) {
		start_kit_forget_line(&runtime->run->kit);
		aux_command_set_fact(&reload->control, 0, "MAINPID=%ld", (long)reload->pid);
		aux_command_begin(&reload->control, PHASE_RELOAD, service->groups->lifecycle->timeout_start);
	}
	return service_reload_look(runtime, answer);
}

enum operator_status service_reload_look(struct service_runtime *runtime, struct buf *answer)
{
	struct service_reload *reload = runtime->run ? runtime->run->reload : NULL;

	if (!reload) {
		buf_text(answer, "it has ended");
		return FAILED;
	}
	check_result(reload);
	if (reload->status != UNDER_WAY)
		buf_text(answer, reload->text);
	return reload->status;
}

bool service_reload_is_at_rest(const struct service_runtime *runtime)
{
	const struct service_reload *reload = runtime->run ? runtime->run->reload : NULL;

	return !reload || aux_command_is_at_rest(&reload->control);
}

static void save_status(struct state_saver *saver, const void *object)
{
	save_number(saver, "under_way", ((const struct service_reload *)object)->status == UNDER_WAY);
}

static void load_status(struct state_section *section, void *object)
{
	((struct service_reload *)object)->status = state_flag(section, "under_way") ? UNDER_WAY : DONE;
}

static const struct state_field reload_fields[] = {
	{ STATE_FIELD(service_reload, "pid", pid), .least = 2, .most = INT32_MAX },
	{ STATE_FIELD(service_reload, "timer", timer) },
	{ STATE_BY(service_reload, status, save_status, load_status) },
	{ STATE_FIELD(service_reload, "commands", commands) },
	{ STATE_FIELD(service_reload, "waits", waits) },
	{ STATE_FIELD(service_reload, "reloads", reloads) },
	{ STATE_NONE(service_reload, control, "the command that runs has a section of its own") },
	{ STATE_NONE(service_reload, runtime, "the service in front of it") },
	{ STATE_NONE(service_reload, text, "the operator who waits for it loses the connection") },
};
const struct field_table service_reload_state = FIELD_TABLE("refresh", service_reload, reload_fields);

void service_reload_save(struct state_saver *saver, struct service_runtime *runtime)
{
	struct service_reload *reload = runtime->run->reload;

	if (!reload || (reload->status != UNDER_WAY && !reload->commands))
		return;
	state_save(saver, &service_reload_state, reload);
	if (aux_command_is_busy(&reload->control))
		state_save(saver, &command_state, &reload->control);
}

struct aux_command *service_reload_load(struct service_runtime *runtime, struct state_section *section)
{
	struct service_reload *reload = service_reload_of(runtime);

	if (!reload)
		return NULL;
	state_load(section, &service_reload_state, reload, runtime->engine->loop);
	reload->control.phase = PHASE_RELOAD;
	return &reload->control;
}

void service_reload_go_on(struct service_runtime *runtime)
{
	struct service_reload *reload = runtime->run ? runtime->run->reload : NULL;

	if (reload && reload->commands && !aux_command_is_busy(&reload->control))
		reload->control.ended(&reload->control, RESULT_RESOURCES, 0);
}

void service_reload_free(struct service_runtime *runtime)
{
	struct service_reload *reload = runtime->run->reload;

	if (!reload)
		return;
	ev_timer_stop(runtime->engine->loop, &reload->timer);
	aux_command_forget(&reload->control);
	free(reload);
	runtime->run->reload = NULL;
}
