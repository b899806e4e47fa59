/* Takes over from the superd before, which was upgraded or has died: applies its state stream (superd/reload/save) to the
 * table that is in it. Each service keeps its state, sockets, clients and instances. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/loop/child_table.h"
#include "superd/saved/state_stream.h"
#include "table/services/table.h"

struct engine;

/* Whether everything in the stream has its place in its table, as this superd reads it. false: why gets the reason. */
bool load_fits(struct state_stream *stream, const struct table *table, struct buf *why);

/* Values that superd needs before it has an engine. load_pid_file returns a descriptor; -1: none. */
int load_pid_file(struct state_stream *stream);
const char *load_program(struct state_stream *stream); /* path that an upgrade takes the program from; NULL: unknown */
bool load_is_ours(struct state_stream *stream);
/* The table that ran, as superd.conf; NULL: none came over. */
const char *load_previous_table(struct state_stream *stream);
bool load_had_kept(struct state_stream *stream); /* a service runs by a former row, as its new one has errors */
const char *load_version(struct state_stream *stream); /* version of the superd that wrote it */

/* State that the caller of load_all takes over. */
struct load_result {
	int exit_status;                /* exit status of superd itself */
	int control;                    /* descriptor of the control socket; -1: none */
	struct child command;           /* main command: `pid` and `born`; 0: none runs */
	pid_t command_group;            /* its process group */
	bool command_is_due;            /* it was not started yet; else it has ended, if none runs */
};

/* The progress of a load. The caller sets the first three. */
struct state_loader {
	struct engine *engine;
	struct state_stream *stream;
	struct load_result *result;
	const char *version;            /* version of the superd that wrote it */
	double quiet_since;             /* loop time since when clients have had to wait; 0: unknown */
	size_t services, instances;
};

/* Builds the services from the stream, in place of service_list_build, and starts nothing yet. false: out of memory for
 * the service list itself. Other losses are logged. */
bool load_all(struct state_loader *loader, struct table *table);

/* Lets the services go on, once the caller has taken over the result: the state may be saved from here on. */
void load_begin(struct state_loader *loader);
