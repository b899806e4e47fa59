/* The log lines for the end of an instance and for a failed start, the same for every way to run one. */
#include "superd/service/start_log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "superd/service/accept_state.h"
#include "superd/service/xinetd_record.h"
#include "superd/stop/exit_verdict.h"
#include "superd/instance/warm_pool.h"
#include "superd/instance/state_table.h"
#include "table/option/option_name.h"

#define SKIPPED 5.0                     /* seconds until a condition is checked again, at first */
#define SKIPPED_MOST 80.0               /* and at most; the pause doubles */

/* A signal that superd has not sent, and that is no usual end, is a crash. Each client may cause one, so superd logs
 * only a limited number as warnings, and the others at level info. */
static enum level level_of(struct service_runtime *runtime, const struct ending *ending, bool failed,
			   char more[LOG_RATE_LIMIT_MORE])
{
	bool crashed = failed && (ending->result == RESULT_SIGNAL || ending->result == RESULT_CORE_DUMP);
	bool well = ending->stopped || (WIFEXITED(ending->status) && WEXITSTATUS(ending->status) == 0);

	if (crashed)
		return log_rate_limit_is_due(&runtime->run->stats.crash_log_limit, more) ? LEVEL_WARNING
												: LEVEL_INFO;
	return well ? xinetd_record_run_level(runtime) : LEVEL_NOTICE;
}

static void log_end(struct service_runtime *runtime, pid_t pid, const struct ending *ending, bool failed)
{
	struct event event = { .name = "exited", .service = runtime->service->name, .pid = pid };
	char text[48], span[DURATION_MOST], more[LOG_RATE_LIMIT_MORE] = "";
	enum level level = level_of(runtime, ending, failed, more);

	xinetd_record_end(runtime, pid, ending);
	if (!log_wants(runtime->engine->log, level))
		return;
	instance_fill_event(ending, &event);
	status_describe(ending->status, text);
	log_event(runtime->engine->log, level, &event, "pid %ld ended: %s after %s%s", (long)pid, text,
		  duration_write(span, ending->lasted), more);
}

bool start_log_end(struct service_runtime *runtime, const struct instance *instance, const struct ending *ending)
{
	struct service_stats *stats = &runtime->run->stats;
	bool failed = exit_verdict_note_end(runtime, instance, ending);

	log_end(runtime, instance->pid, ending, failed);
	stats->last_end = clock_now();
	stats->last_status = ending->status;
	stats->last_result = ending->result;
	stats->last_duration = ending->lasted;
	stats->cpu += ending->cpu;
	stats->killed +=
		instance->facts.killed && WIFSIGNALED(ending->status) && WTERMSIG(ending->status) == SIGKILL;
	return failed;
}

void start_log_failure(struct service_runtime *runtime, const struct client *client, const char *why)
{
	const struct service *service = runtime->service;
	struct event event = { .name = "failed", .service = service->name, .reason = why };
	char late[80];
	bool ends_superd = service->groups->lifecycle->on_failure == FAILURE_EXIT && !runtime->engine->stopping;
	bool waits = service->groups->lifecycle->on_failure != FAILURE_EXIT &&
		service_transition(service->exec->accept, runtime_next(runtime), EXEC_ERROR).action == WAIT;

	snprintf(late, sizeof(late), "its start took longer than %s", option_name_of(service, "timeout_start"));
	exit_verdict_note_start(runtime, client, *why ? RESULT_RESOURCES : RESULT_TIMEOUT, *why ? why : late);
	if (runtime->run)
		runtime->run->stats.skipped_starts = 0;
	if (!*why)
		event.reason = why = late;
	if (runtime_is_empty(runtime) && !warm_pool_is_used(runtime))
		start_kit_rest(&runtime->run->kit);
	if (waits) {
		runtime_fail(runtime, event.name, "cannot start: %s", why);
	} else {
		runtime_pause(runtime, "cannot start: %s", why);
		log_event(runtime->engine->log, LEVEL_ERROR, &event, "cannot start: %s", why);
	}
	if (ends_superd)
		runtime_end_superd(runtime, 127 << 8);
}

void start_log_skip(struct service_runtime *runtime, const char *why)
{
	struct service_run *run = runtime->run;
	struct event event = {
		.name = "skipped", .service = runtime->service->name, .reason = why, .has_duration = true
	};
	double pause = SKIPPED;
	char span[DURATION_MOST];

	for (unsigned n = 0; n < run->stats.skipped_starts && pause < SKIPPED_MOST; n++)
		pause *= 2;
	run->stats.skipped_starts++;
	run->accept->pause = event.duration = pause;
	log_event(runtime->engine->log, LEVEL_NOTICE, &event, "not started: %s; next look in %s", why,
		  duration_write(span, pause));
	runtime_pause(runtime, "not started: %s", why);
}

void start_log_exhausted(struct service_runtime *runtime)
{
	struct event event = { .name = "exhausted", .service = runtime->service->name, .reason = strerror(errno) };

	log_event(runtime->engine->log, LEVEL_WARNING, &event, "cannot accept: %s: its clients wait", event.reason);
	runtime_pause(runtime, "cannot accept: %s", event.reason);
}
