/* Restores the options of listeners in another process (superd/worker/restore_async), which takes one after the other.
 * superd watches none of them meanwhile, and gives none away. The same process lets the address of a socket be shared,
 * while an instance has it, and shuts sockets down (restore_task.work). */
#pragma once

#include <stdbool.h>

#include "os/socket/bind.h"
#include "superd/loop/engine.h"
#include "table/service/service.h"

/* Called with the outcome for a listener: 0, or an errno. ETIMEDOUT: a process that has the socket blocks it. EAGAIN
 * and the like: no process could be started. */
typedef void restore_done(void *context, struct engine *engine, const char *service, int error);

/* Begins to restore a socket. The objects of the task, service and context are borrowed until `done` is called. false:
 * no process could be started. While too many processes hang at sockets of the service, none is asked: ETIMEDOUT. */
bool restore_begin(struct engine *engine, const struct restore_task *task, const char *service, restore_done *done,
		   void *context);

/* Shuts the socket down for all its holders (RESTORE_SHUT or RESTORE_SHUT_EMPTY), if it is one of two TCP listeners at an
 * address. The other has room for another one from then on. RESTORE_SHUT is for where the kernel moves its clients to
 * the other (reuseport_migrates). done NULL: nobody waits for that. false: `done` does not follow, and where the socket is
 * not shut down now (bind_is_shut), that is impossible for a while. */
bool restore_shut(struct engine *engine, const struct restore_task *task, const char *service, restore_done *done,
		  void *context);

bool restore_is_asked(const struct engine *engine, int fd);     /* whether `done` follows */

/* Drops the request: `done` is not called any more. The process may still be at it, and have the socket. */
void restore_drop(struct engine *engine, int fd);

/* The same, and ends a process that is at it, so that nothing is done to the socket unless that hangs already. */
void restore_call_off(struct engine *engine, int fd);

/* For an address that is in use: waits for a moment until the process has closed its copy of a socket that was dropped.
 * true: it has. */
bool restore_wait(struct engine *engine);

/* The socket gets other settings and maybe another service. */
void restore_adopt(struct engine *engine, int fd, const struct listen *listen, const char *service);

void restore_free(struct engine *engine);
