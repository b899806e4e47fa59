/* The behaviour of inetd or xinetd, if superd was called by that name: their signals and log lines, and xinetd's
 * consistency check. All zero for superd itself. The caller sets the members before `inspection`. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "superd/reload/reload.h"

struct persona {
	bool alarm_retries;             /* SIGALRM: services in a pause, as for a socket that could not be opened, try again now */
	bool usr2_reloads;              /* SIGUSR2: reloads, as SIGHUP does */
	bool abort_checks;              /* SIGABRT: runs superd/supervisor/self_check */
	bool logs_xinetd_lines;         /* logs xinetd's lines, which log watchers know, beside superd's own */
	const char *dump_file;          /* SIGUSR1: the state also goes to this file, of /run; NULL: into the log alone */
	double inspect_interval;        /* seconds between two self checks; 0: none */
	ev_timer inspection;
	struct engine *engine;
	const struct service_list *service_list;
	struct table *const *table;     /* place of the present table */
};

/* Called when the loop exists. service_list and table are those of the supervisor, and outlive this. */
void persona_begin(struct persona *persona, struct engine *engine, const struct service_list *service_list,
		   struct table *const *table);

/* Whether this persona handles a signal that superd itself does not; else superd does not watch it. */
bool persona_handles(const struct persona *persona, int signal);

/* Handles a signal of this persona. Returns the signal that superd itself must handle; 0: none. */
int persona_handle(struct persona *persona, int signal);

/* If logs_xinetd_lines is set: log xinetd's lines. program: name and version; parts: features it was built with; counts
 * NULL: the reload failed. */
void persona_log_started(const struct persona *persona, const char *program, const char *const *parts);
void persona_log_reading(const struct persona *persona);
void persona_log_reloaded(const struct persona *persona, const struct reload_counts *counts);
void persona_log_end(const struct persona *persona);
