/* Makes a backend read its configuration again: first by reload_signal, where it reports when it is done, then by
 * the commands of exec_reload. The backend may end meanwhile and another one start in its place; the result then
 * belongs to the first one alone. */
#include "engine/service/refresh.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scan.h"
#include "config/words/command_prefix.h"
#include "engine/core/watch.h"
#include "engine/freeze/frost.h"
#include "engine/instance/control.h"
#include "engine/instance/instance_state.h"
#include "engine/instance/notice.h"
#include "engine/service/service_freeze.h"
#include "engine/state/resume_value.h"

struct refresh {
	struct control control;
	ev_timer timer;                 /* the end of timeout_start */
	struct keeper *keeper;
	pid_t pid;                      /* main process of the instance that was asked */
	bool commands;                  /* the commands of exec_reload run */
	bool waits;                     /* superd waits for its READY=1 */
	unsigned reloads;               /* notice->reloads when it was asked */
	enum standing standing;
	char text[400];                 /* the result, for the operator */
};

static void tell_change(struct refresh *refresh)
{
	struct engine *engine = refresh->keeper->engine;

	watch_wake_changes(engine);
}

__attribute__((format(printf, 3, 4))) static void settle(struct refresh *refresh, enum standing standing,
							  const char *format, ...)
{
	struct event event = { .name = "refreshed", .service = refresh->keeper->service->name, .pid = refresh->pid };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(refresh->text, sizeof(refresh->text), format, arguments);
	va_end(arguments);
	refresh->standing = standing;
	refresh->waits = false;
	ev_timer_stop(refresh->keeper->engine->loop, &refresh->timer);
	log_event(refresh->keeper->engine->log, standing == DONE ? LEVEL_INFO : LEVEL_WARNING, &event, "%s",
		  refresh->text);
	tell_change(refresh);
}

static struct instance *who_was_asked(const struct refresh *refresh)
{
	struct instance *instance = refresh->keeper->activity->current;

	return instance && instance->pid == refresh->pid ? instance : NULL;
}

/* Looks whether it is done. Only READY=1 proves that the backend has read its configuration: a command may have sent a
 * signal and ended. */
static void look(struct refresh *refresh)
{
	const struct instance *instance = who_was_asked(refresh);
	long pid = (long)refresh->pid;

	if (refresh->standing != UNDER_WAY || refresh->commands)
		return;
	if (!instance || instance->stopping)
		settle(refresh, FAILED, "pid %ld has ended before it had read its configuration again", pid);
	else if (!refresh->waits)
		settle(refresh, DONE, "the reload command ended well (pid %ld)", pid);
	else if (instance->notice && instance->notice->reloads != refresh->reloads)
		settle(refresh, DONE, "pid %ld has read its configuration again", pid);
}

/* Adds the last line that the commands printed, which most often has the reason. */
static void settle_failed(struct refresh *refresh, enum result result, int status)
{
	const char *line = means_last_line(&refresh->keeper->activity->means);
	char text[48];

	status_describe(status, text);
	settle(refresh, FAILED, "pid %ld runs on; exec_reload has failed: %s (%s)%s%.200s", (long)refresh->pid,
	       result_name(result), text, *line ? ": " : "", line);
}

static void on_commands_ended(struct control *control, enum result result, int status)
{
	struct refresh *refresh = container_of(control, struct refresh, control);

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
	struct refresh *refresh = timer->data;

	(void)loop, (void)events;
	look(refresh);
	if (refresh->commands || refresh->standing != UNDER_WAY)
		return;                 /* they have a limit of their own */
	settle(refresh, FAILED, "pid %ld runs on; it has not said READY=1 within timeout_start of reload_signal",
	       (long)refresh->pid);
}

static struct refresh *refresh_of(struct keeper *keeper)
{
	struct refresh *refresh = keeper->activity->refresh;

	if (refresh)
		return refresh;
	refresh = keeper->activity->refresh = calloc(1, sizeof(*refresh));
	if (!refresh)
		return NULL;
	refresh->keeper = keeper;
	refresh->standing = DONE;
	control_init(&refresh->control, keeper, NULL, on_commands_ended);
	ev_init(&refresh->timer, on_timer);
	refresh->timer.data = refresh;
	return refresh;
}

/* Returns why there is nothing to reload; NULL: an instance runs. */
static const char *why_needless(struct keeper *keeper)
{
	if (keeper->service->exec->accept)
		return "accept = yes: the next client's instance reads its configuration anyway";
	if (keeper->activity && !list_empty(keeper_instances(keeper)))
		return NULL;
	if (keeper->state == STARTING || keeper->state == RUNNING)
		return NULL;
	return "it does not run: its next start reads its configuration anyway";
}

/* Returns why it cannot reload now; NULL: it can. */
static const char *why_not(struct keeper *keeper, bool signals, bool commands)
{
	if (keeper->state == FROZEN)
		return "thaw it first, then it can read";
	if (keeper->state != RUNNING || !keeper->activity->current)
		return "its instance is starting or ending: ask again when the service runs";
	if (!signals && !commands)
		return "it has no exec_reload, and its type is not notify-reload";
	return NULL;
}

static bool send_signal(struct refresh *refresh, const struct instance *instance, struct buf *says)
{
	int signal = refresh->keeper->service->groups->lifecycle->reload_signal;
	char name[32];

	refresh->reloads = instance->notice ? instance->notice->reloads : 0;
	if (instance_signal_main(instance, signal))
		return true;
	buf_addf(says, "%s cannot be sent to pid %ld: %s", scan_signal_name(signal, name), (long)instance->pid,
		 strerror(errno));
	return false;
}

static void start_timer(struct refresh *refresh)
{
	int64_t patience = refresh->keeper->service->groups->lifecycle->timeout_start;

	ev_timer_stop(refresh->keeper->engine->loop, &refresh->timer);
	if (patience <= 0 || patience == SCAN_INFINITY)
		return;
	ev_timer_set(&refresh->timer, (double)patience / 1e6, 0.);
	ev_timer_start(refresh->keeper->engine->loop, &refresh->timer);
}

enum standing refresh_begin(struct keeper *keeper, struct buf *says)
{
	const struct service *service = keeper->service;
	bool commands = service_has_commands(service, PHASE_RELOAD, PHASE_RELOAD);
	bool signals = service->exec->type == TYPE_NOTIFY_RELOAD;
	const char *needless = why_needless(keeper), *why = needless ? NULL : why_not(keeper, signals, commands);
	struct refresh *refresh = needless || why ? NULL : refresh_of(keeper);

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
	service_thaw(keeper);          /* what an idle_timeout is about to stop would not hear of it */
	refresh->pid = keeper->activity->current->pid;
	if (signals && !send_signal(refresh, keeper->activity->current, says))
		return FAILED;
	refresh->standing = UNDER_WAY;
	refresh->waits = signals;
	refresh->commands = commands;
	if (signals)
		start_timer(refresh);
	if (commands) {
		means_forget_line(&keeper->activity->means);
		control_set_fact(&refresh->control, 0, "MAINPID=%ld", (long)refresh->pid);
		control_begin(&refresh->control, PHASE_RELOAD, service->groups->lifecycle->timeout_start);
	}
	return refresh_look(keeper, says);
}

enum standing refresh_look(struct keeper *keeper, struct buf *says)
{
	struct refresh *refresh = keeper->activity ? keeper->activity->refresh : NULL;

	if (!refresh) {
		buf_text(says, "it has ended");
		return FAILED;
	}
	look(refresh);
	if (refresh->standing != UNDER_WAY)
		buf_text(says, refresh->text);
	return refresh->standing;
}

bool refresh_is_at_rest(const struct keeper *keeper)
{
	const struct refresh *refresh = keeper->activity ? keeper->activity->refresh : NULL;

	return !refresh || control_is_at_rest(&refresh->control);
}

static void save_standing(struct carry *carry, const void *object)
{
	carry_number(carry, "under_way", ((const struct refresh *)object)->standing == UNDER_WAY);
}

static void load_standing(struct state_section *section, void *object)
{
	((struct refresh *)object)->standing = state_flag(section, "under_way") ? UNDER_WAY : DONE;
}

static const struct state_field refresh_fields[] = {
	{ STATE_FIELD(refresh, "pid", pid), .least = 2, .most = INT32_MAX },
	{ STATE_FIELD(refresh, "timer", timer) },
	{ STATE_BY(refresh, standing, save_standing, load_standing) },
	{ STATE_FIELD(refresh, "commands", commands) },
	{ STATE_FIELD(refresh, "waits", waits) },
	{ STATE_FIELD(refresh, "reloads", reloads) },
	{ STATE_NONE(refresh, control, "the command that runs has a section of its own") },
	{ STATE_NONE(refresh, keeper, "the service in front of it") },
	{ STATE_NONE(refresh, text, "the operator who waits for it loses the connection") },
};
const struct state_table refresh_state = STATE_TABLE("refresh", refresh, refresh_fields);

void refresh_carry(struct carry *carry, struct keeper *keeper)
{
	struct refresh *refresh = keeper->activity->refresh;

	if (!refresh || (refresh->standing != UNDER_WAY && !refresh->commands))
		return;
	state_save(carry, &refresh_state, refresh);
	if (control_is_busy(&refresh->control))
		state_save(carry, &control_state, &refresh->control);
}

struct control *refresh_resume(struct keeper *keeper, struct state_section *section)
{
	struct refresh *refresh = refresh_of(keeper);

	if (!refresh)
		return NULL;
	state_load(section, &refresh_state, refresh, keeper->engine->loop);
	refresh->control.phase = PHASE_RELOAD;
	return &refresh->control;
}

void refresh_go_on(struct keeper *keeper)
{
	struct refresh *refresh = keeper->activity ? keeper->activity->refresh : NULL;

	if (refresh && refresh->commands && !control_is_busy(&refresh->control))
		refresh->control.ended(&refresh->control, RESULT_RESOURCES, 0);
}

void refresh_free(struct keeper *keeper)
{
	struct refresh *refresh = keeper->activity->refresh;

	if (!refresh)
		return;
	ev_timer_stop(keeper->engine->loop, &refresh->timer);
	control_forget(&refresh->control);
	free(refresh);
	keeper->activity->refresh = NULL;
}
