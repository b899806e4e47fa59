/* What backends print: a pipe a service, read by line into the log or syslog. Instances of a service share it.
 * superd holds the writing end too, so it never ends; it is read as fast as it fills and lines the log can't take
 * are dropped there, so a backend is never blocked by a slow reader of the log. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/list.h"
#include "engine/engine.h"

struct output {
	struct list link;               /* in the engine's, once released */
	ev_io io;                       /* the reading end */
	int write_end;                  /* for children; -1: not open */
	bool to_syslog;
	struct engine *engine;
	const char *service;            /* its name, as its row has it; a copy once released */
	char *name;                     /* that copy; NULL before */
	pid_t pid;                      /* of the only instance; 0: there are several */
	char *line;                     /* what came without a newline yet, length bytes; NULL: nothing */
	size_t length;
};

#define OUTPUT_LINE 2048

/* NULL and errno when no pipe or memory can be had. */
struct output *output_open(struct engine *engine, const char *service, bool to_syslog);
void output_close(struct output *output);       /* says what is left; accepts NULL */

/* The service needs it no more for now. Whoever still writes (a process that an instance left behind) is read to
 * its end, then it closes by itself. Accepts NULL. */
void output_release(struct output *output);

/* Reads what is there now: before the end of an instance is logged, so that its last words come first. */
void output_drain(struct output *output, bool last);    /* last: an unfinished line is finished; accepts NULL */
