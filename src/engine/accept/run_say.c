/* The log lines for the end of an instance and for a failed start, the same for every way to run one. */
#include "engine/accept/run_say.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "config/option/option_name.h"
#include "engine/accept/record.h"
#include "engine/accept/shortage.h"
#include "engine/core/transition.h"
#include "engine/queue/judge.h"

#define SKIPPED 5.0                     /* seconds until a condition is looked at again, at first and at most */
#define SKIPPED_MOST 80.0

/* A signal that superd has not sent, and that is no usual end, is a crash. Clients may bring about one each, so that
 * only some of them are warned of, and the others are at the level of their starts. */
static enum level level_of(struct keeper *keeper, const struct ending *ending, bool failed, char more[COMPLAINT_MORE])
{
	bool crashed = failed && (ending->result == RESULT_SIGNAL || ending->result == RESULT_CORE_DUMP);
	bool well = ending->stopped || (WIFEXITED(ending->status) && WEXITSTATUS(ending->status) == 0);

	if (crashed)
		return complaint_is_due(&keeper->activity->crashes, more) ? LEVEL_WARNING : LEVEL_INFO;
	return well ? record_run_level(keeper) : LEVEL_NOTICE;
}

static void say_end(struct keeper *keeper, pid_t pid, const struct ending *ending, bool failed)
{
	struct event event = { .name = "exited", .service = keeper->service->name, .pid = pid };
	char text[48], span[DURATION_MOST], more[COMPLAINT_MORE] = "";
	enum level level = level_of(keeper, ending, failed, more);

	record_end(keeper, pid, ending);
	if (!log_wants(keeper->engine->log, level))
		return;
	instance_tell_ending(ending, &event);
	status_describe(ending->status, text);
	log_event(keeper->engine->log, level, &event, "pid %ld ended: %s after %s%s", (long)pid, text,
		  duration_write(span, ending->lasted), more);
}

bool run_note_end(struct keeper *keeper, const struct instance *instance, const struct ending *ending)
{
	struct activity *activity = keeper->activity;
	bool failed = judge_note_end(keeper, instance, ending);

	say_end(keeper, instance->pid, ending, failed);
	activity->last_end = clock_now();
	activity->last_status = ending->status;
	activity->last_result = ending->result;
	activity->last_lasted = ending->lasted;
	activity->cpu += ending->cpu;
	activity->killed += instance->killed && WIFSIGNALED(ending->status) && WTERMSIG(ending->status) == SIGKILL;
	return failed;
}

void run_say_failure(struct keeper *keeper, const struct client *client, const char *why)
{
	const struct service *service = keeper->service;
	struct event event = { .name = "failed", .service = service->name, .reason = why };
	char late[80];
	bool waits = service->groups->lifecycle->on_failure != FAILURE_EXIT &&
		transition(service->exec->accept, keeper_next_state(keeper), EXEC_ERROR).action == WAIT;

	snprintf(late, sizeof(late), "its start took longer than %s", option_name_of(service, "timeout_start"));
	judge_note_start(keeper, client, *why ? RESULT_RESOURCES : RESULT_TIMEOUT, *why ? why : late);
	if (!*why)
		event.reason = why = late;
	if (keeper_is_empty(keeper))
		means_rest(&keeper->activity->means, keeper->engine);
	shortage_look(keeper);
	if (waits) {
		keeper_fail(keeper, event.name, "cannot start: %s", why);
	} else {
		keeper_pause(keeper, "cannot start: %s", why);
		log_event(keeper->engine->log, LEVEL_ERROR, &event, "cannot start: %s", why);
	}
	if (service->groups->lifecycle->on_failure == FAILURE_EXIT && !keeper->engine->stopping)
		keeper_end_superd(keeper, 127 << 8);
}

void run_skip(struct keeper *keeper, const char *why)
{
	struct activity *activity = keeper->activity;
	struct event event = {
		.name = "skipped", .service = keeper->service->name, .reason = why, .has_duration = true
	};
	double pause = SKIPPED;
	char span[DURATION_MOST];

	for (unsigned n = 0; n < activity->skips && pause < SKIPPED_MOST; n++)
		pause *= 2;
	activity->skips++;
	activity->rest = event.duration = pause;
	log_event(keeper->engine->log, LEVEL_NOTICE, &event, "not started: %s; next look in %s", why,
		  duration_write(span, pause));
	keeper_pause(keeper, "not started: %s", why);
}

void run_say_exhausted(struct keeper *keeper)
{
	struct event event = { .name = "exhausted", .service = keeper->service->name, .reason = strerror(errno) };

	shortage_note(keeper, errno);
	engine_drop_spare(keeper->engine);
	log_event(keeper->engine->log, LEVEL_WARNING, &event, "cannot accept: %s: its clients wait", event.reason);
	engine_keep_spare(keeper->engine);
	keeper_pause(keeper, "cannot accept: %s", event.reason);
}
