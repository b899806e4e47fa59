/* The log line of an idle backend. It names the idle_timeout; the event has the time that was measured. */
#include "engine/idle/idle_say.h"

#include "base/span.h"

void idle_say(const struct keeper *keeper, enum level level, const char *what, double since)
{
	struct event event = {
		.name = "idle", .service = keeper->service->name, .pid = keeper->activity->current->pid,
		.has_duration = true, .duration = engine_clock() - since,
	};
	char span[SPAN_MOST];

	log_event(keeper->engine->log, level, &event, "%s pid %ld: nobody has been connected for %s", what,
		  (long)event.pid, span_write(span, (double)keeper->service->terms->life->idle_timeout / 1e6));
}
