/* Restores the options of listeners in another process (exec/worker/restore_async), while superd watches the
 * listeners. A start waits for the outcome, which is mostly there already. */
#pragma once

#include <stdbool.h>

#include "config/service/service.h"
#include "engine/core/engine.h"

/* Called with the outcome for a listener: 0, or an errno. ETIMEDOUT: a process that has the socket blocks it. EAGAIN
 * and the like: no process could be started. */
typedef void restore_done(void *context, struct engine *engine, const char *service, int error);

/* Begins to restore the socket fd with these settings. listen, service and context are borrowed until `done` is
 * called. false: no process could be started. */
bool restore_begin(struct engine *engine, int fd, const struct listen *listen, const char *service, restore_done *done,
		   void *context);

/* Waits until `done` was called for this socket: up to FOREIGN_TIMEOUT if the socket hangs, and a moment more if
 * another one hangs. */
void restore_finish(struct engine *engine, int fd);

/* The socket closes: `done` is not called any more. */
void restore_cancel(struct engine *engine, int fd);

/* The socket gets other settings and maybe another service. */
void restore_adopt(struct engine *engine, int fd, const struct listen *listen, const char *service);

/* Ends the process, as it does not know settings that come now. Another process restores the sockets that are left. */
void restore_end(struct engine *engine);

void restore_free(struct engine *engine);
