/* One line, whose words are those of the table: the time that was asked for, and the time that it was. The hard thing
 * is none. */
#include "engine/idle_say.h"

#include "base/scan.h"

void idle_say(const struct keeper *keeper, enum level level, const char *what, double since)
{
	struct event event = {
		.name = "idle", .service = keeper->service->name, .pid = keeper->activity->current->pid,
		.has_duration = true, .duration = engine_clock() - since,
	};
	char time[32];

	scan_duration_format(keeper->service->terms->life->idle_timeout, time);
	log_event(keeper->engine->log, level, &event, "%s pid %ld: nobody has been connected for %s", what,
		  (long)event.pid, time);
}
