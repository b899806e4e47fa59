/* Waits for what a worker process has to say (superd/start/worker_process), no longer than its time limit. Embedded in
 * its user. */
#pragma once

#include "superd/loop/fd_watch.h"
#include "superd/start/worker_process.h"

struct worker_wait {
	struct worker_process process;  /* channel -1: there is none */
	struct watch watch;             /* of its channel */
	struct alarm limit;             /* the user may set it anew when the process has made progress */
	/* The channel is readable: the user hears what there is; late: the time is over. To be done with the process,
	 * which may hang, the user ends the wait. */
	void (*news)(struct worker_wait *wait, bool late);
};

void worker_wait_init(struct worker_wait *wait, struct engine *engine,
		      void (*news)(struct worker_wait *wait, bool late));

/* Takes over a process that works for this service, and ends the one before. false, with errno: it could not be
 * started; if too many that were ended for the service hang, that is logged, once until one of them has ended. */
bool worker_wait_begin(struct worker_wait *wait, struct worker_process process, const char *service, double seconds);

void worker_wait_end(struct worker_wait *wait); /* kills the process, if there is one; may be called again */
