/* Logs about an instance, and fails it, for all files that act on its messages. */
#include "superd/instance/notify_state.h"

#include <stdarg.h>
#include <stdio.h>

void notify_state_say(const struct notify_state *notice, enum level level, const char *name, const char *format, ...)
{
	const struct instance *instance = notice->instance;
	struct event event = { .name = name, .service = instance->service->name, .pid = instance->pid };
	struct log *log = instance->engine->log;
	char text[512];
	va_list arguments;

	if (!log_wants(log, level))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_event(log, level, &event, "%s", text);
}

void notify_state_fail(struct notify_state *notice, int stop_signal, const char *reason)
{
	struct instance *instance = notice->instance;

	instance->facts.stop_signal = stop_signal;
	notify_state_say(notice, LEVEL_NOTICE, "stopping", "stopping pid %ld: %s", (long)instance->pid, reason);
	instance->facts.failed = true;
	instance->ops->limit(instance);
}
