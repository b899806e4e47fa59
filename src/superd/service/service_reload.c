/* Makes a backend read its configuration again: first by reload_signal, if the backend reports the end of its
 * reload, then by the commands of exec_reload. The backend may end in the meantime, and another one start in its
 * place; the result is that of the first one. */
#include "superd/service/service_reload.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scan.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/instance_state.h"
#include "superd/instance/notify_state.h"
#include "superd/loop/fd_watch.h"
#include "superd/saved/state_stream.h"
#include "superd/service/service_drain.h"
#include "superd/stop/freeze.h"
#include "table/words/command_prefix.h"

struct service_reload {
	struct {                        /* saved */
		ev_timer timer;         /* end of timeout_start */
		pid_t pid;              /* main process of the instance that reloads */
		bool commands;          /* true: the commands of exec_reload run */
		bool waits;             /* true: superd waits for its READY=1 */
		unsigned reloads;       /* value of notify_state.reloads at the beginning */
		enum order_result result;
	};
	struct aux_command control;
	struct service_runtime *runtime;
	char text[400];                 /* the line of the log about the result */
};

static void wake_operators(struct service_reload *reload)
{
	struct engine *engine = reload->runtime->engine;

	watch_wake_changes(engine);
}

__attribute__((format(printf, 3, 4))) static void set_result(struct service_reload *reload, enum order_result result,
							  const char *format, ...)
{
	struct event event = { .name = "refreshed", .service = reload->runtime->service->name, .pid = reload->pid };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reload->text, sizeof(reload->text), format, arguments);
	va_end(arguments);
	reload->result = result;
	reload->waits = false;
	ev_timer_stop(reload->runtime->engine->loop, &reload->timer);
	log_event(reload->runtime->engine->log, result == ORDER_REFRESHED ? LEVEL_INFO : LEVEL_WARNING, &event, "%s",
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

	if (reload->result != ORDER_UNDER_WAY || reload->commands)
		return;
	if (!instance || instance->facts.stopped)
		set_result(reload, ORDER_FAILED, "pid %ld ended before it read its configuration again", pid);
	else if (!reload->waits)
		set_result(reload, ORDER_REFRESHED, "the reload command ended well (pid %ld)", pid);
	else if (instance->notice && instance->notice->reloads != reload->reloads)
		set_result(reload, ORDER_REFRESHED, "pid %ld has read its configuration again", pid);
}

/* Sets the result ORDER_FAILED, with the last line that the commands printed, which mostly has the reason. */
static void fail_commands(struct service_reload *reload, enum result result, int status)
{
	const char *line = start_kit_last_line(&reload->runtime->run->kit);
	char text[48];

	status_describe(status, text);
	set_result(reload, ORDER_FAILED, "pid %ld runs on; exec_reload has failed: %s (%s)%s%.200s", (long)reload->pid,
		   result_name(result), text, *line ? ": " : "", line);
}

static void on_commands_ended(struct aux_command *control, enum result result, int status)
{
	struct service_reload *reload = container_of(control, struct service_reload, control);

	reload->commands = false;
	if (reload->result != ORDER_UNDER_WAY)
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
	if (reload->commands || reload->result != ORDER_UNDER_WAY)
		return;                 /* the commands have a time limit of their own */
	set_result(reload, ORDER_FAILED,
		   "pid %ld runs on; it has not sent READY=1 within timeout_start of reload_signal", (long)reload->pid);
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
	reload->result = ORDER_REFRESHED;
	aux_command_init(&reload->control, runtime, NULL, on_commands_ended);
	ev_init(&reload->timer, on_timeout);
	reload->timer.data = reload;
	return reload;
}

/* Returns why there is no reload; ORDER_UNDER_WAY: it can begin. */
static enum order_result find_obstacle(struct service_runtime *runtime)
{
	bool runs = runtime_state(runtime) == STARTING || runtime_state(runtime) == RUNNING;

	if (runtime->service->exec->accept || (runtime_is_empty(runtime) && !runs))
		return ORDER_NEEDS_NO_REFRESH;
	if (runtime_state(runtime) == FROZEN)
		return ORDER_IS_FROZEN;
	if (runtime_state(runtime) != RUNNING || !runtime_current(runtime))
		return ORDER_UNSETTLED;
	if (runtime->service->exec->type != TYPE_NOTIFY_RELOAD &&
	    !service_has_commands(runtime->service, PHASE_RELOAD, PHASE_RELOAD))
		return ORDER_NO_COMMAND;
	return ORDER_UNDER_WAY;
}

static bool send_signal(struct service_reload *reload, const struct instance *instance, struct buf *why)
{
	int signal = reload->runtime->service->groups->lifecycle->reload_signal;
	char name[32];

	reload->reloads = instance->notice ? instance->notice->reloads : 0;
	if (instance_signal_main(instance, signal))
		return true;
	buf_addf(why, "%s cannot be sent to pid %ld: %s", scan_signal_name(signal, name), (long)instance->pid,
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

enum order_result service_reload_begin(struct service_runtime *runtime, struct buf *why)
{
	const struct service *service = runtime->service;
	bool commands = service_has_commands(service, PHASE_RELOAD, PHASE_RELOAD);
	bool signals = service->exec->type == TYPE_NOTIFY_RELOAD;
	enum order_result obstacle = find_obstacle(runtime);
	struct service_reload *reload = obstacle ? NULL : service_reload_of(runtime);

	if (obstacle)
		return obstacle;
	if (!reload)
		return ORDER_NO_MEMORY;
	if (reload->result == ORDER_UNDER_WAY || reload->commands)
		return ORDER_BUSY;
	service_thaw(runtime);         /* an instance that idle_timeout is freezing would not get the signal */
	reload->pid = runtime_current(runtime)->pid;
	if (signals && !send_signal(reload, runtime_current(runtime), why))
		return ORDER_FAILED;
	reload->result = ORDER_UNDER_WAY;
	reload->waits = signals;
	reload->commands = commands;
	if (signals)
		start_timeout(reload);
	if (commands) {
		start_kit_forget_line(&runtime->run->kit);
		aux_command_set_fact(&reload->control, 0, "MAINPID=%ld", (long)reload->pid);
		aux_command_begin(&reload->control, PHASE_RELOAD, service->groups->lifecycle->timeout_start);
	}
	return service_reload_look(runtime, why);
}

enum order_result service_reload_look(struct service_runtime *runtime, struct buf *why)
{
	struct service_reload *reload = runtime->run ? runtime->run->reload : NULL;

	if (!reload)
		return ORDER_ENDS;
	check_result(reload);
	if (reload->result != ORDER_UNDER_WAY)
		buf_text(why, reload->text);
	return reload->result;
}

bool service_reload_is_at_rest(const struct service_runtime *runtime)
{
	const struct service_reload *reload = runtime->run ? runtime->run->reload : NULL;

	return !reload || aux_command_is_at_rest(&reload->control);
}

static void save_result(struct state_saver *saver, const void *object)
{
	save_number(saver, "under_way", ((const struct service_reload *)object)->result == ORDER_UNDER_WAY);
}

static void load_result(struct state_section *section, void *object)
{
	((struct service_reload *)object)->result =
		state_flag(section, "under_way") ? ORDER_UNDER_WAY : ORDER_REFRESHED;
}

static const struct state_field reload_fields[] = {
	{ STATE_FIELD(service_reload, "pid", pid), .least = 2, .most = INT32_MAX },
	{ STATE_FIELD(service_reload, "timer", timer) },
	{ STATE_BY(service_reload, result, save_result, load_result) },
	{ STATE_FIELD(service_reload, "commands", commands) },
	{ STATE_FIELD(service_reload, "waits", waits) },
	{ STATE_FIELD(service_reload, "reloads", reloads) },
};
const struct field_table service_reload_state = FIELD_TABLE("refresh", service_reload, reload_fields);

void service_reload_save(struct state_saver *saver, struct service_runtime *runtime)
{
	struct service_reload *reload = runtime->run->reload;

	if (reload->result != ORDER_UNDER_WAY && !reload->commands)
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
