/* Goes on where another superd, in this very process, has left off: applies its ledger (engine/upgrade/save) to a
 * table that was read anew. An unchanged service keeps its state, sockets, clients and instances; one with another
 * row goes on under that as after a reload. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "config/table/table.h"
#include "engine/serialize/state_load.h"

struct engine;
struct log;
struct service_runtime;

/* Whether everything in the ledger has its place in this table. false: why gets the reason, and what to do first. */
bool load_fits(struct state_stream *stream, const struct table *table, struct buf *why);

/* Parts that superd needs before there is an engine. pid_file: its descriptor; -1: none. */
int load_pid_file(struct state_stream *stream);
bool load_is_ours(struct state_stream *stream);
const char *load_previous_table(struct state_stream *stream); /* the table that ran, as superd.conf; NULL: none came over */
const char *load_version(struct state_stream *stream); /* version of the superd that wrote it */

/* The lines that waited for superd's own log, before anything else is logged there. In load_log.c. */
void load_log(struct state_stream *stream, struct log *log);

/* What the caller goes on with by itself. */
struct load_result {
	int exit_status;                /* superd's own */
	int control;                    /* descriptor of the control socket; -1: none */
	pid_t command, command_group;   /* the main command; 0: none runs */
};

/* In place of service_list_build. false: out of memory for the service list itself; what can't be gone on with otherwise is
 * logged. */
bool load_run(struct engine *engine, struct table *table, struct state_stream *stream, struct load_result *result);

/* For its parts. */
struct state_loader {
	struct engine *engine;
	struct state_stream *stream;
	struct load_result *result;
	const char *version;            /* version of the superd that wrote it */
	double quiet_since;             /* loop time since when clients have had to wait */
	size_t services, instances;
};

/* The lines that waited for syslog or a file of log_type. In load_log.c. */
void load_log_other(struct state_loader *loader, struct state_section *section);

/* One service, whose sections stand from here to there: its sockets, then what runs of it; nothing is started. In
 * load_service.c. */
void load_service(struct state_loader *loader, struct service_runtime *runtime, struct state_section *from,
		  struct state_section *behind);

/* All sections were read: the runtime goes on by itself from here. */
void load_go_on(struct service_runtime *runtime);

/* Makes a runtime for a service that no table has any more; NULL: out of memory. In load_removed.c. */
struct service_runtime *load_removed(struct state_loader *loader, struct state_section *section);
