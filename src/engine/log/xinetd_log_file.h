/* The targets of log_type: superd's own log, syslog with a facility and level, or a file with limits. Files are
 * opened at their first line, one for each path, and kept by the engine (engine->records). */
#pragma once

#include <stddef.h>

#include "base/log/log.h"
#include "base/log/log_syslog.h"
#include "config/service/service.h"
#include "engine/core/engine.h"

/* Logs one line, without its newline, to the target; NULL: superd's own log. Never waits: a line that cannot be
 * written now is queued, or dropped and counted if the queue is full or the file cannot be opened. superd's own log
 * reports that once, and again when lines get through. event->service: the service of the line. */
void xinetd_record_target_take(struct engine *engine, const struct log_target *target, const struct event *event,
			       const char *line, size_t length);

/* A line that a backend has printed, to syslog under its service's name. */
void xinetd_record_syslog_take(struct engine *engine, const struct syslog_message *message);

/* engine->log, if any, must be set before; records_free may follow at once. */
void records_init(struct engine *engine);
void records_attach(struct engine *engine);     /* from now on engine->loop writes queued lines */

/* For rotation and after a reload: each file again, and none that had no line since this was last called. A file that
 * was moved away is noticed without it, within a second. */
void records_reopen(struct engine *engine);

/* Every sink that is open, by a name which records_open finds it by in another superd; NULL: it can't be opened. */
void records_each(struct engine *engine, void (*each)(void *context, const char *destination, struct log_sink *sink),
		  void *context);
struct log_sink *records_open(struct engine *engine, const char *destination);

void records_finish(struct engine *engine);    /* superd ends: waits until log_deadline for queued lines */
void records_free(struct engine *engine);
