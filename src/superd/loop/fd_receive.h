/* A message with descriptors that a process beside superd receives (superd/worker/receive_async), because receiving or
 * closing them may hang. The struct lives until that process ends, which may be never; its owner frees it in ended.
 * Until the answer has come, superd must not read at that socket. */
#pragma once

#include <stdbool.h>

#include "superd/loop/engine.h"
#include "superd/loop/worker_wait.h"
#include "superd/worker/receive_async.h"

struct fd_receive {
	struct list link;               /* in engine->receptions */
	struct child child;
	struct worker_wait worker;      /* for the answer; without a channel: it has come */
	struct engine *engine;
	char *service;                  /* name of the service for which hanging descriptors count; owned */
	/* Called once with the answer; NULL: there is none, and the message may still be in the queue. Must free
	 * nothing. */
	void (*received)(struct fd_receive *receive, struct received *received);
	void (*ended)(struct fd_receive *receive); /* the process has ended; the last call, which frees the struct */
	bool forgotten;                 /* true: received is not called any more */
};

/* Starts to receive the first message in the queue of this socket. The caller has set service, received and ended.
 * false, with errno: the process could not be started. */
bool fd_receive_start(struct fd_receive *receive, struct engine *engine, int socket, enum receive_purpose purpose);

/* Stops the call of received; ended is still called. */
void fd_receive_forget(struct fd_receive *receive);

/* Called when superd exits: calls ended for each without waiting for the processes. */
void fd_receive_end_all(struct engine *engine);
