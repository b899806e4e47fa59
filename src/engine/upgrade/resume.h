/* Goes on where another superd, in this very process, has left off: applies its ledger (engine/upgrade/carry) to a
 * table that was read anew. An unchanged service keeps its state, sockets, clients and instances; one with another
 * row goes on under that as after a reload. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "config/table/table.h"
#include "engine/state/resume_value.h"

struct engine;
struct log;
struct keeper;

/* Whether everything in the ledger has its place in this table. false: why gets the reason, and what to do first. */
bool resume_fits(struct state_stream *stream, const struct table *table, struct buf *why);

/* Parts that superd needs before there is an engine. pid_file: its descriptor; -1: none. */
int resume_pid_file(struct state_stream *stream);
bool resume_is_ours(struct state_stream *stream);
const char *resume_table(struct state_stream *stream);  /* the table that ran, as superd.conf; NULL: none came over */
const char *resume_version(struct state_stream *stream); /* version of the superd that wrote it */

/* The lines that waited for superd's own log, before anything else is logged there. In resume_log.c. */
void resume_log(struct state_stream *stream, struct log *log);

/* What the caller goes on with by itself. */
struct resume_rest {
	int exit_status;                /* superd's own */
	pid_t command, command_group;   /* the main command; 0: none runs */
};

/* In place of roster_build. false: out of memory for the roster itself; what can't be gone on with otherwise is
 * logged. */
bool resume_run(struct engine *engine, struct table *table, struct state_stream *stream, struct resume_rest *rest);

/* For its parts. */
struct resume {
	struct engine *engine;
	struct state_stream *stream;
	struct resume_rest *rest;
	const char *version;            /* version of the superd that wrote it */
	double quiet_since;             /* loop time since when clients have had to wait */
	size_t services, instances;
};

/* The lines that waited for syslog or a file of log_type. In resume_log.c. */
void resume_log_other(struct resume *resume, struct state_section *section);

/* One service, whose sections stand from here to there: its sockets, then what runs of it; nothing is started. In
 * resume_service.c. */
void resume_service(struct resume *resume, struct keeper *keeper, struct state_section *from,
		    struct state_section *behind);

/* All sections were read: the keeper goes on by itself from here. */
void resume_go_on(struct keeper *keeper);

/* Makes a keeper for a service that no table has any more; NULL: out of memory. In resume_removed.c. */
struct keeper *resume_removed(struct resume *resume, struct state_section *section);
