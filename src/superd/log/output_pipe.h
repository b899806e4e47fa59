/* The output of backends: one pipe for each service, shared by its instances, whose lines go to the log or syslog.
 * superd has the writing end too, so the pipe never ends. superd reads it as fast as it fills, and the log drops lines
 * that it cannot take, so a slow reader of the log never blocks a backend. If another user writes to a pipe, another
 * process reads it (superd/process/output_reader), as that may hang.
 *
 * Owner: struct start_kit, until output_release; then engine->log_files, until the last writer has closed the pipe. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "lib/list.h"
#include "superd/loop/engine.h"
#include "superd/saved/state_field.h"
#include "superd/process/output_reader.h"
#include "table/service/service.h"

/* The wait for a line that contains a text. Embedded in its owner, who sets `text` and `came`, and takes it out of the
 * list to end it. */
struct line_wait {
	struct list link;               /* in output->line_waits; empty: nothing is waited for */
	const char *text;               /* borrowed */
	ev_timer *came;                 /* called once by the loop, with EV_CUSTOM; it is never started */
};

struct output {
	struct {                        /* saved */
		ev_io io;               /* watches the reading end, or the reader's text; fd -1: neither */
		int write_end;          /* descriptor for children; -1: not open */
		bool to_syslog;         /* lines go to syslog; else to superd's own log */
		unsigned facility, level; /* syslog(3)'s numbers */
		bool has_prefixes;      /* <N> at the start of a line is its level */
		pid_t pid;              /* pid of the only instance; 0: several, or unknown */
		char *line;             /* unfinished line, length bytes; NULL: none */
	};
	struct list link;               /* in engine->log_files->released, once released */
	struct output_reading reading;  /* the reader process; pipe -1: superd reads by itself */
	ev_timer reader_timer;          /* active until the reader has begun */
	unsigned reader_looks;          /* checks of a reader that has not begun, in a row */
	bool reader_hangs;              /* the last wait for the reader was in vain */
	double wait_left;               /* seconds that superd may still wait for the reader */
	double wait_left_at;            /* clock_now() when that was computed */
	struct engine *engine;
	const char *service;            /* name in the log, borrowed from the service; once released: `name` */
	unsigned turn_lines;            /* lines logged in this turn */
	char last_line[160];            /* beginning of the last line, or of one shortly before that names an error; "": none
					 * since start_kit_forget_line */
	unsigned lines_after;           /* lines since that one */
	int64_t burst;                  /* lines logged in an interval; 0: no limit */
	double interval;                /* seconds */
	double interval_begin;          /* clock_now() when the interval began */
	int64_t interval_lines;         /* lines printed in the interval, logged or not */
	unsigned long suppressed;       /* lines not logged, since the last report of them */
	char *name;                     /* copy of the name, once released; NULL: not released */
	struct list line_waits;         /* waits for a line of this output */
	size_t length;                  /* bytes of line */
};

#define OUTPUT_LINE 2048                /* bytes of a line; a longer one is cut into several */

/* Over an upgrade: an output of a service, and one that was released. */
extern const struct field_table output_state, released_state;

/* Opens the output of a service. NULL and errno: no pipe or no memory. */
struct output *output_open(struct engine *engine, const struct service *service, bool to_syslog);

/* Opens an output that the reader copies to descriptor `number`, superd's own standard output or error. superd does
 * not see its lines. NULL and errno, as above. */
struct output *output_open_inherited(struct engine *engine, const struct service *service, int number);
/* Whether superd's descriptor `number` is of a kind that a backend of this service could block superd with, if it had
 * it. */
bool output_is_needed(const struct service *service, int number);

/* The descriptors of an output, as another superd had them. */
struct output_ends {
	int read;                       /* reading end of the pipe, or of the reader's text */
	int write;                      /* writing end of the pipe; -1: the output was released */
	int pipe;                       /* reading end that the reader has; -1: no reader */
};

/* Resume an output of another superd, or one that it had released under this name. They own the ends. NULL: out of
 * memory, and the ends stay the caller's. */
struct output *output_resume(struct engine *engine, const struct service *service, bool to_syslog,
			     const struct output_ends *ends);
struct output *output_resume_released(struct engine *engine, const char *name, const struct output_ends *ends);

/* Begins to wait for a line that is read from now on. The wait ends with the output, too. */
void output_await(struct output *output, struct line_wait *wait);

/* false: the service has another user now, and needs another output. */
bool output_suits(const struct output *output, const struct service *service);
void output_name(struct output *output, const struct service *service);        /* takes the settings of this service */
void output_close(struct output *output);       /* logs the rest; accepts NULL */
void output_end_all(struct engine *engine);     /* superd ends: logs the rest of all released ones, and closes them */

/* The service does not need the output now. Processes that an instance left behind may still write: superd reads on,
 * and frees the output when the last of them has closed it. Accepts NULL. */
void output_release(struct output *output);

/* Reads and logs the available output. Called before the end of an instance is logged, so that its last lines come
 * first. */
void output_drain(struct output *output, bool last);    /* last: also logs an unfinished line; accepts NULL */
