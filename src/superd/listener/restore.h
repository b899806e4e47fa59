/* Restores the options of listeners in another process (superd/worker/restore_async), while superd watches the
 * listeners. That begins a moment after the last instance has ended, so that a client that comes at once does not wait
 * for it: its instance gets the socket as one gets it whose client waited already. Afterwards a start waits for the
 * outcome, which is mostly there already. A socket with rules of access is restored at once. The same process lets the
 * address of a socket be shared, while an instance has it (restore_task.sharing). */
#pragma once

#include <stdbool.h>

#include "os/socket/bind.h"
#include "superd/loop/engine.h"
#include "table/service/service.h"

/* Called with the outcome for a listener: 0, or an errno. ETIMEDOUT: a process that has the socket blocks it. EAGAIN
 * and the like: no process could be started. */
typedef void restore_done(void *context, struct engine *engine, const char *service, int error);

/* Begins to restore a socket. The objects of the task, service and context are borrowed until `done` is called. false:
 * no process could be started. */
bool restore_begin(struct engine *engine, const struct restore_task *task, const char *service, restore_done *done,
		   void *context);

bool restore_has_begun(struct engine *engine, int fd);

/* Drops the request if restoring has not begun; `done` is not called. false: it has. */
bool restore_withdraw(struct engine *engine, int fd);

void restore_hurry(struct engine *engine, int fd);      /* begins now, or as soon as the process is idle */

/* Waits until `done` was called for this socket: up to FOREIGN_TIMEOUT if the socket hangs, and a moment more if
 * another one hangs. */
void restore_finish(struct engine *engine, int fd);

/* Drops the request: `done` is not called any more. The process may still be at it. */
void restore_drop(struct engine *engine, int fd);

/* The same for a socket that closes. Waits for a moment until the process has closed its copy, if it has one: then the
 * address can be bound again. */
void restore_cancel(struct engine *engine, int fd);

/* The socket gets other settings and maybe another service. */
void restore_adopt(struct engine *engine, int fd, const struct listen *listen, const char *service);

/* Ends the process, as it does not know settings that come now, once it has no socket open, or after a moment. Another
 * process restores the sockets that are left. */
void restore_end(struct engine *engine);

void restore_free(struct engine *engine);
