/* Datagrams of a redirect. A client's datagrams are a flow: they go to the target through a socket of their own, and
 * what comes back by it goes to that client. A flow ends after a time without datagrams (redirect_timeout). */
#pragma once

#include <stdint.h>

#include "builtin/builtin.h"
#include "builtin/loop_watch.h"
#include "builtin/target.h"

#define FLOWS_MOST 1024                 /* a new client then takes a place of the source that has most */

struct flows;

/* target and settings must outlive it. NULL: out of memory. */
struct flows *flows_new(const struct settings *settings, const struct redirect_target *target, int epoll);
void flows_end(struct flows *flows);    /* closes all; their memory stays until flows_expire, as events may name them */
void flows_free(struct flows *flows);

/* Passes datagrams on that wait at a listener, a bounded number of them. */
void flows_send(struct flows *flows, struct loop_watch *listener, int64_t now);

/* Passes back the datagrams that have arrived for a flow. watch: the flow's. */
void flows_receive(struct flows *flows, struct loop_watch *watch, int64_t now);

/* To be called after each turn of the loop: ends flows that were silent for too long, and sends first datagrams again
 * that no server has got yet. Returns the milliseconds until something is due; -1: nothing. */
int64_t flows_expire(struct flows *flows, int64_t now);

size_t flows_count(const struct flows *flows);
