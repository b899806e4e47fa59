/* Where the lines of log_type go: superd's own log, syslog with a facility and level, or a file with limits. Files are
 * opened at their first line, one for each path, and kept by the engine (engine->records). */
#pragma once

#include <stddef.h>

#include "base/log.h"
#include "engine/engine.h"
#include "model/service.h"

/* Gives one line, without its newline, to the target; NULL: superd's own log. Never waits: what can't be taken now is
 * dropped and counted, which superd's own log tells once, and again when lines get through. event->service is whose line
 * it is. */
void record_target_take(struct engine *engine, const struct log_target *target, const struct event *event,
			const char *line, size_t length);

void records_init(struct engine *engine);

/* For rotation and after a reload: each file again, and none that had no line since this was last called. A file that
 * was moved away is noticed without it, within a second. */
void records_reopen(struct engine *engine);
void records_free(struct engine *engine);
