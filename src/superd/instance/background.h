/* Processes that a program has left in the background: its main process has ended well, and superd's adopted children
 * still have the listeners, as a daemon's without type = forking. superd does not end them by itself, as they may
 * serve clients, but names them, and ends them when the service is stopped. service_run->background is NULL while
 * there are none. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/saved/state_field.h"

struct service_runtime;

/* Called when the main process has ended well by itself: looks for such processes. Those that are still there a
 * moment later are logged. */
void background_look(struct service_runtime *runtime);

/* pass = bind: whether they serve the clients, so that clients start nothing. Another program may have left a process
 * that has a listener and takes no client from it. */
bool background_serves(const struct service_runtime *runtime);

/* Returns the first of them that lives; 0: none. Forgets those that have ended. */
pid_t background_pid(const struct service_runtime *runtime);

/* Adds "its program went into the background: pid 12 still has tcp:80; …". false: none is there that was logged. */
bool background_describe(const struct service_runtime *runtime, struct buf *out);

/* Ends them: kill_signal, and after timeout_stop SIGKILL, as kill_mode allows. The service gets TIMER afterwards. */
void background_end(struct service_runtime *runtime);
bool background_is_ending(const struct service_runtime *runtime);

/* For an upgrade, in the section of struct service_run. */
void background_save(struct state_saver *saver, const void *run);
void background_load(struct state_section *section, void *run);

void background_free(struct service_runtime *runtime);  /* accepts a service without them */
