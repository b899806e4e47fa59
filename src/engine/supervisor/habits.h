/* What superd does as the program would by whose name it was called: inetd's and xinetd's signals, and xinetd's looking
 * over its own state. All zero for superd itself. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/reload/reload.h"

struct habits {
	bool alarm_retries;             /* SIGALRM: what pauses, as for a socket that could not be had, tries again now */
	bool usr2_reloads;              /* SIGUSR2: as SIGHUP */
	bool abort_inspects;            /* SIGABRT: see engine/supervisor/inspect */
	bool tells_life;                /* in xinetd's words, which log watchers know, beside superd's own */
	const char *dump_file;          /* SIGUSR1: the state also goes to this file, of /run; NULL: into the log alone */
	double inspect_interval;        /* seconds; 0: never by itself */
	ev_timer inspection;
	struct engine *engine;
	const struct roster *roster;
	struct table *const *table;     /* the one that runs now */
};

/* Once the loop is there. What is looked over is the supervisor's. */
void habits_begin(struct habits *habits, struct engine *engine, const struct roster *roster,
		  struct table *const *table);

/* Whether a signal that superd itself does not handle is one of them: not watched otherwise. */
bool habits_want(const struct habits *habits, int signal);

/* Does what the signal means, if it means anything here. Gives the signal that superd itself is to act on; 0: that was
 * all. */
int habits_obey(struct habits *habits, int signal);

/* Where tells_life: the lines of xinetd's life. The version and what it was built with; NULL: the reload failed. */
void habits_say_started(const struct habits *habits, const char *program, const char *const *parts);
void habits_say_reading(const struct habits *habits);
void habits_say_reloaded(const struct habits *habits, const struct reload_counts *counts);
void habits_say_end(const struct habits *habits);
