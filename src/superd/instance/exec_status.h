/* Reads the report of an asynchronous start (spawn_request.plan->apart, superd/start/spawn.h): its program runs, or the
 * start failed at a stage. superd does not wait for the report. Embedded in its owner. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "exec/child/child.h"

struct exec_status {
	ev_io io;                       /* watches the report's pipe; fd -1: no start is under way */
	struct ev_loop *loop;
	void (*told)(struct exec_status *status, const struct fault *fault); /* fault NULL: the program runs. The last call */
};

void exec_status_init(struct exec_status *status, struct ev_loop *loop,
		      void (*told)(struct exec_status *status, const struct fault *fault));
void exec_status_watch(struct exec_status *status, int report); /* owns report, the pipe of spawn_request */

static inline bool exec_status_is_under_way(const struct exec_status *status)
{
	return status->io.fd >= 0;
}

/* Reads the report now, if it has come. has_ended: the process has ended, so no report will come, though a process
 * that was forked at the same time may keep the pipe open. */
void exec_status_settle(struct exec_status *status, bool has_ended);

void exec_status_forget(struct exec_status *status); /* closes the pipe; `told` is not called any more */
