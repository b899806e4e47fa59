/* Finds out when a backend serves that does not report it by sd_notify(3): by a line of its output (the option
 * `ready`), or by a command that superd runs again and again until it succeeds (exec_ready). Until then the instance is
 * STARTED, as one with type = notify, under timeout_start. */
#pragma once

#include <stdbool.h>

#include "superd/instance/instance.h"

struct service_runtime;

/* Begins to read its output. Call it before the main process is started; for other services it does nothing. false: out
 * of memory. */
bool ready_expect(struct instance *instance, struct service_runtime *runtime);

/* Called when its program runs: starts to run the command. */
void ready_begin(struct instance *instance);

/* Over an upgrade: kills the command that runs, which is run again later; begins the wait of a start that came over. */
void ready_set_aside(struct instance *instance);
void ready_load(struct instance *instance);

/* Appends the event that the instance waits for; nothing if it waits for none. */
void ready_describe(const struct instance *instance, struct buf *out);

/* Its program has ended: reads what it has printed last, so that the end is judged behind its line. */
void ready_take_last(struct instance *instance);

void ready_end(struct instance *instance);      /* accepts an instance that does not wait */
