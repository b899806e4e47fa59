/* The output of backends: one pipe for each service, shared by its instances, whose lines go to the log or syslog.
 * superd has the writing end too, so the pipe never ends. superd reads it as fast as it fills, and the log drops lines
 * that it cannot take, so a slow reader of the log never blocks a backend. If another user writes to a pipe, another
 * process reads it (exec/worker/output_reader), as that may hang. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/list.h"
#include "config/service/service.h"
#include "engine/core/engine.h"
#include "engine/serialize/state_field.h"
#include "exec/worker/output_reader.h"

struct output {
	struct list link;               /* in engine->log_files->released, once released */
	ev_io io;                       /* the reading end, or the reader's text */
	struct output_reading reading;  /* the reader; pipe -1: superd reads by itself */
	ev_timer look;                  /* active until the reader has begun */
	unsigned looks;                 /* looks at a reader that has not begun */
	bool hangs;                     /* the last wait for the reader was in vain */
	double patience;                /* seconds that superd may still wait for the reader */
	double patience_at;             /* loop time of that figure */
	int write_end;                  /* for children; -1: not open */
	bool to_syslog;
	struct engine *engine;
	const char *service;            /* name in the log, by its row; once released: `name` */
	unsigned facility, level;       /* syslog(3)'s numbers */
	bool has_prefixes;              /* <N> at the start of a line is its level */
	unsigned said;                  /* lines logged in this turn */
	char last_line[160];            /* beginning of the last line; "": none since start_kit_forget_line */
	int64_t burst;                  /* lines logged in an interval; 0: no limit */
	double interval;                /* seconds */
	double since;                   /* loop time when the interval began */
	int64_t lines;                  /* lines that came in the interval */
	unsigned long suppressed;       /* lines not logged, since the last report of them */
	ev_timer quiet;                 /* active while lines are suppressed */
	char *name;                     /* copy of the name, once released; NULL: not released */
	pid_t pid;                      /* pid of the only instance; 0: several, or unknown */
	char *line;                     /* unfinished line, length bytes; NULL: none */
	size_t length;
};

#define OUTPUT_LINE 2048

/* Over an upgrade: an output of a service, and one that was released. */
extern const struct field_table output_state, released_state;

/* NULL and errno: no pipe or no memory. */
struct output *output_open(struct engine *engine, const struct service *service, bool to_syslog);
/* One that the reader writes to superd's own standard output or error, as a descriptor: superd hears nothing of it. */
struct output *output_open_inherited(struct engine *engine, const struct service *service, int number);
/* Whether that descriptor is of a kind that a backend of this service, where it shared it, could hold superd up by. */
bool output_is_needed(const struct service *service, int number);
/* Resume an output of another superd by the ends it had; the second one for an output that was released under this
 * name. Own the ends, except with NULL: out of memory. */
struct output_ends {
	int read;
	int write;                      /* -1: it was released */
	int pipe;                       /* the pipe that a reader reads, which writes to `read`; -1: no reader */
};
struct output *output_resume(struct engine *engine, const struct service *service, bool to_syslog,
			     const struct output_ends *ends);
struct output *output_resume_released(struct engine *engine, const char *name, const struct output_ends *ends);

/* false: the service has another user now, and needs another output. */
bool output_suits(const struct output *output, const struct service *service);
void output_name(struct output *output, const struct service *service);        /* takes the settings of this row */
void output_close(struct output *output);       /* logs what is left; accepts NULL */

/* The service does not need it for now. superd reads a process that an instance left behind to its end, then the output
 * closes by itself. Accepts NULL. */
void output_release(struct output *output);

/* Reads what is there now. Called before the end of an instance is logged, so that its last lines come first. */
void output_drain(struct output *output, bool last);    /* last: also logs an unfinished line; accepts NULL */
