/* Restores the options of listeners in another process (superd/process/restore_async), which takes one after the other.
 * superd watches none of them meanwhile, and gives none away. The same process sets what a reload has changed, and lets the
 * address of a socket be shared, while an instance has it, and shuts sockets down (restore_task.work). */
#pragma once

#include <stdbool.h>

#include "os/socket/bind.h"
#include "superd/loop/engine.h"

struct restore_outcome {
	int fd;
	const char *service;
	int error;                      /* 0, or an errno. ETIMEDOUT: a process that has the socket blocks it. EAGAIN and the
					   like: no process could be started */
	int client;                     /* of RESTORE_ACCEPT: the hearer's; -1: none has come */
	const char *lines;              /* of RESTORE_CHANGE: why it has failed, and options that cannot be set */
};

typedef void restore_done(void *context, struct engine *engine, const struct restore_outcome *outcome);

/* Begins to restore a socket. Service and context are borrowed until `done` is called. What is asked for one socket is
 * done in this order. false: no process could be started. While too many processes hang at sockets of the service, none
 * is asked: ETIMEDOUT. */
bool restore_begin(struct engine *engine, const struct restore_task *task, const char *service, restore_done *done,
		   void *context);

/* Shuts the socket down for all its holders (RESTORE_SHUT or RESTORE_SHUT_EMPTY), if it is one of two TCP listeners at an
 * address. The other has room for another one from then on. RESTORE_SHUT is for where the kernel moves its clients to
 * the other (reuseport_migrates). done NULL: nobody waits for that. false: `done` does not follow, and where the socket is
 * not shut down now (bind_is_shut), that is impossible for a while. */
bool restore_shut(struct engine *engine, const struct restore_task *task, const char *service, restore_done *done,
		  void *context);

bool restore_is_asked(const struct engine *engine, int fd);     /* whether `done` follows */
bool restore_is_accepting(const struct engine *engine);         /* whether a client may be lost that was accepted */

/* Drops all requests: `done` is not called any more. The process may still be at it, and have the socket. */
void restore_drop(struct engine *engine, int fd);
void restore_recall(struct engine *engine, int fd);     /* all but RESTORE_CHANGE, RESTORE_DROP, RESTORE_ACCEPT */

/* The same, and ends a process that is at it, so that nothing is done to the socket unless that hangs already. */
void restore_call_off(struct engine *engine, int fd);

/* For an address that is in use: waits for a moment until the process has closed its copy of a socket that was dropped.
 * true: it has. */
bool restore_wait(struct engine *engine);

/* The socket's service is another row, or another one. */
void restore_adopt(struct engine *engine, int fd, const char *service, void *context);

void restore_free(struct engine *engine);
