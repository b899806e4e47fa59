/* Restores the options of listeners in another process (exec/worker/restore_async); they are watched meanwhile. A
 * caller that needs one, as a start does, waits for its outcome, which is mostly there already. */
#pragma once

#include <stdbool.h>

#include "config/service/service.h"
#include "engine/core/engine.h"

/* Called with the outcome for a listener: errno, or 0. ETIMEDOUT: a process keeps it from being used. EAGAIN and the
 * like: no process could be started. */
typedef void restore_done(void *context, struct engine *engine, const char *service, int error);

/* Begins with the socket fd of a row. The row, service and context are borrowed until the outcome. false: no process
 * could be started. */
bool restore_begin(struct engine *engine, int fd, const struct listen *listen, const char *service, restore_done *done,
		   void *context);

/* Waits for the outcome of a socket that was begun with: up to FOREIGN_TIMEOUT if it hangs, and a moment for
 * another that hangs. */
void restore_finish(struct engine *engine, int fd);

/* The socket is closed: done is not called any more. */
void restore_cancel(struct engine *engine, int fd);

/* The socket goes on under another row. */
void restore_adopt(struct engine *engine, int fd, const struct listen *listen, const char *service);

/* New rows come that the process does not know: ends it. The loop goes on with the sockets that were begun, by another
 * process. */
void restore_end(struct engine *engine);

void restore_free(struct engine *engine);
