/* Whether a backend without clients works: by its processor time since its last client left (idle_cpu), or by the
 * answer of a command (idle_unless). Then superd neither stops nor freezes it, and checks again after another
 * idle_timeout. Embedded in struct idle. */
#pragma once

#include <stdbool.h>

#include "superd/instance/aux_command.h"

struct busy {
	struct service_runtime *runtime;
	struct aux_command command;     /* idle_unless */
	double sampled;                 /* loop time when cpu was read; 0: never */
	double cpu;                     /* processor time of the instance at that time, in seconds; below 0: unknown */
	double until;                   /* loop time of the next look; 0: it was not busy at the last one */
	bool failure_is_logged;         /* true: superd logged that idle_unless does not answer */
	char why[160];                  /* "idle_cpu: 12 % of a processor"; "": it was not busy */
};

/* answered: the end of the command. */
void busy_init(struct busy *busy, struct service_runtime *runtime,
	       void (*answered)(struct aux_command *command, enum result result, int status));

/* Called while no client is connected since this loop time: reads the processor time, once. */
void busy_begin(struct busy *busy, double since);

/* Whether it works by idle_cpu; `until` and `why` are set then. timeout: seconds of idle_timeout. */
bool busy_by_cpu(struct busy *busy, double timeout);

/* Starts idle_unless; answered follows. false: the option is not set. */
bool busy_ask(struct busy *busy);

/* The same as busy_by_cpu, by the end of the command. */
bool busy_by_answer(struct busy *busy, double timeout, enum result result, int status);

void busy_forget(struct busy *busy);    /* a client is there */
void busy_free(struct busy *busy);      /* kills the command */
