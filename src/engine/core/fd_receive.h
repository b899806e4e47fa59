/* A message with descriptors that a process beside superd receives (exec/worker/receive_async): from the look at it
 * until the end of that process, which may never come. While its answer is awaited nothing else is to be read at that
 * socket. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "engine/core/engine.h"
#include "exec/worker/receive_async.h"

struct fd_receive {
	struct list link;               /* in engine->receptions */
	struct child child;
	struct engine *engine;
	char *service;                  /* whose it is: what hangs is counted there, also when that is gone; owned */
	ev_io report;                   /* its answer; -1: it came */
	ev_timer limit;                 /* how long that may take */
	/* The answer, once; NULL: there is none, and the message may still be there. Frees nothing. */
	void (*received)(struct fd_receive *receive, struct received *received);
	void (*ended)(struct fd_receive *receive); /* the process; the last call, and frees it */
	bool forgotten;
};

/* Receives the message that stands first at this socket. received and ended are set. false, with errno: no process
 * can be started for it. */
bool fd_receive_start(struct fd_receive *receive, struct engine *engine, int socket, enum receive_purpose purpose);

/* Nobody is to be told anything any more but that the process has ended. */
void fd_receive_forget(struct fd_receive *receive);

/* superd ends: nobody waits for the processes any more. Calls ended for each. */
void fd_receive_end_all(struct engine *engine);
