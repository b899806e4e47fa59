/* The wait of one start. The line may come before superd knows that the program runs: then the instance is ready as
 * soon as superd does. */
#include "superd/instance/ready.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/number.h"
#include "superd/instance/aux_command.h"
#include "superd/instance/runtime.h"
#include "table/option/service_mark.h"
#include "table/words/command_prefix.h"

#define FIRST_PAUSE .1                  /* seconds between the first two runs of exec_ready; doubled from run to run */
#define LONGEST_PAUSE 1.                /* seconds between two runs, at most */
#define RUN_LIMIT 10000000              /* microseconds of one run: a command that hangs says nothing */

struct ready {
	struct instance *instance;
	struct line_wait lines[2];      /* the line, at the log and at syslog */
	ev_timer came;                  /* called when the line has come; never started */
	struct aux_command command;     /* exec_ready */
	struct alarm next;              /* next run of it */
	double pause;                   /* seconds until the run after that */
	unsigned runs;                  /* runs that have failed */
	struct buf last;                /* how the last run failed */
};

/* Its service may be stopping it by now, or it has sent READY=1. */
static void end_well(struct ready *ready)
{
	struct instance *instance = ready->instance;
	bool awaited = instance_is_starting(instance);

	ready_end(instance);
	if (awaited)
		instance_be_ready(instance);
}

static void on_came(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)events;
	end_well(container_of(timer, struct ready, came));
}

static void on_next(struct alarm *alarm)
{
	struct ready *ready = container_of(alarm, struct ready, next);

	if (!instance_is_starting(ready->instance))
		return;
	aux_command_set_fact(&ready->command, 0, "MAINPID=%ld", (long)ready->instance->pid);
	aux_command_begin(&ready->command, PHASE_READY, RUN_LIMIT);
}

/* What every run says is logged at debug; what the last one said is told with the failure of the start. */
static void on_ended(struct aux_command *command, enum result result, int status)
{
	struct ready *ready = container_of(command, struct ready, command);
	if (result == RESULT_SUCCESS) {
		end_well(ready);
		return;
	}
	ready->runs++;
	buf_clear(&ready->last);
	aux_command_describe_end(command, status, &ready->last);
	alarm_set(&ready->next, ready->pause);
	ready->pause = number_min(2 * ready->pause, LONGEST_PAUSE);
}

bool ready_expect(struct instance *instance, struct service_runtime *runtime)
{
	const char *text = instance->service->groups->lifecycle->ready;
	struct ready *ready;

	if (!service_awaits_ready(instance->service))
		return true;
	ready = calloc(1, sizeof(*ready));
	if (!ready)
		return false;
	ready->instance = instance;
	ready->pause = FIRST_PAUSE;
	ev_init(&ready->came, on_came);
	alarm_init(&ready->next, instance->engine, on_next);
	aux_command_init(&ready->command, runtime, instance, on_ended);
	ready->command.asks = true;
	for (int n = 0; n < 2; n++) {
		ready->lines[n] = (struct line_wait){ .text = text, .came = &ready->came };
		list_init(&ready->lines[n].link);
	}
	if (text)
		start_kit_await_line(&runtime->run->kit, ready->lines);
	instance->ready = ready;
	return true;
}

/* From the loop, as its service may not know of the instance yet. */
void ready_begin(struct instance *instance)
{
	if (instance->ready && service_commands(instance->service, PHASE_READY))
		alarm_set(&instance->ready->next, 0);
}

void ready_take_last(struct instance *instance)
{
	struct ready *ready = instance->ready;
	struct service_runtime *runtime = instance->context;

	if (!ready || !instance->service->groups->lifecycle->ready)
		return;
	start_kit_drain(&runtime->run->kit, true);
	if (ev_is_pending(&ready->came))
		end_well(ready);
}

void ready_set_aside(struct instance *instance)
{
	struct ready *ready = instance->ready;

	if (!ready || !aux_command_is_busy(&ready->command))
		return;
	aux_command_drop(&ready->command);
	alarm_set(&ready->next, ready->pause);
}

void ready_load(struct instance *instance)
{
	if (instance->state == INSTANCE_STARTED && !instance->ready && ready_expect(instance, instance->context))
		ready_begin(instance);
}

void ready_describe(const struct instance *instance, struct buf *out)
{
	const struct ready *ready = instance->ready;
	const struct service *service = instance->service;
	const char *text = service->groups->lifecycle->ready;

	if (!ready || !instance_is_starting(instance))
		return;
	if (text) {
		buf_addf(out, "it has printed no line with \"%s\"", text);
		origin_cite(service_origin(service, "ready"), out);
		return;
	}
	buf_addf(out, "exec_ready: %.200s: ", *service_commands(service, PHASE_READY));
	if (ready->runs)
		buf_addf(out, "%s, run %u", buf_string(&ready->last), ready->runs);
	else
		buf_text(out, "not done yet");
	origin_cite(service_origin(service, "exec_ready"), out);
}

void ready_end(struct instance *instance)
{
	struct ready *ready = instance->ready;

	if (!ready)
		return;
	instance->ready = NULL;
	for (int n = 0; n < 2; n++)
		list_remove(&ready->lines[n].link);
	ev_timer_stop(instance->engine->loop, &ready->came);    /* it may be pending */
	alarm_stop(&ready->next);
	aux_command_drop(&ready->command);
	buf_free(&ready->last);
	free(ready);
}
