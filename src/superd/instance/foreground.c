/* Who gets a console, and what becomes of its run. superd keeps its copies of the streams until the instance has ended,
 * as the commands behind the main program print to them, too. By then a backend may have left a process that holds a
 * lock of theirs, so superd/loop/close_socket closes them. */
#include "superd/instance/foreground.h"

#include <stdlib.h>
#include <string.h>

#include "superd/instance/instance.h"
#include "superd/loop/close_socket.h"
#include "superd/start/spawn.h"
#include "table/words/command_prefix.h"

static void free_strings(char **strings)
{
	for (size_t n = 0; strings && strings[n]; n++)
		free(strings[n]);
	free(strings);
}

static void free_foreground(struct foreground *foreground)
{
	alarm_stop(&foreground->hangup);
	free_strings(foreground->arguments);
	free_strings(foreground->words);
	free(foreground->command.argv);
	buf_free(&foreground->why);
	free(foreground);
}

static bool copy_arguments(struct foreground *foreground, const struct foreground_order *order)
{
	if (!order->argument_count)
		return true;
	foreground->arguments = calloc(order->argument_count + 1, sizeof(char *));
	for (size_t n = 0; foreground->arguments && n < order->argument_count; n++) {
		foreground->arguments[n] = strdup(order->arguments[n]);
		if (!foreground->arguments[n])
			return false;
	}
	return foreground->arguments;
}

struct foreground *foreground_new(struct service_runtime *runtime, const struct foreground_order *order,
				  struct buf *why)
{
	const int *streams = order->streams;
	struct foreground *foreground;

	if (streams[0] < 0 || streams[1] < 0 || streams[2] < 0) {
		buf_text(why, "its three streams, pipes or terminals, have not come with the request");
		return NULL;
	}
	foreground = runtime_make_run(runtime) ? calloc(1, sizeof(*foreground)) : NULL;
	if (!foreground || !copy_arguments(foreground, order)) {
		buf_text(why, "out of memory");
		if (foreground)
			free_strings(foreground->arguments);
		free(foreground);
		return NULL;
	}
	foreground->console.is_terminal = order->is_terminal;
	for (int n = 0; n < 3; n++) {
		foreground->console.streams[n] = order->streams[n];
		order->streams[n] = -1;
	}
	foreground->runtime = runtime;
	foreground->news = order->news;
	alarm_init(&foreground->hangup, runtime->engine, NULL);
	runtime->run->foreground = foreground;
	return foreground;
}

/* Tells the client. */
static void set_stage(struct foreground *foreground, enum foreground_stage stage)
{
	foreground->stage = stage;
	if (foreground->news)
		watch_wake(foreground->news);
}

bool foreground_waits(const struct service_runtime *runtime)
{
	return runtime->run && runtime->run->foreground && runtime->run->foreground->stage == FOREGROUND_WAITS;
}

void foreground_take(struct service_runtime *runtime, struct instance *instance)
{
	struct foreground *foreground = runtime->run->foreground;

	if (!foreground_waits(runtime))
		return;
	foreground->instance = instance;
	instance->foreground = foreground;
	set_stage(foreground, FOREGROUND_STARTS);
}

const struct console *foreground_console(const struct instance *instance)
{
	return instance && instance->foreground ? &instance->foreground->console : NULL;
}

/* A start replaces variables in the words of its command (superd/start/spawn_env); the operator's shell has done that
 * with these. */
static char *quote_argument(const char *argument, bool expands)
{
	struct buf quoted = { 0 };

	if (!expands || !strchr(argument, '$'))
		return strdup(argument);
	for (; *argument; argument++)
		buf_addf(&quoted, "%s%c", *argument == '$' ? "$" : "", *argument);
	return buf_take(&quoted);
}

static size_t count_strings(char *const *strings)
{
	size_t count = 0;

	while (strings && strings[count])
		count++;
	return count;
}

static bool quote_arguments(struct foreground *foreground, size_t count, bool expands)
{
	free_strings(foreground->words);
	foreground->words = calloc(count + 1, sizeof(char *));
	for (size_t n = 0; foreground->words && n < count; n++) {
		foreground->words[n] = quote_argument(foreground->arguments[n], expands);
		if (!foreground->words[n])
			return false;
	}
	return foreground->words;
}

bool foreground_fill(const struct instance *instance, struct spawn_request *launch)
{
	struct foreground *foreground = instance->foreground;
	const struct plan_command *main = &launch->plan->main;
	size_t own = count_strings(main->argv), count = foreground ? count_strings(foreground->arguments) : 0;

	if (!count)
		return true;
	free(foreground->command.argv);
	foreground->command = *main;
	foreground->command.argv = calloc(own + count + 1, sizeof(char *));
	if (!foreground->command.argv ||
	    !quote_arguments(foreground, count, launch->plan->expands && !(main->flags & COMMAND_VERBATIM)))
		return false;
	memcpy(foreground->command.argv, main->argv, own * sizeof(char *));
	memcpy(foreground->command.argv + own, foreground->words, count * sizeof(char *));
	launch->command = &foreground->command;
	return true;
}

void foreground_note_run(struct instance *instance)
{
	struct foreground *foreground = instance->foreground;

	if (!foreground)
		return;
	foreground->pid = instance->pid;
	set_stage(foreground, FOREGROUND_RUNS);
}

/* The service leaves, as the run is over. */
static void leave_service(struct foreground *foreground, enum foreground_stage stage)
{
	struct service_runtime *runtime = foreground->runtime;

	for (int n = 0; n < 3; n++)
		close_socket_fd(runtime->engine, runtime->service->name, &foreground->console.streams[n]);
	if (foreground->instance)
		foreground->instance->foreground = NULL;
	foreground->instance = NULL;
	runtime->run->foreground = NULL;
	foreground->runtime = NULL;
	alarm_stop(&foreground->hangup);
	set_stage(foreground, stage);
	if (!foreground->news)
		free_foreground(foreground);
}

void foreground_note_end(struct instance *instance, int status)
{
	struct foreground *foreground = instance->foreground;

	if (!foreground)
		return;
	foreground->status = status;
	leave_service(foreground, FOREGROUND_ENDED);
}

static void fail(struct foreground *foreground, const char *why)
{
	buf_text(&foreground->why, why);
	leave_service(foreground, FOREGROUND_FAILED);
}

void foreground_note_failure(struct instance *instance, const char *why)
{
	if (instance->foreground)
		fail(instance->foreground, *why ? why : "it was stopped before its program ran");
}

struct ending foreground_ending(const struct instance *instance, const struct ending *ending)
{
	struct ending seen = *ending;

	seen.stopped |= instance->foreground != NULL;
	return seen;
}

void foreground_drop(struct instance *instance)
{
	struct foreground *foreground = instance->foreground;

	if (!foreground)
		return;
	if (foreground->stage == FOREGROUND_RUNS || !foreground->news) {        /* nobody waits for another start */
		fail(foreground, "superd follows it no longer");
		return;
	}
	foreground->instance = NULL;
	instance->foreground = NULL;
	set_stage(foreground, FOREGROUND_WAITS);
}

bool foreground_fail_start(struct service_runtime *runtime, const char *why)
{
	struct foreground *foreground = runtime->run ? runtime->run->foreground : NULL;

	if (!foreground || foreground->stage == FOREGROUND_RUNS)
		return false;
	fail(foreground, why);
	return true;
}

void foreground_forget(struct service_runtime *runtime, const char *why)
{
	if (runtime->run && runtime->run->foreground)
		fail(runtime->run->foreground, why);
}

void foreground_leave(struct foreground *foreground)
{
	foreground->news = NULL;
	if (!foreground->runtime)
		free_foreground(foreground);
}
