/* A message with descriptors that a process beside superd receives (superd/process/receive_async), because receiving or
 * closing them may hang. Until the answer has come, superd must not read at that socket. Embedded in its user. */
#pragma once

#include <stdbool.h>

#include "superd/loop/engine.h"
#include "superd/loop/worker_wait.h"
#include "superd/process/receive_async.h"

struct fd_receive {
	struct worker_wait worker;      /* for the answer */
	/* Name of the service that is charged with processes and descriptors that hang, borrowed; NULL: none is. These
	 * processes and its other workers are counted apart: who may send it messages keeps nobody from looking at it. */
	const char *service;
	/* Called once with the answer; NULL: there is none, and the message may still be in the queue. It takes or drops
	 * the descriptors, and may free the struct. */
	void (*received)(struct fd_receive *receive, struct received *received);
};

/* Starts to receive the first message in the queue of this socket. The caller has set service and received. false, with
 * errno: the process could not be started; EBUSY: too many hang for the service. */
bool fd_receive_start(struct fd_receive *receive, struct engine *engine, int socket, enum receive_purpose purpose);

bool fd_receive_hangs(const char *service);     /* whether no further one is started for it */

/* Closes the descriptors that are not taken (-1). */
void fd_receive_drop(struct engine *engine, const char *service, struct received *received);

void fd_receive_end(struct fd_receive *receive);        /* the answer is wanted no more */
