/* Reads the report of a start apart (exec/spawn/spawn.h): that its program runs, or at which stage it failed. superd
 * does not wait for it. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "exec/child/child.h"

struct apart {
	ev_io io;                       /* fd -1: none is under way */
	struct ev_loop *loop;
	void (*told)(struct apart *apart, const struct fault *fault);   /* fault NULL: the program runs. The last call */
};

void apart_init(struct apart *apart, struct ev_loop *loop, void (*told)(struct apart *apart, const struct fault *fault));
void apart_watch(struct apart *apart, int report);      /* owns launch->report from now on */

static inline bool apart_is_under_way(const struct apart *apart)
{
	return apart->io.fd >= 0;
}

/* Reports now what is in the pipe. has_ended: its process has ended, so nothing more comes, though another process that
 * was made beside it may still keep the pipe open. */
void apart_settle(struct apart *apart, bool has_ended);

void apart_forget(struct apart *apart);         /* told is not called any more */
