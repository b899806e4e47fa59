/* A command that cannot be run, or does not answer in time, says nothing: the service counts as busy, because work that
 * is cut off cannot be repaired. Exit statuses of a shell that has not found or not run its program, and 255, are no
 * answers either. */
#include "superd/stop/busy.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"

#define ANSWER_MOST 90000000            /* microseconds that the command may take, if timeout_start allows more */
#define FULL 10000.                     /* idle_cpu is in hundredths of a percent */

static bool has_cpu_limit(const struct busy *busy)
{
	return busy->runtime->service->groups->lifecycle->idle_cpu >= 0;
}

void busy_init(struct busy *busy, struct service_runtime *runtime,
	       void (*answered)(struct aux_command *command, enum result result, int status))
{
	*busy = (struct busy){ .runtime = runtime };
	aux_command_init(&busy->command, runtime, NULL, answered);
	busy->command.asks = true;
}

static void take_sample(struct busy *busy)
{
	busy->cpu = instance_cpu(runtime_current(busy->runtime));
	busy->sampled = clock_now();
}

void busy_begin(struct busy *busy, double since)
{
	if (has_cpu_limit(busy) && busy->sampled < since)
		take_sample(busy);
}

__attribute__((format(printf, 3, 4))) static void set_busy(struct busy *busy, double timeout, const char *format, ...)
{
	const struct service_runtime *runtime = busy->runtime;
	struct event event = {
		.name = "busy", .service = runtime->service->name, .pid = runtime_current(runtime)->pid,
		.reason = busy->why,
	};
	bool goes_on = busy->until > 0;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(busy->why, sizeof(busy->why), format, arguments);
	va_end(arguments);
	busy->until = clock_now() + timeout;
	log_event(runtime->engine->log, goes_on ? LEVEL_DEBUG : LEVEL_INFO, &event,
		  "pid %ld keeps running without clients: %s", (long)event.pid, busy->why);
}

/* The time since the last look, or since nobody was connected. What was not measured for half of an idle_timeout, as
 * after an upgrade, is measured first. */
bool busy_by_cpu(struct busy *busy, double timeout)
{
	double before = busy->cpu, span = clock_now() - busy->sampled, used;
	bool measured = busy->sampled > 0 && span >= timeout / 2;

	if (!has_cpu_limit(busy))
		return false;
	take_sample(busy);
	if (!measured || before < 0 || busy->cpu < 0) {
		set_busy(busy, timeout, "idle_cpu: its processor time is not known%s", measured ? "" : " yet");
		return true;
	}
	used = number_max(busy->cpu - before, 0) / span;
	if (used * FULL <= (double)busy->runtime->service->groups->lifecycle->idle_cpu)
		return false;
	set_busy(busy, timeout, "idle_cpu: %.3g %% of a processor", 100 * used);
	return true;
}

bool busy_ask(struct busy *busy)
{
	const struct service *service = busy->runtime->service;
	int64_t limit = service->groups->lifecycle->timeout_start;

	if (!service->groups->commands->of[PHASE_IDLE_UNLESS])
		return false;
	busy->command.instance = runtime_current(busy->runtime);
	aux_command_set_fact(&busy->command, 0, "MAINPID=%ld", (long)busy->command.instance->pid);
	aux_command_begin(&busy->command, PHASE_IDLE_UNLESS, limit && limit < ANSWER_MOST ? limit : ANSWER_MOST);
	return true;
}

/* Whether the command has run to its end, with a status that answers. */
static bool is_answer(const struct aux_command *command, enum result result, int status)
{
	return !command->late && command->fault.stage == STAGE_NONE && result != RESULT_RESOURCES &&
	       WIFEXITED(status) && WEXITSTATUS(status) != 126 && WEXITSTATUS(status) != 127 &&
	       WEXITSTATUS(status) != 255;
}

static void log_no_answer(struct busy *busy, const char *why)
{
	const struct service_runtime *runtime = busy->runtime;
	struct event event = { .name = "busy", .service = runtime->service->name, .reason = why };
	struct buf command = { 0 };

	if (busy->failure_is_logged)
		return;
	busy->failure_is_logged = true;
	aux_command_describe(&busy->command, &command);
	log_event(runtime->engine->log, LEVEL_WARNING, &event, "%s%s: the service counts as busy", buf_string(&command),
		  why);
	buf_free(&command);
}

bool busy_by_answer(struct busy *busy, double timeout, enum result result, int status)
{
	struct buf end = { 0 };

	if (!is_answer(&busy->command, result, status)) {
		aux_command_describe_end(&busy->command, status, &end);
		log_no_answer(busy, buf_string(&end));
		set_busy(busy, timeout, "idle_unless: %s", buf_string(&end));
		buf_free(&end);
		return true;
	}
	busy->failure_is_logged = false;
	if (result != RESULT_SUCCESS)
		return false;
	set_busy(busy, timeout, "idle_unless reports it");
	return true;
}

void busy_forget(struct busy *busy)
{
	busy->until = 0;
	*busy->why = '\0';
}

void busy_free(struct busy *busy)
{
	aux_command_drop(&busy->command);
}
