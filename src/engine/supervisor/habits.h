/* The behaviour of inetd or xinetd, if superd was called by that name: their signals, and xinetd's check of its own
 * state. All zero for superd itself. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/reload/reload.h"

struct habits {
	bool alarm_retries;             /* SIGALRM: services in a pause, as for a socket that could not be opened, try again now */
	bool usr2_reloads;              /* SIGUSR2: as SIGHUP */
	bool abort_inspects;            /* SIGABRT: see engine/supervisor/inspect */
	bool tells_life;                /* logs xinetd's lines, which log watchers know, beside superd's own */
	const char *dump_file;          /* SIGUSR1: the state also goes to this file, of /run; NULL: into the log alone */
	double inspect_interval;        /* seconds; 0: never by itself */
	ev_timer inspection;
	struct engine *engine;
	const struct roster *roster;
	struct table *const *table;     /* the present table */
};

/* Called once the loop is there. roster and table are the supervisor's. */
void habits_begin(struct habits *habits, struct engine *engine, const struct roster *roster,
		  struct table *const *table);

/* Whether these habits handle a signal that superd itself does not; else it is not watched. */
bool habits_want(const struct habits *habits, int signal);

/* Acts on the signal, if it has a meaning here. Returns the signal that superd itself has to act on; 0: none. */
int habits_obey(struct habits *habits, int signal);

/* If tells_life is set: log xinetd's lines. program: name and version; parts: features it was built with; counts
 * NULL: the reload failed. */
void habits_say_started(const struct habits *habits, const char *program, const char *const *parts);
void habits_say_reading(const struct habits *habits);
void habits_say_reloaded(const struct habits *habits, const struct reload_counts *counts);
void habits_say_end(const struct habits *habits);
