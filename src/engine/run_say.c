/* What is told of an instance's end, and of a start that failed: the same line for every way to run one. */
#include "engine/run_say.h"

#include <sys/wait.h>

#include "engine/record.h"
#include "engine/transition.h"

void run_say_end(struct keeper *keeper, pid_t pid, const struct ending *ending)
{
	bool well = ending->stopped || (WIFEXITED(ending->status) && WEXITSTATUS(ending->status) == 0);
	struct event event = { .name = "exited", .service = keeper->service->name, .pid = pid };
	enum level level = well ? LEVEL_INFO : LEVEL_NOTICE;
	char text[48];

	record_end(keeper, pid, ending);
	if (!log_wants(keeper->engine->log, level))
		return;
	event.has_duration = true;
	event.duration = ending->lasted;
	event.has_signal = WIFSIGNALED(ending->status);
	event.signal = event.has_signal ? WTERMSIG(ending->status) : 0;
	event.has_status = !event.has_signal;
	event.status = event.has_status ? WEXITSTATUS(ending->status) : 0;
	instance_describe_status(ending->status, text);
	log_event(keeper->engine->log, level, &event, "pid %ld ended: %s after %.1f s", (long)pid, text,
		  ending->lasted);
}

void run_say_failure(struct keeper *keeper, const char *why)
{
	const struct service *service = keeper->service;
	struct event event = { .name = "failed", .service = service->name, .reason = why };
	bool waits = service->life->on_failure != FAILURE_EXIT &&
		transition(service->what->accept, keeper->state, EXEC_ERROR).action == WAIT;

	keeper->activity->failures++;
	if (keeper_is_empty(keeper))
		means_rest(&keeper->activity->means, keeper->engine);
	if (waits) {
		keeper_fail(keeper, event.name, "cannot start: %s", why);
	} else {
		keeper_pause(keeper, "cannot start: %s", why);
		log_event(keeper->engine->log, LEVEL_ERROR, &event, "cannot start: %s", why);
	}
	if (service->life->on_failure == FAILURE_EXIT && !keeper->engine->stopping)
		keeper->engine->on_fatal(keeper->engine, keeper, 127 << 8);
}
