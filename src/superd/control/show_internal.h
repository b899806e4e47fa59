/* Parts of superd/control/show: each adds fields about a service to a JSON object. */
#pragma once

#include "os/cgroup/resource_usage.h"
#include "superd/control/show.h"

void show_locks(const struct service_view *view, struct buf *out);
void show_state(const struct service_view *view, struct buf *out);      /* service, state, since, held, … */
void show_name(const struct service_view *view, struct buf *out);       /* service and state alone */
void show_listeners(const struct service_view *view, struct buf *out);
void show_endpoints(const struct service_view *view, struct buf *out);  /* listeners without name, open, queue_limit */
void show_instances(const struct service_view *view, struct buf *out);
void show_instance_count(const struct service_view *view, struct buf *out);
void show_warm_programs(const struct service_view *view, struct buf *out); /* those that wait for a client */
void show_background(const struct service_runtime *runtime, struct buf *out); /* processes that its program has left */
void show_circumstances(const struct service_view *view, struct buf *out); /* what keeps it in its state */
void show_past(const struct service_view *view, struct buf *out);       /* last_activation, last_exit */
void show_pause(const struct service_view *view, struct buf *out);      /* until superd tries again; null: no pause */
void show_failures(const struct service_view *view, struct buf *out);   /* the last failures, the newest first */
void show_counts(const struct service_view *view, struct buf *out);
void show_usage(struct resource_usage usage, struct buf *out);
void show_refused(const struct service_view *view, struct buf *out);
void show_latency(const struct service_view *view, struct buf *out);
void show_relay(const struct service_view *view, struct buf *out);     /* the traffic of its relays, now and in all */
void show_spent(const struct service_view *view, struct buf *out);      /* seconds in each state, and of processor time */
void show_idle(const struct service_view *view, struct buf *out);

/* Sums memory and processor time over at most USAGE_MOST instances. */
struct resource_usage usage_of_service(struct service_runtime *runtime);
