/* Listeners that are being put back as their rows say (exec/worker/restore_aside), beside the loop: they are watched meanwhile. Who
 * needs one, as a start does, waits for its outcome, which is mostly there already. */
#pragma once

#include <stdbool.h>

#include "config/option/service.h"
#include "engine/core/engine.h"

/* Called when a listener has its outcome: errno, or 0. ETIMEDOUT: somebody keeps it from being used. EAGAIN and the like: no
 * process is to be had. */
typedef void restore_done(void *context, struct engine *engine, const char *service, int error);

/* Begins with the socket fd of a row. The row, service and context are borrowed until the outcome. false: there is no
 * process to be had. */
bool restore_begin(struct engine *engine, int fd, const struct listen *listen, const char *service, restore_done *done,
		   void *context);

/* Waits until that socket has its outcome, where it was begun with: FOREIGN_PATIENCE where it hangs, and a moment for
 * another that does. */
void restore_finish(struct engine *engine, int fd);

/* It is closed, and nobody wants to know. */
void restore_cancel(struct engine *engine, int fd);

/* It goes on under another row. */
void restore_adopt(struct engine *engine, int fd, const struct listen *listen, const char *service);

/* Rows come that the process does not know: ends it. Those that were begun with go on with another one, from the loop. */
void restore_end(struct engine *engine);

void restore_free(struct engine *engine);
