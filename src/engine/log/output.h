/* What backends print: a pipe a service, read by line into the log or syslog. Instances of a service share it.
 * superd holds the writing end too, so it never ends; it is read as fast as it fills and lines the log can't take
 * are dropped there, so a backend is never blocked by a slow reader of the log. A pipe that another user writes to is
 * read by a process beside superd (exec/worker/output_reader), as reading it may hang. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/list.h"
#include "config/option/service.h"
#include "engine/core/engine.h"
#include "exec/worker/output_reader.h"

struct output {
	struct list link;               /* in the engine's, once released */
	ev_io io;                       /* the reading end, or what the reader passes on */
	struct output_reading reading;  /* by the reader; its pipe is -1: superd reads by itself */
	ev_timer look;                  /* runs until the reader has taken it */
	unsigned looks;                 /* in vain */
	bool hangs;                     /* nothing has come of what the pipe holds since it was last waited for */
	double patience;                /* seconds that may yet be waited for the reader */
	double patience_at;             /* as of this time */
	int write_end;                  /* for children; -1: not open */
	bool to_syslog;
	struct engine *engine;
	const char *service;            /* its name in the log, as its row has it; a copy once released */
	unsigned facility, level;       /* by syslog(3)'s numbers */
	bool has_prefixes;              /* <N> in front of a line is its level */
	unsigned said;                  /* lines that this turn has logged */
	char last_line[160];            /* the beginning of the last one; "": none since it was cleared */
	int64_t burst;                  /* lines in an interval that are logged; 0: all of them */
	double interval;                /* seconds */
	double since;                   /* when the interval began */
	int64_t lines;                  /* that came in it */
	unsigned long suppressed;       /* of them, not logged and not told of yet */
	ev_timer quiet;                 /* runs while lines are suppressed */
	char *name;                     /* that copy; NULL before */
	pid_t pid;                      /* of the only instance; 0: there are several */
	char *line;                     /* what came without a newline yet, length bytes; NULL: nothing */
	size_t length;
};

#define OUTPUT_LINE 2048

/* NULL and errno when no pipe or memory can be had. */
struct output *output_open(struct engine *engine, const struct service *service, bool to_syslog);
/* One that the reader writes to superd's own standard output or error, as a descriptor: superd hears nothing of it. */
struct output *output_open_inherited(struct engine *engine, const struct service *service, int number);
/* Whether that descriptor is of a kind that a backend of this service, where it shared it, could hold superd up by. */
bool output_is_needed(const struct service *service, int number);
/* One that another superd opened, by the ends it had, of which one was released under this name. Takes them over unless it
 * is NULL: out of memory. */
struct output_ends {
	int read;
	int write;                      /* -1: it was released */
	int pipe;                       /* that a reader reads, which passes it on to `read`; -1: none */
};
struct output *output_resume(struct engine *engine, const struct service *service, bool to_syslog,
			     const struct output_ends *ends);
struct output *output_resume_released(struct engine *engine, const char *name, const struct output_ends *ends);

/* false: the service is another user's now, and is to have another one. */
bool output_suits(const struct output *output, const struct service *service);
void output_name(struct output *output, const struct service *service);        /* goes on under this row */
void output_close(struct output *output);       /* says what is left; accepts NULL */

/* The service needs it no more for now. Whoever still writes (a process that an instance left behind) is read to
 * its end, then it closes by itself. Accepts NULL. */
void output_release(struct output *output);

/* Reads what is there now: before the end of an instance is logged, so that its last words come first. */
void output_drain(struct output *output, bool last);    /* last: an unfinished line is finished; accepts NULL */
