/* Writes the state for the next program: a stream of sections (superd/saved/state_stream), and the descriptors that are
 * named in it. Only these descriptors stay open. superd/reload/load reads the stream.
 *
 * Sections: engine, table, file, lookup, system_call_filter and left_out (superd/main/load), command, denied (addresses),
 * released (outputs), withdrawal (rpcbind), group (control groups), removal, lock, stored (descriptors in a service
 * manager's store), filter (of bind(2)). Then, for each service in the order of the table: service, and behind it
 * listener, parked, activity (struct service_run), latency, thaw_latency, failure, socket_rate, idle, spent (times),
 * twins and twin (standby sockets), output, store, opening (socket commands), refresh (service reload), notify,
 * instance, bind_calls, bind_use, notice (notify state), outdated, course (exec sequence), search (forking), drain, and
 * control (a command that runs) behind its owner. superd/reload/saved_state adds noted and promised: starts and clients
 * that the page of the guard knows. engine_sections[] and service_sections[] are the whole
 * list. A part of an instance belongs to the last instance before it. Times are those of
 * CLOCK_MONOTONIC, which goes on; that of a timer is when it is due.
 *
 * Versions: the reader leaves out a section or key that it does not know, warns, and closes its descriptors. A
 * section or key that the writer did not know counts as empty. So a change may add sections and keys. A change of a
 * meaning, or a key that must not be left out, needs a new STATE_STREAM_FORMAT, which the probe of another superd refuses. */
#pragma once

#include <sys/types.h>

#include "superd/loop/child_table.h"
#include "superd/saved/state_stream.h"

struct engine;
struct service_list;
struct service_runtime;
struct table;

/* State of superd beside the engine and its services. Borrowed; the supervisor fills it in. */
struct save_source {
	const char *program;            /* path that an upgrade takes the program from; NULL: unknown */
	int pid_file;                   /* descriptor of the pid file; -1: none */
	const struct child *command;    /* the main command; pid 0: none runs */
	const pid_t *command_group;
	const bool *command_is_due;     /* the main command was not started yet */
	const int *exit_status;         /* exit status of superd itself */
	const int *control;             /* descriptor of the control socket; -1: none */
	/* Writes the table and facts about its files; NULL: they are not written. */
	void (*save_table)(void *context, const struct service_list *service_list, struct state_saver *saver);
	void *table_context;
	double quiet_since;             /* loop time since when clients have had to wait for an upgrade; 0: they have not */
};

/* Writes all state. false: out of memory. The caller calls save_free in any case. */
bool save_write(struct state_saver *saver, struct engine *engine, const struct save_source *source);

/* The parts of save_write. */
void save_engine_state(struct state_saver *saver, struct engine *engine, const struct save_source *source);
void save_service(struct state_saver *saver, struct service_runtime *runtime);
