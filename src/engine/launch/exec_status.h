/* Reads the report of a start apart (exec/spawn/spawn.h): that its program runs, or at which stage it failed. superd
 * does not wait for it. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "exec/child/child.h"

struct exec_status {
	ev_io io;                       /* fd -1: none is under way */
	struct ev_loop *loop;
	void (*told)(struct exec_status *apart, const struct fault *fault); /* fault NULL: the program runs. The last call */
};

void exec_status_init(struct exec_status *apart, struct ev_loop *loop,
		      void (*told)(struct exec_status *apart, const struct fault *fault));
void exec_status_watch(struct exec_status *apart, int report); /* owns launch->report from now on */

static inline bool exec_status_is_under_way(const struct exec_status *apart)
{
	return apart->io.fd >= 0;
}

/* Reports now what is in the pipe. has_ended: its process has ended, so nothing more comes, though another process that
 * was made beside it may still keep the pipe open. */
void exec_status_settle(struct exec_status *apart, bool has_ended);

void exec_status_forget(struct exec_status *apart); /* told is not called any more */
