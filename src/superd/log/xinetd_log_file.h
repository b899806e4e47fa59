/* The targets of log_type: superd's own log, syslog with a facility and level, or a file with limits. Files are
 * opened at their first line, one for each path, and kept in engine->log_files. */
#pragma once

#include <stddef.h>

#include "lib/list.h"
#include "lib/log/log.h"
#include "lib/log/log_sink.h"
#include "lib/log/log_syslog.h"
#include "superd/loop/engine.h"
#include "superd/loop/log_pump.h"
#include "superd/saved/state_field.h"
#include "table/service/service.h"

#define LOG_FILE_BUCKETS 64

/* Destinations of backends' lines and of log_type, beside superd's own log. Owner: the caller of records_init. */
struct log_files {
	struct {                        /* saved */
		unsigned long lost;     /* lines of log_type dropped for lack of memory, since the last report */
	};
	struct log_sink syslog;         /* for backends' output = "syslog" and for log_type */
	struct log_pump syslog_pump;
	bool syslog_outage_logged;      /* it was logged that syslog takes no lines now */
	struct list files[LOG_FILE_BUCKETS];    /* files of log_type, by a hash of the path */
	struct list released;           /* outputs that their service has released (superd/log/output_pipe) */
};

extern const struct field_table log_files_state;        /* over an upgrade */

/* Logs one line, without its newline, to the target; NULL: superd's own log. Never waits: a line that cannot be
 * written now is queued, or dropped and counted if the queue is full or the file cannot be opened. superd's own log
 * reports that once, and again when lines get through. event->service: the service of the line. */
void xinetd_record_target_take(struct engine *engine, const struct log_target *target, const struct event *event,
			       const char *line, size_t length);

/* Logs a line that a backend has printed to syslog, under its service's name. Never waits, as above. */
void xinetd_record_syslog_take(struct engine *engine, const struct syslog_head *head, const char *line, size_t length);

/* Makes `files` the engine's. engine->log, if any, must be set before; records_free may follow at once. */
void records_init(struct engine *engine, struct log_files *files);
void records_attach(struct engine *engine);     /* from now on engine->loop writes queued lines */

/* For log rotation and after a reload: opens each file again, and forgets files without a line since the last call.
 * superd notices a file that was moved away without this call, within a second. */
void records_reopen(struct engine *engine);

void records_each(struct engine *engine, void (*each)(void *context, struct log_sink *sink), void *context); /* open sinks */
void records_finish(struct engine *engine);    /* superd ends: waits until log_deadline for queued lines */
void records_free(struct engine *engine);
