/* Makes a backend read its configuration again: first by reload_signal, where it reports when it is done, then by
 * the commands of exec_reload. The backend may end meanwhile and another one start in its place; the result then
 * belongs to the first one alone. */
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
	ev_timer timer;                 /* the end of timeout_start */
	struct service_runtime *runtime;
	pid_t pid;                      /* main process of the instance that was asked */
	bool commands;                  /* the commands of exec_reload run */
	bool waits;                     /* superd waits for its READY=1 */
	unsigned reloads;               /* notice->reloads when it was asked */
	enum operator_status standing;
	char text[400];                 /* the result, for the operator */
};

static void tell_change(struct service_reload *refresh)
{
	struct engine *engine = refresh->runtime->engine;

	watch_wake_changes(engine);
}

__attribute__((format(printf, 3, 4))) static void settle(struct service_reload *refresh, enum operator_status standing,
							  const char *format, ...)
{
	struct event event = { .name = "refreshed", .service = refresh->runtime->service->name, .pid = refresh->pid };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(refresh->text, sizeof(refresh->text), format, arguments);
	va_end(arguments);
	refresh->standing = standing;
	refresh->waits = false;
	ev_timer_stop(refresh->runtime->engine->loop, &refresh->timer);
	log_event(refresh->runtime->engine->log, standing == DONE ? LEVEL_INFO : LEVEL_WARNING, &event, "%s",
		  refresh->text);
	tell_change(refresh);
}

static struct instance *who_was_asked(const struct service_reload *refresh)
{
	struct instance *instance = runtime_current(refresh->runtime);

	return instance && instance->pid == refresh->pid ? instance : NULL;
}

/* Looks whether it is done. Only READY=1 proves that the backend has read its configuration: a command may have sent a
 * signal and ended. */
static void look(struct service_reload *refresh)
{
	const struct instance *instance = who_was_asked(refresh);
	long pid = (long)refresh->pid;

	if (refresh->standing != UNDER_WAY || refresh->commands)
		return;
	if (!instance || instance->facts.stopped)
		settle(refresh, FAILED, "pid %ld has ended before it had read its configuration again", pid);
	else if (!refresh->waits)
		settle(refresh, DONE, "the reload command ended well (pid %ld)", pid);
	else if (instance->notice && instance->notice->reloads != refresh->reloads)
		settle(refresh, DONE, "pid %ld has read its configuration again", pid);
}

/* Adds the last line that the commands printed, which most often has the reason. */
static void settle_failed(struct service_reload *refresh, enum result result, int status)
{
	const char *line = start_kit_last_line(&refresh->runtime->run->kit);
	char text[48];

	status_describe(status, text);
	settle(refresh, FAILED, "pid %ld runs on; exec_reload has failed: %s (%s)%s%.200s", (long)refresh->pid,
	       result_name(result), text, *line ? ": " : "", line);
}

static void on_commands_ended(struct aux_command *control, enum result result, int status)
{
	struct service_reload *refresh = container_of(control, struct service_reload, control);

	refresh->commands = false;
	if (refresh->standing != UNDER_WAY)
		return;
	if (result == RESULT_SUCCESS)
		look(refresh);
	else
		settle_failed(refresh, result, status);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct service_reload *refresh = timer->data;

	(void)loop, (void)events;
	look(refresh);
	if (refresh->commands || refresh->standing != UNDER_WAY)
		return;                 /* they have a limit of their own */
	settle(refresh, FAILED, "pid %ld runs on; it has not said READY=1 within timeout_start of reload_signal",
	       (long)refresh->pid);
}

static struct service_reload *service_reload_of(struct service_runtime *runtime)
{
	struct service_reload *refresh = runtime->run->reload;

	if (refresh)
		return refresh;
	refresh = runtime->run->reload = calloc(1, sizeof(*refresh));
	if (!refresh)
		return NULL;
	refresh->runtime = runtime;
	refresh->standing = DONE;
	aux_command_init(&refresh->control, runtime, NULL, on_commands_ended);
	ev_init(&refresh->timer, on_timer);
	refresh->timer.data = refresh;
	return refresh;
}

/* Returns why there is nothing to reload; NULL: an instance runs. */
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

/* Returns why it cannot reload now; NULL: it can. */
static const char *why_not(struct service_runtime *runtime, bool signals, bool commands)
{
	if (runtime_state(runtime) == FROZEN)
		return "thaw it first, then it can read";
	if (runtime_state(runtime) != RUNNING || !runtime_current(runtime))
		return "its instance is starting or ending: ask again when the service runs";
	if (!signals && !commands)
		return "it has no exec_reload, and its type is not notify-reload";
	return NULL;
}

static bool send_signal(struct service_reload *refresh, const struct instance *instance, struct buf *says)
{
	int signal = refresh->runtime->service->groups->lifecycle->reload_signal;
	char name[32];

	refresh->reloads = instance->notice ? instance->notice->reloads : 0;
	if (instance_signal_main(instance, signal))
		return true;
	buf_addf(says, "%s cannot be sent to pid %ld: %s", scan_signal_name(signal, name), (long)instance->pid,
		 strerror(errno));
	return false;
}

static void start_timer(struct service_reload *refresh)
{
	int64_t patience = refresh->runtime->service->groups->lifecycle->timeout_start;

	ev_timer_stop(refresh->runtime->engine->loop, &refresh->timer);
	if (patience <= 0 || patience == SCAN_INFINITY)
		return;
	ev_timer_set(&refresh->timer, (double)patience / 1e6, 0.);
	ev_timer_start(refresh->runtime->engine->loop, &refresh->timer);
}

enum operator_status service_reload_begin(struct service_runtime *runtime, struct buf *says)
{
	const struct service *service = runtime->service;
	bool commands = service_has_commands(service, PHASE_RELOAD, PHASE_RELOAD);
	bool signals = service->exec->type == TYPE_NOTIFY_RELOAD;
	const char *needless = why_needless(runtime), *why = needless ? NULL : why_not(runtime, signals, commands);
	struct service_reload *refresh = needless || why ? NULL : service_reload_of(runtime);

	if (needless) {
		buf_text(says, needless);
		return DONE;
	}
	if (!refresh) {
		buf_text(says, why ? why : "out of memory");
		return FAILED;
	}
	if (refresh->standing == UNDER_WAY || refresh->commands) {
		buf_text(says, "it is reading its configuration again already");
		return FAILED;
	}
	service_thaw(runtime);         /* what an idle_timeout is about to stop would not hear of it */
	refresh->pid = runtime_current(runtime)->pid;
	if (signals && !send_signal(refresh, runtime_current(runtime), says))
		return FAILED;
	refresh->standing = UNDER_WAY;
	refresh->waits = signals;
	refresh->commands = commands;
	if (signals)
		start_timer(refresh);
	if (commands) {
		start_kit_forget_line(&runtime->run->kit);
		aux_command_set_fact(&refresh->control, 0, "MAINPID=%ld", (long)refresh->pid);
		aux_command_begin(&refresh->control, PHASE_RELOAD, service->groups->lifecycle->timeout_start);
	}
	return service_reload_look(runtime, says);
}

enum operator_status service_reload_look(struct service_runtime *runtime, struct buf *says)
{
	struct service_reload *refresh = runtime->run ? runtime->run->reload : NULL;

	if (!refresh) {
		buf_text(says, "it has ended");
		return FAILED;
	}
	look(refresh);
	if (refresh->standing != UNDER_WAY)
		buf_text(says, refresh->text);
	return refresh->standing;
}

bool service_reload_is_at_rest(const struct service_runtime *runtime)
{
	const struct service_reload *refresh = runtime->run ? runtime->run->reload : NULL;

	return !refresh || aux_command_is_at_rest(&refresh->control);
}

static void save_standing(struct state_saver *carry, const void *object)
{
	save_number(carry, "under_way", ((const struct service_reload *)object)->standing == UNDER_WAY);
}

static void load_standing(struct state_section *section, void *object)
{
	((struct service_reload *)object)->standing = state_flag(section, "under_way") ? UNDER_WAY : DONE;
}

static const struct state_field refresh_fields[] = {
	{ STATE_FIELD(service_reload, "pid", pid), .least = 2, .most = INT32_MAX },
	{ STATE_FIELD(service_reload, "timer", timer) },
	{ STATE_BY(service_reload, standing, save_standing, load_standing) },
	{ STATE_FIELD(service_reload, "commands", commands) },
	{ STATE_FIELD(service_reload, "waits", waits) },
	{ STATE_FIELD(service_reload, "reloads", reloads) },
	{ STATE_NONE(service_reload, control, "the command that runs has a section of its own") },
	{ STATE_NONE(service_reload, runtime, "the service in front of it") },
	{ STATE_NONE(service_reload, text, "the operator who waits for it loses the connection") },
};
const struct field_table refresh_state = FIELD_TABLE("refresh", service_reload, refresh_fields);

void service_reload_carry(struct state_saver *carry, struct service_runtime *runtime)
{
	struct service_reload *refresh = runtime->run->reload;

	if (!refresh || (refresh->standing != UNDER_WAY && !refresh->commands))
		return;
	state_save(carry, &refresh_state, refresh);
	if (aux_command_is_busy(&refresh->control))
		state_save(carry, &command_state, &refresh->control);
}

struct aux_command *service_reload_resume(struct service_runtime *runtime, struct state_section *section)
{
	struct service_reload *refresh = service_reload_of(runtime);

	if (!refresh)
		return NULL;
	state_load(section, &refresh_state, refresh, runtime->engine->loop);
	refresh->control.phase = PHASE_RELOAD;
	return &refresh->control;
}

void service_reload_go_on(struct service_runtime *runtime)
{
	struct service_reload *refresh = runtime->run ? runtime->run->reload : NULL;

	if (refresh && refresh->commands && !aux_command_is_busy(&refresh->control))
		refresh->control.ended(&refresh->control, RESULT_RESOURCES, 0);
}

void service_reload_free(struct service_runtime *runtime)
{
	struct service_reload *refresh = runtime->run->reload;

	if (!refresh)
		return;
	ev_timer_stop(runtime->engine->loop, &refresh->timer);
	aux_command_forget(&refresh->control);
	free(refresh);
	runtime->run->reload = NULL;
}
