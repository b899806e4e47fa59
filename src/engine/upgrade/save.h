/* Writes the state for the program that takes superd's place: a ledger (base/state_stream), and the
 * descriptors that are named in it, which alone go over. engine/upgrade/load reads it.
 *
 * The ledger's sections: engine, table and file (cli/superd/load), log and log_other (lines that wait), command, minute
 * and denied (sightings), released (outputs), withdrawal, group (empty ones), lock, operator and said
 * (control/session_transfer), and for each service in its order service, and behind it listener, parked, activity,
 * latency, failure, idle, twins, twin, output, store, opening, refresh, notify, instance, notice, course, search,
 * drain, and control (commands that run) behind what it is of, whose service or instance is the last before them. Times
 * are those of the monotonic clock, which goes on; what is left of a timer is seconds.
 *
 * Of two versions: a section or key that the reader does not know is left out, with a warning, and its descriptors are
 * closed; one that the writer did not know is as if there were nothing of it. So a change may add, and whatever would
 * be wrong to leave out, or is meant otherwise than before, is a new STATE_STREAM_FORMAT, which an older superd refuses
 * when it is asked, and a newer one may still read. */
#pragma once

#include <sys/types.h>

#include "engine/core/child_table.h"
#include "engine/serialize/state_save.h"

struct engine;
struct service_runtime;
struct table;

/* What goes over beside the engine and its services. */
struct save_source {
	int pid_file;                   /* descriptor of the caller, which goes over; -1: none */
	const struct child *command;    /* the main command; pid 0: none runs */
	const pid_t *command_group;
	const int *exit_status;         /* superd's own */
	const int *control;             /* descriptor of the control socket; -1: none */
	/* Writes the clients of the control socket; NULL: there is no control socket. */
	void (*save_operators)(void *operators, struct state_saver *saver);
	void *operators;
	/* The same of the table and whatever is to be known of its files. NULL: it is not written. */
	void (*save_table)(void *context, const struct table *table, struct state_saver *saver);
	void *table_context;
};

/* All of it. quiet_since: when the first client had to wait for the change. false: out of memory. save_free in
 * any case. */
bool save_write(struct state_saver *saver, struct engine *engine, const struct save_source *source,
		double quiet_since);

/* For its parts. */
void save_log(struct state_saver *saver, struct engine *engine); /* save_log.c */
void save_service(struct state_saver *saver, struct service_runtime *runtime); /* save_service.c */
void save_instances(struct state_saver *saver, struct service_runtime *runtime); /* save_instance.c */
