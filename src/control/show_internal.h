/* Parts of what is told of a service, for control/show: each adds its fields to an object. */
#pragma once

#include "control/show.h"
#include "os/cgroup/resource_usage.h"

void show_locks(const struct service_view *view, struct buf *out);
void show_state(const struct service_view *view, struct buf *out);              /* service, state, held, … */
void show_listeners(const struct service_view *view, bool whole, struct buf *out);
void show_instances(const struct service_view *view, struct buf *out);
void show_past(const struct service_view *view, struct buf *out);               /* last_activation, last_exit, pause */
void show_failures(const struct service_view *view, struct buf *out);           /* the last ones, the youngest first */
void show_counts(const struct service_view *view, struct buf *out);
void show_usage(struct resource_usage usage, struct buf *out);
void show_refused(const struct service_view *view, struct buf *out);
void show_latency(const struct service_view *view, struct buf *out);
void show_spent(const struct service_view *view, struct buf *out);      /* seconds in each state, and of processor time */
void show_idle(const struct service_view *view, bool now, struct buf *out);       /* now: counted for it, if it can be */

/* All of its instances together; so many of them are looked at. */
struct resource_usage usage_of_keeper(struct service_runtime *runtime);
